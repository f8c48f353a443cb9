import { type AssembledFeed, assembleConsole, assembleEncoder } from "../bridge/assemble.ts";
import type { CollectorConfig, Config } from "../config/schema.ts";
import { USER_AGENT } from "../version.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { viewMessage } from "./message-view.ts";
import { pick } from "./pick.ts";
import { paint, useColour } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";
import { readUsable } from "./usable.ts";

export interface PreviewOptions {
  readonly console?: string;
  readonly feed?: string;
  readonly limit: number;
  readonly collector?: string;
}

/** `s1bridge preview`: the newest records, oldest first, as messages on standard output. Opens no spool, sends nothing. */
export async function preview(file: string, options: PreviewOptions): Promise<ExitCode> {
  const loaded = readUsable(file);
  const encoder = assembleEncoder(pickCollector(loaded.config, options.collector));
  const consoles = pick("console", loaded.config.consoles, ({ name }) => name, options.console);
  const brush = paint(useColour(process.stdout));
  let printed = 0;
  for (const entry of consoles) {
    const { client, feeds } = assembleConsole(entry, USER_AGENT);
    try {
      for (const { feed } of pick("feed", feeds, ({ feed: { key } }: AssembledFeed) => key.feed, options.feed)) {
        for (const event of await feed.readNewest(options.limit, AbortSignal.timeout(120_000))) {
          process.stdout.write(`${viewMessage(encoder, event, brush)}\n`);
          printed += 1;
        }
      }
    } finally {
      await client.close();
    }
  }
  process.stderr.write(`${printed} messages; nothing was sent and nothing was stored\n`);
  return EXIT.done;
}

function pickCollector({ collectors }: Config, name: string | undefined): CollectorConfig {
  const [collector] = pick("collector", collectors, (entry) => entry.name, name);
  if (collector === undefined) throw new UsageError("there is no collector");
  return collector;
}
