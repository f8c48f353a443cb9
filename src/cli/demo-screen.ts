import type { WriteStream } from "node:tty";
import type { Supply } from "../demo/supply.ts";
import { paint, useColour } from "./terminal.ts";

/** How many of the first messages are shown whole; then one now and then, as a sign of life. */
const SHOWN_FIRST = 5;
const SHOWN_EVERY_MS = 1000;

export interface DemoResult {
  readonly fetched: number;
  readonly delivered: number;
  readonly confirmed: number;
  readonly duplicates: number;
  readonly lost: number;
  /** What the console has and the bridge was stopped before. */
  readonly missing: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly spool: string;
}

/** What a person sees of the demo. On a terminal one line tells the progress; elsewhere lines only are printed. */
export class DemoScreen {
  readonly #out: WriteStream;
  readonly #paint: ReturnType<typeof paint>;
  readonly #width: number;
  readonly #startedMs = performance.now();
  #shown = 0;
  #lastShownMs = 0;
  #progress = "";

  constructor(out: WriteStream) {
    this.#out = out;
    this.#paint = paint(useColour(out));
    this.#width = out.columns ?? 160;
  }

  begin({
    console,
    collector,
    spool,
    supply,
  }: {
    console: string;
    collector: string;
    spool: string;
    supply: Supply;
  }): void {
    const { bold, dim } = this.#paint;
    this.#line(
      `${bold("s1bridge demo")}: console ${console} ${dim("->")} spool ${spool} ${dim("->")} collector ${collector}`,
    );
    this.#line(supply.description);
  }

  /** Where to look at it in a browser. */
  page(url: string, stays: boolean): void {
    this.#line(`status page: ${url}${stays ? "" : this.#paint.dim(" (--follow keeps it there)")}`);
  }

  message(text: string): void {
    const nowMs = performance.now();
    if (this.#shown >= SHOWN_FIRST && nowMs - this.#lastShownMs < SHOWN_EVERY_MS) return;
    this.#shown += 1;
    this.#lastShownMs = nowMs;
    this.#line(this.#paint.dim(cut(text, this.#width)));
    if (this.#shown === SHOWN_FIRST)
      this.#line(this.#paint.dim("… and so on; from here on one message a second is shown"));
  }

  progress(done: number, total: number): void {
    if (!this.#out.isTTY) return;
    const share = Math.min(1, total === 0 ? 1 : done / total);
    const width = 30;
    const filled = Math.round(share * width);
    const rate = Math.round(done / Math.max(0.001, (performance.now() - this.#startedMs) / 1000));
    this.#progress = `[${"#".repeat(filled)}${".".repeat(width - filled)}] ${done} of ${total} confirmed, ${rate}/s`;
    this.#out.write(`\r\u001B[K${this.#progress}`);
  }

  /** What a scenario did, and what it never came to. */
  played(faults: readonly { readonly fault: string; readonly times: number }[]): void {
    const told = faults.map(({ fault, times }) => (times === 0 ? `${fault} not reached` : `${fault} ${times}×`));
    this.#line(`the scenario played: ${told.join(", ")}`);
  }

  stopping(): void {
    this.#line("stopping: the window in flight is finished (again to give up at once)");
  }

  end({ fetched, delivered, confirmed, duplicates, lost, missing, p50Ms, p99Ms, spool }: DemoResult): void {
    const { green, red, bold } = this.#paint;
    this.#progress = "";
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const verdict = lost === 0 ? green(`lost ${lost}`) : red(`lost ${lost}`);
    this.#line(
      bold(`fetched ${fetched}, delivered ${delivered}, confirmed ${confirmed}, ${verdict}, duplicates ${duplicates}`),
    );
    if (missing > 0) this.#line(red(`stopped with ${missing} events of the console not yet forwarded`));
    this.#line(
      `${seconds.toFixed(1)} s, ${Math.round(confirmed / seconds)} events/s; latency from read to confirmed: p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`,
    );
    this.#line(`the spool lies in ${spool}`);
  }

  #line(text: string): void {
    const clear = this.#out.isTTY ? "\r\u001B[K" : "";
    this.#out.write(`${clear}${text}\n${this.#progress}`);
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

function ms(value: number | undefined): string {
  return value === undefined ? "-" : `${Math.round(value)} ms`;
}
