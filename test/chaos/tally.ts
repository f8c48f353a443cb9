import { type FileHandle, open } from "node:fs/promises";
import { readId } from "./live-dataset.ts";

const CHUNK_BYTES = 1 << 20;

/** A line of a receiver: the key of a message and when it came. What a kill cut off stands before the next line's key. */
const LINE = /K \w+\/(\d+) (\S+)$/;

/** What a receiver has written: how often each event came, and how long the first one took. */
export class Tally {
  readonly #path: string;
  readonly #counts: Uint8Array;
  /** Milliseconds, by powers of the tenth root of 10. */
  readonly #latencies = new Uint32Array(80);
  /** An id gives the number of an event and its time; a plain number is the event itself. */
  readonly #hasIds: boolean;
  #file: FileHandle | undefined;
  #position = 0;
  #rest = "";
  distinct = 0;
  duplicates = 0;
  /** Lines whose key is none of the events that were sent. */
  unknown = 0;
  worstMs = 0;
  /** Told when an event comes again, with the time at which it did. */
  onDuplicate: (atMs: number) => void = () => undefined;

  constructor(path: string, events: number, hasIds = true) {
    this.#path = path;
    this.#counts = new Uint8Array(events);
    this.#hasIds = hasIds;
  }

  get missing(): number {
    return this.#counts.length - this.distinct;
  }

  /** The numbers of the first events that did not come. */
  missed(most: number): number[] {
    const found: number[] = [];
    for (let at = 0; at < this.#counts.length && found.length < most; at += 1) {
      if (this.#counts[at] === 0) found.push(at);
    }
    return found;
  }

  quantileMs(share: number): number {
    const wanted = share * this.#latencies.reduce((sum, count) => sum + count, 0);
    let passed = 0;
    const bucket = this.#latencies.findIndex((count) => (passed += count) >= wanted);
    return Math.min(this.worstMs, Math.round(10 ** ((bucket + 1) / 10)));
  }

  /** Reads what has been written since the last time. */
  async update(): Promise<void> {
    this.#file ??= await open(this.#path, "r").catch(() => undefined);
    if (this.#file === undefined) return;
    for (;;) {
      const { buffer, bytesRead } = await this.#file.read(
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        this.#position,
      );
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const lines = (this.#rest + buffer.toString("latin1", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#add(line);
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #add(line: string): void {
    const [, id = "", time = ""] = LINE.exec(line) ?? [];
    const { index, createdMs } = this.#read(id);
    const before = this.#counts[index];
    if (before === undefined) {
      this.unknown += 1;
      return;
    }
    this.#counts[index] = Math.min(255, before + 1);
    if (before > 0) {
      this.duplicates += 1;
      this.onDuplicate(Date.parse(time));
      return;
    }
    this.distinct += 1;
    const ms = Date.parse(time) - (createdMs ?? Number.NaN);
    if (Number.isNaN(ms)) return;
    this.worstMs = Math.max(this.worstMs, ms);
    const bucket = Math.min(this.#latencies.length - 1, Math.max(0, Math.floor(10 * Math.log10(Math.max(1, ms)))));
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1;
  }

  #read(id: string): { readonly index: number; readonly createdMs?: number } {
    if (id === "") return { index: -1 };
    return this.#hasIds ? readId(id) : { index: Number(id) };
  }
}
