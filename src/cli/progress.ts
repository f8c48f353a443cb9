/** One line at the bottom of a terminal that is written over; nothing where there is none. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #isOn: boolean;
  #shownAt = -Infinity;

  constructor(stream: NodeJS.WriteStream = process.stderr, isOn = stream.isTTY) {
    this.#stream = stream;
    this.#isOn = isOn;
  }

  show(text: string): void {
    if (!this.#isOn || performance.now() - this.#shownAt < EVERY_MS) return;
    this.#shownAt = performance.now();
    this.#stream.write(`\r\u001B[2K${text.slice(0, Math.max(20, (this.#stream.columns || USUAL_COLUMNS) - 1))}`);
  }

  /** Before anything else is written. */
  clear(): void {
    if (this.#isOn && this.#shownAt > 0) this.#stream.write("\r\u001B[2K");
    this.#shownAt = -Infinity;
  }
}

const EVERY_MS = 100;

/** Where a terminal does not tell its width. */
const USUAL_COLUMNS = 80;

const WIDTH = 24;

/** `[#####     ] 42%`; a share that is not known has no bar. */
export function bar(done: number, total: number | undefined): string {
  if (total === undefined || total <= 0) return "";
  const share = Math.min(1, done / total);
  const filled = Math.round(share * WIDTH);
  return `[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${Math.floor(share * 100)}%`;
}

export function timeLeft(done: number, total: number, tookMs: number): string {
  if (done <= 0 || done >= total) return "";
  const seconds = Math.ceil((((total - done) / done) * tookMs) / 1000);
  return seconds < 60 ? `${seconds} s left` : `${Math.ceil(seconds / 60)} min left`;
}
