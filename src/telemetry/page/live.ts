import type { HistoryReport } from "../history.ts";
import type { BridgeStatus } from "../status.ts";
import type { Silence } from "./verdict.ts";

/** How long a silence lasts until it is told: a status comes each second, or every few where there are many feeds. */
const SILENT_MS = 8000;
/** A connection that is cut is told sooner, unless the next one is there by then. */
const CUT_MS = 2500;
const HISTORY_MS = 60_000;
/** A stream that was refused, since too many look, is asked for again so soon; until then the status is asked for. */
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
  #cutMs: number | undefined;
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
    const nowMs = performance.now();
    if (document.hidden) {
      this.#stream?.close();
      this.#stream = undefined;
    } else if (this.#stream === undefined) {
      // Silence counts from here: while the page was hidden nobody asked.
      this.#statusMs = nowMs;
      this.#open();
    } else if (this.#stream.readyState === EventSource.CLOSED && nowMs - this.#askedMs > ASK_AGAIN_MS) {
      void this.#poll();
      this.#open();
    }
    const isCut = this.#cutMs !== undefined && nowMs - this.#cutMs > CUT_MS;
    if (document.hidden || (nowMs - this.#statusMs < SILENT_MS && !isCut)) return;
    this.#listener.silence(nowMs - this.#beatMs < SILENT_MS ? "no status" : "no answer");
  }

  #open(): void {
    this.#askedMs = performance.now();
    const stream = new EventSource(addressOf("/api/status/stream"));
    this.#stream = stream;
    stream.addEventListener("error", () => (this.#cutMs ??= performance.now()));
    stream.addEventListener("beat", () => (this.#beatMs = performance.now()));
    stream.addEventListener("status", ({ data }: MessageEvent<string>) => this.#take(JSON.parse(data) as BridgeStatus));
  }

  #take(status: BridgeStatus): void {
    this.#statusMs = performance.now();
    this.#cutMs = undefined;
    this.#listener.silence(undefined);
    this.#listener.status(status);
    if (this.#statusMs - this.#historyMs > HISTORY_MS) void this.#askHistory();
  }

  async #poll(): Promise<void> {
    const status = await ask<BridgeStatus>("/api/status");
    if (status !== undefined) this.#take(status);
  }

  async #askHistory(): Promise<void> {
    this.#historyMs = performance.now();
    const history = await ask<HistoryReport>("/api/history");
    if (history !== undefined) this.#listener.history(history);
  }
}

/** Undefined: no answer, or none that is for us; that nothing comes is told by then. */
async function ask<T>(path: string): Promise<T | undefined> {
  try {
    const response = await fetch(addressOf(path));
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}

/** Without a password that stands in the page's own address: the browser knows it, and refuses to be told again. */
function addressOf(path: string): string {
  return location.origin + path;
}
