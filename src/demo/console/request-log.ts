import type { ConsoleRequest } from "./faults.ts";

export interface LoggedRequest extends ConsoleRequest {
  /** Milliseconds of a monotonic clock. */
  readonly atMs: number;
  readonly status: number;
}

interface Waiter {
  readonly fits: (request: LoggedRequest) => boolean;
  readonly resolve: (request: LoggedRequest) => void;
}

/** What the console was asked: a count for each path, and the last requests in full. */
export class RequestLog {
  readonly #limit: number;
  #recent: LoggedRequest[] = [];
  #counts = new Map<string, number>();
  #waiters: Waiter[] = [];

  constructor(limit = 20_000) {
    this.#limit = limit;
  }

  get recent(): readonly LoggedRequest[] {
    return this.#recent;
  }

  count(path: string): number {
    return this.#counts.get(path) ?? 0;
  }

  /** The greatest number of requests that began within any one second, of those still in the log. */
  busiestSecond(path?: string): number {
    const times = this.#recent.filter((request) => path === undefined || request.path === path).map(({ atMs }) => atMs);
    let first = 0;
    let most = 0;
    for (const [last, atMs] of times.entries()) {
      while ((times[first] ?? atMs) <= atMs - 1000) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  /** The next request that fits, from now on. */
  next(fits: (request: LoggedRequest) => boolean = () => true): Promise<LoggedRequest> {
    return new Promise((resolve) => this.#waiters.push({ fits, resolve }));
  }

  add(request: LoggedRequest): void {
    this.#counts.set(request.path, this.count(request.path) + 1);
    this.#recent.push(request);
    if (this.#recent.length > this.#limit * 1.5) this.#recent = this.#recent.slice(-this.#limit);
    const answered = this.#waiters.filter(({ fits }) => fits(request));
    if (answered.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !answered.includes(waiter));
    for (const { resolve } of answered) resolve(request);
  }

  clear(): void {
    this.#recent = [];
    this.#counts.clear();
  }
}
