import type { HistoryReport } from "../history.ts";
import type { BridgeStatus } from "../status.ts";
import type { Silence } from "./verdict.ts";

/** How long a silence lasts until it is told: a status comes each second, or every few where there are many feeds. */
const SILENT_MS = 8000;
const HISTORY_MS = 60_000;
/** A stream that was refused, with too many that look, is asked for again so soon. */
const ASK_AGAIN_MS = 5000;

export interface Listener {
  status(status: BridgeStatus): void;
  history(history: HistoryReport): void;
  /** Nothing comes any more; undefined: it comes again. */
  silence(silence: Silence | undefined): void;
}

/** Asks for the status as long as somebody sees the page: a hidden tab holds no connection. */
export class Live {
  readonly #listener: Listener;
  #stream: EventSource | undefined;
  #statusMs = performance.now();
  #beatMs = -Infinity;
  #historyMs = -Infinity;
  #askedMs = -Infinity;

  constructor(listener: Listener) {
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), 1000);
    this.#look();
  }

  #look(): void {
    if (document.hidden) {
      this.#stream?.close();
      this.#stream = undefined;
      return;
    }
    const nowMs = performance.now();
    const isClosed = this.#stream === undefined || this.#stream.readyState === EventSource.CLOSED;
    if (isClosed && (this.#stream === undefined || nowMs - this.#askedMs > ASK_AGAIN_MS)) this.#ask(nowMs);
    if (nowMs - this.#statusMs < SILENT_MS) return;
    this.#listener.silence(nowMs - this.#beatMs < SILENT_MS ? "no status" : "no answer");
  }

  #ask(nowMs: number): void {
    // Silence counts from here: while the page was hidden nobody asked.
    if (this.#stream === undefined) this.#statusMs = nowMs;
    this.#askedMs = nowMs;
    const stream = new EventSource("/api/status/stream");
    this.#stream = stream;
    stream.addEventListener("beat", () => (this.#beatMs = performance.now()));
    stream.addEventListener("status", ({ data }: MessageEvent<string>) => {
      this.#statusMs = performance.now();
      this.#listener.silence(undefined);
      this.#listener.status(JSON.parse(data) as BridgeStatus);
      if (this.#statusMs - this.#historyMs > HISTORY_MS) void this.#askHistory();
    });
  }

  async #askHistory(): Promise<void> {
    this.#historyMs = performance.now();
    try {
      const response = await fetch("/api/history");
      if (response.ok) this.#listener.history((await response.json()) as HistoryReport);
    } catch {
      // The pictures stay as they are until the next time; the stream tells whether anybody answers.
    }
  }
}
