import { type AssembledFeed, assembleConsole, assembleLedger } from "../bridge/assemble.ts";
import { type AuditLine, type AuditOrder, audit } from "../bridge/audit.ts";
import type { Bridge } from "../bridge/bridge.ts";
import type { Config } from "../config/schema.ts";
import { askBridge } from "../control/client.ts";
import { USER_AGENT } from "../version.ts";
import type { ExitCode } from "./exit.ts";
import { ordered } from "./ordered.ts";
import { pick } from "./pick.ts";
import { timeOf } from "./spool.ts";
import { interrupted } from "./stop.ts";
import { UsageError } from "./usage-error.ts";
import { readUsable } from "./usable.ts";
import { VerifyView } from "./verify-view.ts";

export interface VerifyCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly console?: string;
  readonly feed?: string;
  readonly collector?: string;
  readonly ids?: boolean;
  readonly repair?: boolean;
  readonly json?: boolean;
}

/** `s1bridge verify`: what the consoles show against what the collectors have confirmed; 3 when they differ. */
export async function verify(file: string, options: VerifyCommandOptions): Promise<ExitCode> {
  const { config } = readUsable(file);
  const order = orderOf(config, options);
  const view = new VerifyView(options.json === true);
  using stop = interrupted();
  try {
    for await (const line of auditLines(config, order, stop.signal)) view.show(line);
  } finally {
    view.clear();
  }
  return view.end();
}

function orderOf(config: Config, { collector, ...options }: VerifyCommandOptions): AuditOrder {
  const [from, until] = [timeOf("--from", options.from), timeOf("--to", options.to)];
  if (from >= until) throw new UsageError("--to must be later than --from");
  pick("console", config.consoles, ({ name }) => name, options.console);
  pick("collector", config.collectors, ({ name }) => name, collector);
  const { ids: byIds = false, repair = false, console, feed } = options;
  return { from, until, byIds, repair, console, feed, collector };
}

/** A bridge that runs shares its limit of requests; what changes the spool is done by whoever has it. */
async function* auditLines(config: Config, order: AuditOrder, signal: AbortSignal): AsyncGenerator<AuditLine> {
  const run = (bridge: Bridge, own: AuditOrder, ownSignal: AbortSignal): AsyncIterable<AuditLine> =>
    bridge.audit(own, ownSignal);
  if (order.repair) {
    yield* ordered(config, { name: "verify", order, run }, signal);
    return;
  }
  const running = await askBridge(config.spool.directory, "verify", order, signal);
  yield* running === undefined ? auditAlone(config, order, signal) : (running as AsyncIterable<AuditLine>);
}

/** By this process, which only reads. */
async function* auditAlone(config: Config, order: AuditOrder, signal: AbortSignal): AsyncGenerator<AuditLine> {
  const consoles = config.consoles.map((entry) => assembleConsole(entry, USER_AGENT));
  try {
    const feeds = consoles.flatMap((console) =>
      console.feeds.map(({ feed, config: { every: everyMs } }: AssembledFeed) => ({ feed, everyMs })),
    );
    yield* audit({ feeds, ledger: assembleLedger(config, order.collector) }, order, signal);
  } finally {
    await Promise.all(consoles.map(({ client }) => client.close()));
  }
}
