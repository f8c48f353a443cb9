import type { BackfillLine } from "../bridge/backfill.ts";
import type { Bridge } from "../bridge/bridge.ts";
import type { JobOrder } from "../bridge/ports.ts";
import type { Config } from "../config/schema.ts";
import type { FeedName } from "../event/event.ts";
import { formatTime } from "../event/time.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { ordered } from "./ordered.ts";
import { pick } from "./pick.ts";
import { ProgressLine, bar, timeLeft } from "./progress.ts";
import { timeOf } from "./spool.ts";
import { interrupted } from "./stop.ts";
import { plainText } from "./table.ts";
import { UsageError } from "./usage-error.ts";
import { readUsable } from "./usable.ts";

export interface BackfillOptions {
  readonly feed: string;
  readonly from: string;
  readonly to: string;
  readonly console?: string;
  readonly collector?: string;
  readonly resend?: boolean;
  readonly json?: boolean;
}

/** `s1bridge backfill`: forwards a stretch of a feed's past, beside the live events. Given again, it goes on. */
export async function backfill(file: string, options: BackfillOptions): Promise<ExitCode> {
  const { config } = readUsable(file);
  const orders = ordersOf(config, options);
  using stop = interrupted();
  let code: ExitCode = EXIT.done;
  for (const order of orders) {
    const view = new BackfillView(`${order.console}/${order.feed}`, options.json === true);
    const run = (bridge: Bridge, own: JobOrder, signal: AbortSignal): AsyncIterable<BackfillLine> =>
      bridge.backfill(own, signal);
    try {
      for await (const line of ordered(config, { name: "backfill", order, run }, stop.signal)) view.show(line);
    } finally {
      view.clear();
    }
    if (view.isUnconfirmed) code = EXIT.failed;
  }
  return code;
}

/** One for each console that has the feed. */
function ordersOf(config: Config, options: BackfillOptions): readonly JobOrder[] {
  const [from, until] = [timeOf("--from", options.from), timeOf("--to", options.to)];
  if (from >= until) throw new UsageError("--to must be later than --from");
  pick("collector", config.collectors, ({ name }) => name, options.collector);
  const consoles = pick("console", config.consoles, ({ name }) => name, options.console);
  const having = consoles.filter(({ feeds }) => feeds[options.feed as FeedName] !== undefined);
  if (having.length === 0) {
    const names = [...new Set(consoles.flatMap(({ feeds }) => Object.keys(feeds)))].join(", ");
    throw new UsageError(`--feed: no console has the feed ${options.feed}; there is ${names}`);
  }
  const { collector, resend = false } = options;
  return having.map(({ name }) => ({
    console: name,
    feed: options.feed as FeedName,
    from,
    until,
    ...(collector === undefined ? {} : { collector }),
    resend,
  }));
}

class BackfillView {
  readonly #name: string;
  readonly #isJson: boolean;
  readonly #progress = new ProgressLine();
  #beganMs = performance.now();
  #beganAt: number | undefined;
  isUnconfirmed = false;

  constructor(name: string, isJson: boolean) {
    this.#name = plainText(name);
    this.#isJson = isJson;
  }

  show(line: BackfillLine): void {
    if (line.kind === "end") this.isUnconfirmed = line.unconfirmedBy.length > 0;
    if (this.#isJson) process.stdout.write(`${JSON.stringify(withTimes(line))}\n`);
    else this.#tell(line);
  }

  clear(): void {
    this.#progress.clear();
  }

  #tell(line: BackfillLine): void {
    switch (line.kind) {
      case "begin": {
        const where = line.resumedAt === undefined ? "" : `, goes on at ${formatTime(line.resumedAt)}`;
        const total = line.total === undefined ? "" : `: ${line.total} records`;
        this.#say(`${this.#name}: ${formatTime(line.from)} to ${formatTime(line.until)}${total}${where}`);
        return;
      }
      case "progress":
        this.#count(line);
        return;
      case "waiting":
        this.#say(`${this.#name}: ${plainText(line.error)}; again in ${Math.ceil(line.retryInMs / 1000)} s`);
        return;
      case "end": {
        this.#progress.clear();
        const had = line.read - line.added;
        process.stdout.write(
          `${this.#name}: ${line.read} read, ${line.added} sent, ${had} were sent before or are excluded\n`,
        );
        if (this.isUnconfirmed)
          this.#say(`not confirmed yet by ${plainText(line.unconfirmedBy.join(", "))}: it waits in the spool`);
      }
    }
  }

  #count({ read, added, reached, total }: BackfillLine & { kind: "progress" }): void {
    this.#beganAt ??= read;
    const took = performance.now() - this.#beganMs;
    const done = read - this.#beganAt;
    const left = total === undefined ? "" : timeLeft(done, total - this.#beganAt, took);
    const rate = took > 0 ? Math.round((done / took) * 1000) : 0;
    this.#progress.show(
      `${bar(read, total)} ${this.#name} ${formatTime(reached).slice(0, 19)} ${read} read, ${added} sent, ${rate}/s ${left}`,
    );
  }

  #say(text: string): void {
    this.#progress.clear();
    process.stderr.write(`${text}\n`);
  }
}

function withTimes(line: BackfillLine): object {
  switch (line.kind) {
    case "begin": {
      const { from, until, resumedAt } = line;
      const resumed = resumedAt === undefined ? {} : { resumedAt: formatTime(resumedAt) };
      return { ...line, from: formatTime(from), until: formatTime(until), ...resumed };
    }
    case "progress":
      return { ...line, reached: formatTime(line.reached) };
    case "waiting":
    case "end":
      return line;
  }
}
