import type { ServerResponse } from "node:http";
import type { BridgeStatus } from "./status.ts";

/**
 * The status as server-sent events, for the status page: a `status` each second, with what /api/status answers. While nobody
 * looks nothing is done; all who look get the same text, which is made once.
 *
 * It never keeps anything for those who do not read: a status is left out where the one before has not gone yet, and who has
 * taken nothing for half a minute is dropped. While a status is not to be had, because the spool does not answer, a `beat`
 * tells that the process lives.
 */
export interface StatusStreamOptions {
  readonly everyMs?: number;
  readonly stalledMs?: number;
}

/** A browser keeps six connections to a host at most; this is for some people who look at once. */
export const MAX_WATCHERS = 16;

/** A look that took long, because there are many feeds or the spool is busy, is followed by a rest. */
const REST_TIMES = 9;
const MAX_REST_MS = 3000;

const BEAT = "event: beat\ndata:\n\n";

interface Watcher {
  readonly response: ServerResponse;
  /** When something was given to it for the last time. */
  sentMs: number;
}

export class StatusStream {
  readonly #status: () => Promise<BridgeStatus>;
  readonly #everyMs: number;
  readonly #stalledMs: number;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #restUntilMs = 0;

  constructor(status: () => Promise<BridgeStatus>, { everyMs = 1000, stalledMs = 30_000 }: StatusStreamOptions = {}) {
    this.#status = status;
    this.#everyMs = everyMs;
    this.#stalledMs = stalledMs;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Answers with the stream, until who asked goes away. False: there are too many already, and nothing was answered. */
  open(response: ServerResponse): boolean {
    if (this.#watchers.size >= MAX_WATCHERS) return false;
    const watcher: Watcher = { response, sentMs: performance.now() };
    this.#watchers.add(watcher);
    response.once("close", () => this.#remove(watcher));
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    response.write("retry: 2000\n\n");
    this.#timer ??= setInterval(() => this.#tick(), this.#everyMs);
    // The first status at once, also for who comes second.
    this.#restUntilMs = 0;
    this.#tick();
    return true;
  }

  close(): void {
    for (const watcher of this.#watchers) {
      this.#remove(watcher);
      watcher.response.end();
    }
  }

  /** Nothing is written to it from here on. */
  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#isLooking) this.#send(BEAT);
    else if (performance.now() >= this.#restUntilMs) void this.#look();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const beganMs = performance.now();
    try {
      this.#send(`event: status\ndata: ${JSON.stringify(await this.#status())}\n\n`);
    } catch {
      // The log and the probes tell why there is none; here it is enough that it does not come.
      this.#send(BEAT);
    } finally {
      this.#isLooking = false;
      const nowMs = performance.now();
      this.#restUntilMs = nowMs + Math.min(MAX_REST_MS, REST_TIMES * (nowMs - beganMs));
    }
  }

  #send(text: string): void {
    const nowMs = performance.now();
    for (const watcher of this.#watchers) {
      const { response, sentMs } = watcher;
      if (!response.writableNeedDrain) {
        response.write(text);
        watcher.sentMs = nowMs;
      } else if (nowMs - sentMs > this.#stalledMs) {
        this.#remove(watcher);
        response.destroy();
      }
    }
  }
}
