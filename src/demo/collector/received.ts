/** The key that every message of the bridge carries, unique for each event version. */
const KEY = Buffer.from("S1eventKey=");
const SPACE = 0x20;

/**
 * What a collector does with a message. `messages` keeps every text; `keys` keeps how often each `S1eventKey` came, for
 * runs of a million; `count` keeps nothing.
 */
export type Keep = "messages" | "keys" | "count";

interface Waiter {
  readonly count: number;
  readonly resolve: () => void;
}

/** The messages that a collector has read, over all its connections. */
export class Received {
  /** Empty unless texts are kept. */
  readonly messages: string[] = [];
  /** How often each `S1eventKey` came; empty when only counting. */
  readonly keys = new Map<string, number>();
  readonly #keep: Keep;
  readonly #onMessage: ((text: string) => void) | undefined;
  #count = 0;
  #withoutKey = 0;
  #waiters: Waiter[] = [];

  constructor(keep: Keep, onMessage?: (text: string) => void) {
    this.#keep = keep;
    this.#onMessage = onMessage;
  }

  get count(): number {
    return this.#count;
  }

  /** Messages that carried no `S1eventKey`. */
  get withoutKey(): number {
    return this.#withoutKey;
  }

  /** Messages whose key had come before. */
  get duplicates(): number {
    return this.#count - this.#withoutKey - this.keys.size;
  }

  /** Resolves when so many messages have come since the start. */
  atLeast(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ count, resolve }));
  }

  /** Resolves when so many different keys have come. */
  async keysAtLeast(count: number): Promise<void> {
    while (this.keys.size < count) await this.atLeast(this.#count + 1);
  }

  add(bytes: Buffer, start: number, end: number): void {
    this.#count += 1;
    if (this.#keep !== "count") this.#addKey(bytes, start, end);
    if (this.#keep === "messages" || this.#onMessage !== undefined) {
      const text = bytes.toString("utf8", start, end);
      if (this.#keep === "messages") this.messages.push(text);
      this.#onMessage?.(text);
    }
    if (this.#waiters.length > 0) this.#wake();
  }

  #addKey(bytes: Buffer, start: number, end: number): void {
    const at = bytes.indexOf(KEY, start);
    if (at < 0 || at >= end) {
      this.#withoutKey += 1;
      return;
    }
    const from = at + KEY.length;
    const space = bytes.indexOf(SPACE, from);
    const key = bytes.toString("latin1", from, space < 0 || space > end ? end : space).trimEnd();
    this.keys.set(key, (this.keys.get(key) ?? 0) + 1);
  }

  #wake(): void {
    const reached = this.#waiters.filter(({ count }) => count <= this.#count);
    if (reached.length === 0) return;
    this.#waiters = this.#waiters.filter(({ count }) => count > this.#count);
    for (const { resolve } of reached) resolve();
  }
}
