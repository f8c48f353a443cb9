import { createInterface } from "node:readline/promises";
import type { FeedKey } from "../bridge/ports.ts";
import { readConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { formatTime, microsFromMs } from "../event/time.ts";
import { moveCheckpoints } from "../spool/checkpoints.ts";
import { SpoolInspector } from "../spool/inspect.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { feedWithTimes, timeOf, timeText } from "./spool.ts";
import { formatTable, plainText } from "./table.ts";
import { paint, useColour } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** `s1bridge state show`: where each feed resumes. Also while the daemon runs. */
export function show(file: string, json: boolean): ExitCode {
  using spool = new SpoolInspector(readConfig(file).config.spool.directory);
  const { feeds, heldBy } = spool.overview();
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ heldBy, feeds: feeds.map((feed) => feedWithTimes(feed)) }, undefined, 2)}\n`,
    );
    return EXIT.done;
  }
  const { bold } = paint(useColour(process.stdout));
  const rows = feeds.map(({ console, feed, checkpoint, floor, waiting }) => [
    plainText(console),
    feed,
    timeText(checkpoint),
    timeText(floor),
    String(waiting),
  ]);
  const head = ["CONSOLE", "FEED", "CHECKPOINT", "FLOOR", "WAITING"];
  process.stdout.write(formatTable([head, ...rows], { head: bold }));
  return EXIT.done;
}

export interface ChangeOptions {
  readonly console?: string;
  readonly feed?: string;
  readonly all?: boolean;
  readonly to?: string;
  readonly yes?: boolean;
}

/** `s1bridge state set`: a feed reads from this time on, and forwards it, again if it was forwarded before. */
export async function set(file: string, options: ChangeOptions): Promise<ExitCode> {
  const { config } = readConfig(file);
  const to = timeOf("--to", options.to ?? "");
  if (to > microsFromMs(Date.now())) throw new UsageError(`--to: ${formatTime(to)} is in the future`);
  const keys = chosen(config, options, false);
  const question = `${names(keys)}: read from ${formatTime(to)} on; what is later is forwarded again, what is earlier and not yet read is not`;
  if (!(await isConfirmed(question, options.yes === true))) return EXIT.failed;
  moveCheckpoints(config.spool.directory, keys, to);
  process.stdout.write(`${names(keys)}: the next start reads from ${formatTime(to)} on\n`);
  return EXIT.done;
}

/** `s1bridge state reset`: a feed begins at `start` again, as if it had never been read. */
export async function reset(file: string, options: ChangeOptions): Promise<ExitCode> {
  const { config } = readConfig(file);
  const keys = chosen(config, options, true);
  const question = `${names(keys)}: forget the checkpoint, and begin at \`start\` of the configuration`;
  if (!(await isConfirmed(question, options.yes === true))) return EXIT.failed;
  moveCheckpoints(config.spool.directory, keys, undefined);
  process.stdout.write(`${names(keys)}: the next start begins at \`start\`\n`);
  return EXIT.done;
}

/** Feeds that are configured or that the spool knows: those of a console that was removed can be reset as well. */
function chosen(config: Config, { console, feed, all = false }: ChangeOptions, canBeAll: boolean): FeedKey[] {
  if (canBeAll && !all && console === undefined && feed === undefined)
    throw new UsageError("name a console and a feed with --console and --feed, or all of them with --all");
  if (!canBeAll && feed === undefined) throw new UsageError("name the feed with --feed");
  const known = knownFeeds(config);
  const keys = known.filter((key) => key.console === (console ?? key.console) && key.feed === (feed ?? key.feed));
  if (keys.length === 0) throw new UsageError(`no such feed; there are: ${names(known)}`);
  if (!canBeAll && keys.length > 1) throw new UsageError(`--console: which of ${names(keys)}?`);
  return keys;
}

function knownFeeds(config: Config): FeedKey[] {
  const configured = config.consoles.flatMap(({ name, feeds }) =>
    Object.entries(feeds)
      .filter(([, feed]) => feed !== undefined)
      .map(([feed]) => ({ console: name, feed: feed as FeedKey["feed"] })),
  );
  using spool = new SpoolInspector(config.spool.directory);
  const stored = spool.overview().feeds.map(({ console, feed }) => ({ console, feed }));
  const isNew = (key: FeedKey): boolean => !stored.some((one) => one.console === key.console && one.feed === key.feed);
  return [...stored, ...configured.filter((key) => isNew(key))];
}

function names(keys: readonly FeedKey[]): string {
  return keys.map(({ console, feed }) => plainText(`${console}/${feed}`)).join(", ");
}

/** A person is asked; a script has to say `--yes`. */
async function isConfirmed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new UsageError(`${question}: nothing was changed; say --yes to do it`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question}? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
