import { once } from "node:events";
import { parseTime } from "../event/time.ts";
import type { Micros } from "../event/time.ts";
import { formatTime } from "../event/time.ts";
import { readConfig } from "../config/load.ts";
import { checkSpool } from "../spool/check-spool.ts";
import { readDeadLetters } from "../spool/dead-letters.ts";
import { type FeedOverview, SpoolInspector, type SpoolOverview, eventsOf } from "../spool/inspect.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { formatTable, plainText } from "./table.ts";
import { paint, useColour } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** `s1bridge spool ls|check|export`: the disk queue from outside, also while the daemon runs. Nothing is changed. */
export function list(file: string, json: boolean): ExitCode {
  using spool = new SpoolInspector(readConfig(file).config.spool.directory);
  const overview = spool.overview();
  process.stdout.write(json ? `${JSON.stringify(withTimes(overview), undefined, 2)}\n` : tables(overview));
  return EXIT.done;
}

export function check(file: string, json: boolean): ExitCode {
  using spool = new SpoolInspector(readConfig(file).config.spool.directory);
  const { problems, notes, blocks, events } = checkSpool(spool);
  const ok = problems.length === 0;
  if (json) process.stdout.write(`${JSON.stringify({ ok, problems, notes, blocks, events }, undefined, 2)}\n`);
  else {
    const { green, yellow, red } = paint(useColour(process.stdout));
    for (const text of problems) process.stdout.write(`${red("problem")} ${plainText(text)}\n`);
    for (const text of notes) process.stdout.write(`${yellow("note")} ${plainText(text)}\n`);
    const verdict = ok ? green("ok") : red(`${problems.length} ${problems.length === 1 ? "problem" : "problems"}`);
    process.stdout.write(`${verdict} ${spool.directory}: ${blocks} blocks with ${events} events can be read\n`);
  }
  return ok ? EXIT.done : EXIT.failed;
}

export interface ExportOptions {
  readonly what: "waiting" | "damaged" | "dead-letters";
  readonly console?: string;
  readonly feed?: string;
  readonly collector?: string;
  readonly from?: string;
  readonly to?: string;
}

/** One record a line; never more than one block in memory. */
export async function exportRecords(file: string, options: ExportOptions): Promise<ExitCode> {
  using spool = new SpoolInspector(readConfig(file).config.spool.directory);
  const filter = new Filter(options);
  try {
    switch (options.what) {
      case "waiting":
        await exportWaiting(spool, filter, firstPosition(spool, options.collector));
        break;
      case "damaged":
        for (const { body, ...block } of spool.blocks("damaged")) {
          if (filter.isWanted(block)) await write({ ...block, zstd: Buffer.from(body).toString("base64") });
        }
        break;
      case "dead-letters":
        for await (const { time, ...letter } of readDeadLetters(spool.directory)) {
          if (filter.isWanted(letter) && filter.isInRange(time)) await write(letter);
        }
    }
  } catch (error) {
    // Whoever reads has seen enough: `… | head`.
    if ((error as { code?: unknown }).code !== "EPIPE") throw error;
  }
  return EXIT.done;
}

async function exportWaiting(spool: SpoolInspector, filter: Filter, first: number): Promise<void> {
  for (const block of spool.blocks("blocks", first)) {
    if (!filter.isWanted(block)) continue;
    const events = eventsOf(block);
    if (events === undefined) {
      process.stderr.write(
        `s1bridge: the block at position ${block.position} can not be unpacked: ${block.count} events\n`,
      );
      continue;
    }
    for (const [at, { console, feed, change, id, key, time, record }] of events.entries()) {
      const position = block.position + at;
      if (position < first || !filter.isInRange(time)) continue;
      await write({ position, console, feed, change, id, key, time: formatTime(time), record });
    }
  }
}

function firstPosition(spool: SpoolInspector, collector: string | undefined): number {
  if (collector === undefined) return 0;
  const { collectors } = spool.overview();
  const found = collectors.find(({ name }) => name === collector);
  if (found !== undefined) return found.position;
  const names = collectors.map(({ name }) => name).join(", ");
  throw new UsageError(`no collector ${collector} in the spool; it knows: ${names === "" ? "none" : names}`);
}

class Filter {
  readonly #options: ExportOptions;
  readonly #from: number;
  readonly #to: number;

  constructor(options: ExportOptions) {
    this.#options = options;
    this.#from = options.from === undefined ? -Infinity : timeOf("--from", options.from);
    this.#to = options.to === undefined ? Infinity : timeOf("--to", options.to);
  }

  isWanted({ console, feed }: { readonly console: string; readonly feed: string }): boolean {
    const { console: wantedConsole = console, feed: wantedFeed = feed } = this.#options;
    return console === wantedConsole && feed === wantedFeed;
  }

  /** The end is not part of the range. */
  isInRange(time: number): boolean {
    return time >= this.#from && time < this.#to;
  }
}

export function timeOf(option: string, text: string): Micros {
  const time = parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (time === undefined) throw new UsageError(`${option}: expected a time such as 2026-01-31T12:00:00Z, got ${text}`);
  return time;
}

/** Waits for the reader: what it has not taken stays on the disk. */
async function write(value: object): Promise<void> {
  if (process.stdout.write(`${JSON.stringify(value)}\n`)) return;
  await once(process.stdout, "drain");
}

function withTimes(overview: SpoolOverview): object {
  return { ...overview, feeds: overview.feeds.map((feed) => feedWithTimes(feed)) };
}

export function feedWithTimes(feed: FeedOverview): object {
  const time = (value: number | null): string | null => (value === null ? null : formatTime(value as Micros));
  const { checkpoint, floor, oldest, newest } = feed;
  return { ...feed, checkpoint: time(checkpoint), floor: time(floor), oldest: time(oldest), newest: time(newest) };
}

export function timeText(value: number | null): string {
  return value === null ? "-" : formatTime(value as Micros);
}

function tables({
  feeds,
  collectors,
  directory,
  format,
  heldBy,
  bytes,
  fileBytes,
  damaged,
  ...rest
}: SpoolOverview): string {
  const { bold } = paint(useColour(process.stdout));
  const feedRows = feeds.map(({ console, feed, checkpoint, waiting, oldest, newest }) => [
    plainText(console),
    feed,
    timeText(checkpoint),
    String(waiting),
    timeText(oldest),
    timeText(newest),
  ]);
  const collectorRows = collectors.map(({ name, position, waiting }) => [name, String(position), String(waiting)]);
  return [
    `${directory}: format ${format}, ${mebibytes(bytes)} used, ${mebibytes(fileBytes)} on disk, end ${rest.end}, ${heldBy === null ? "not open" : `open in ${heldBy}`}\n`,
    formatTable([["CONSOLE", "FEED", "CHECKPOINT", "WAITING", "OLDEST", "NEWEST"], ...feedRows], { head: bold }),
    formatTable([["COLLECTOR", "POSITION", "WAITING"], ...collectorRows], { head: bold }),
    `damaged blocks: ${damaged.blocks} (${damaged.events} events), damaged files: ${damaged.files.length}, dead letters: ${rest.deadLetters} (${rest.droppedLetters} older ones deleted), reserve: ${rest.reserve ? "yes" : "no"}\n`,
  ].join("\n");
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
