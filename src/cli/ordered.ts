import { Bridge, type Observer } from "../bridge/bridge.ts";
import { runBridge } from "../bridge/run.ts";
import type { Config } from "../config/schema.ts";
import { askBridge } from "../control/client.ts";
import { describeError } from "../lib/errors.ts";
import { linkedTo } from "../lib/signals.ts";
import { USER_AGENT } from "../version.ts";
import { createStop } from "./stop.ts";
import { plainText } from "./table.ts";

/** What a bridge can be ordered to do. */
type Operation<Order, Line> = (bridge: Bridge, order: Order, signal: AbortSignal) => AsyncIterable<Line>;

/** Has an order done by the bridge that runs, or else by this process, which delivers until it is done and polls nothing. */
export async function* ordered<Order extends object, Line extends object>(
  config: Config,
  { name, order, run }: { readonly name: string; readonly order: Order; readonly run: Operation<Order, Line> },
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const running = await askBridge(config.spool.directory, name, order, signal);
  if (running === undefined) yield* alone(config, (bridge, ownSignal) => run(bridge, order, ownSignal), signal);
  else yield* running as AsyncIterable<Line>;
}

async function* alone<Line>(
  config: Config,
  work: (bridge: Bridge, signal: AbortSignal) => AsyncIterable<Line>,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const stop = createStop();
  const bridge = await Bridge.open(config, { userAgent: USER_AGENT, stop, observer: new FaultTeller(), polls: false });
  using linked = linkedTo(signal);
  const deliveries = runBridge([bridge.reports], () => undefined);
  // A delivery that gives up ends the work, and is told at its end.
  deliveries.catch((error: unknown) => linked.abort(error));
  try {
    yield* work(bridge, linked.signal);
  } finally {
    stop.request();
    await deliveries.catch(() => undefined);
    stop.dispose();
    await bridge.close();
  }
}

/** Says once of each collector that it can not be reached. */
class FaultTeller implements Observer {
  readonly #told = new Set<string>();

  deliveryFault({ collector, error }: Parameters<Observer["deliveryFault"]>[0]): void {
    this.#tell(collector, error);
  }

  feedFault({ key, error }: Parameters<Observer["feedFault"]>[0]): void {
    this.#tell(`${key.console}/${key.feed}`, error);
  }

  request(): void {
    // A command tells no metrics.
  }

  certificate(): void {
    // `check --online` tells of them.
  }

  #tell(name: string, error: unknown): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    process.stderr.write(`s1bridge: ${plainText(name)}: ${plainText(describeError(error))}\n`);
  }
}
