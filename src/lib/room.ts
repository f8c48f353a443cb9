import { Notice } from "./notice.ts";

/**
 * Room for so many at a time, in the order in which they ask. Whoever stays longer than `patienceMs` takes no place any more, and
 * whoever has waited for so long comes in all the same: what never ends keeps nobody out.
 */
export class Room {
  readonly #places: number;
  readonly #patienceMs: number;
  /** When each of them came, of `performance.now()`. */
  readonly #inside = new Map<object, number>();
  readonly #asking: object[] = [];
  readonly #changed = new Notice();

  constructor({ places, patienceMs }: { readonly places: number; readonly patienceMs: number }) {
    this.#places = places;
    this.#patienceMs = patienceMs;
  }

  /** Resolves to what gives the place back, to be called once or more. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<() => void> {
    const one = {};
    const untilMs = performance.now() + this.#patienceMs;
    this.#asking.push(one);
    try {
      while (this.#asking[0] !== one || this.#taken() >= this.#places) {
        const nowMs = performance.now();
        if (nowMs >= untilMs) break;
        await this.#changed.wait(signal, Math.ceil(Math.max(1, Math.min(untilMs, this.#nextMs()) - nowMs)));
      }
      this.#inside.set(one, performance.now());
    } finally {
      this.#asking.splice(this.#asking.indexOf(one), 1);
      this.#changed.tell();
    }
    return () => {
      if (this.#inside.delete(one)) this.#changed.tell();
    };
  }

  #taken(): number {
    const sinceMs = performance.now() - this.#patienceMs;
    for (const [one, since] of this.#inside) if (since <= sinceMs) this.#inside.delete(one);
    return this.#inside.size;
  }

  /** When the first of those inside takes no place any more. */
  #nextMs(): number {
    return Math.min(...this.#inside.values()) + this.#patienceMs;
  }
}
