import type { AuditLine } from "../bridge/audit.ts";
import type { FeedKey } from "../bridge/ports.ts";
import { type HourReport, MANY_RECORDS } from "../bridge/verify.ts";
import { formatTime } from "../event/time.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { ProgressLine, bar, timeLeft } from "./progress.ts";
import { formatTable, plainText } from "./table.ts";
import { paint, useColour } from "./terminal.ts";

interface Sum extends FeedKey {
  hours: number;
  /** Hours that were not looked up record by record, and what they have. */
  hoursByCount: number;
  shownByCount: number;
  shown: number;
  confirmed: number;
  waiting: number;
  missing: number;
  unknown: number;
  gone: number;
}

/** What `verify` shows: the hours that are not complete, and a sum for each feed. With `--json` each line as it comes. */
export class VerifyView {
  readonly #isJson: boolean;
  readonly #progress = new ProgressLine();
  readonly #startedMs = performance.now();
  readonly #sums = new Map<string, Sum>();
  readonly #gaps: HourReport[] = [];
  #hours = 0;
  #done = 0;
  #failed = 0;
  #repaired = 0;

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  show(line: AuditLine): void {
    if (this.#isJson) process.stdout.write(`${JSON.stringify(withTimes(line))}\n`);
    const name = plainText(`${line.console}/${line.feed}`);
    switch (line.kind) {
      case "feed":
        this.#hours += line.hours;
        if (!this.#isJson) this.#say(`${name}: ${line.hours} hours, to ${formatTime(line.until)}`);
        return;
      case "skipped":
        if (!this.#isJson) this.#say(`${name}: not audited, ${line.reason}`);
        return;
      case "failed":
        this.#failed += 1;
        this.#progress.clear();
        process.stderr.write(`s1bridge: ${name}: ${plainText(line.error)}\n`);
        return;
      case "hour":
        this.#hour(line);
    }
  }

  clear(): void {
    this.#progress.clear();
  }

  /** The tables, and the exit code. */
  end(): ExitCode {
    this.#progress.clear();
    const gaps = this.#gaps.filter(isIncomplete).length;
    if (this.#isJson) {
      const feeds = [...this.#sums.values()];
      process.stdout.write(
        `${JSON.stringify({ kind: "end", complete: gaps + this.#failed === 0, gaps, failed: this.#failed, feeds })}\n`,
      );
    } else this.#tables(gaps);
    if (gaps > 0) return EXIT.gaps;
    return this.#failed > 0 ? EXIT.failed : EXIT.done;
  }

  #hour(hour: HourReport & { readonly repaired: number }): void {
    const name = `${hour.console}/${hour.feed}`;
    const sum = this.#sums.get(name) ?? { console: hour.console, feed: hour.feed, ...ZERO };
    this.#sums.set(name, sum);
    sum.hours += 1;
    sum.hoursByCount += hour.byIds ? 0 : 1;
    sum.shownByCount += hour.byIds ? 0 : hour.shown;
    this.#repaired += hour.repaired;
    for (const key of ["shown", "confirmed", "waiting", "missing", "unknown", "gone"] as const) sum[key] += hour[key];
    if (isIncomplete(hour)) this.#gaps.push(hour);
    this.#done += 1;
    const took = performance.now() - this.#startedMs;
    this.#progress.show(
      `${bar(this.#done, this.#hours)} ${plainText(name)} ${formatTime(hour.from).slice(0, 16)} ${timeLeft(this.#done, this.#hours, took)}`,
    );
  }

  #tables(gaps: number): void {
    const { bold, green, red } = paint(useColour(process.stdout));
    if (this.#gaps.length > 0) {
      const rows = this.#gaps.map((hour) => [
        plainText(hour.console),
        hour.feed,
        formatTime(hour.from).slice(0, 19),
        ...NUMBERS.map((key) => String(hour[key])),
        plainText(hour.ids.join(" ")),
      ]);
      const head = ["CONSOLE", "FEED", "FROM", ...NUMBERS.map((key) => key.toUpperCase()), "MISSING IDS"];
      process.stdout.write(`${formatTable([head, ...rows], { head: bold })}\n`);
    }
    const sums = [...this.#sums.values()];
    const rows = sums.map((sum) => [
      plainText(sum.console),
      sum.feed,
      String(sum.hours),
      ...NUMBERS.map((key) => String(sum[key])),
    ]);
    const head = ["CONSOLE", "FEED", "HOURS", ...NUMBERS.map((key) => key.toUpperCase())];
    process.stdout.write(formatTable([head, ...rows], { head: bold }));
    if (this.#repaired > 0) process.stdout.write(`${this.#repaired} were missing and have been sent\n`);
    const verdict =
      gaps > 0
        ? red(`${gaps} ${gaps === 1 ? "hour is" : "hours are"} not complete`)
        : this.#failed > 0
          ? red(`${this.#failed} ${this.#failed === 1 ? "feed" : "feeds"} could not be audited`)
          : green("complete: everything that the consoles show was confirmed");
    process.stdout.write(`${verdict}\n${byCount(sums)}`);
    if (this.#gaps.some(({ unknown }) => unknown > 0))
      process.stdout.write("unknown: stored before the ledger begins (`verify.keep`); it may have been forwarded\n");
  }

  #say(text: string): void {
    this.#progress.clear();
    process.stderr.write(`${text}\n`);
  }
}

const RECORDS_A_REQUEST = 1000;
const REQUESTS_A_SECOND = 10;

const NUMBERS = ["shown", "confirmed", "waiting", "missing", "unknown", "gone"] as const;
const ZERO = {
  hours: 0,
  hoursByCount: 0,
  shownByCount: 0,
  shown: 0,
  confirmed: 0,
  waiting: 0,
  missing: 0,
  unknown: 0,
  gone: 0,
};

/** Equal counts are no proof: as many records may be missing as the console has deleted. */
function byCount(sums: readonly Sum[]): string {
  const hours = sums.reduce((all, { hoursByCount }) => all + hoursByCount, 0);
  const records = sums.reduce((all, { shownByCount }) => all + shownByCount, 0);
  if (hours === 0) return "";
  const seconds = Math.ceil(records / RECORDS_A_REQUEST / REQUESTS_A_SECOND);
  const takes = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `${hours} ${hours === 1 ? "hour" : "hours"} of more than ${MANY_RECORDS} records by their counts alone; --ids looks up each of the ${records} records, in about ${takes} at 10 requests/s\n`;
}

function isIncomplete({ missing, waiting, unknown }: HourReport): boolean {
  return missing + waiting + unknown > 0;
}

function withTimes(line: AuditLine): object {
  return {
    ...line,
    ...("from" in line ? { from: formatTime(line.from) } : {}),
    ...("until" in line ? { until: formatTime(line.until) } : {}),
  };
}
