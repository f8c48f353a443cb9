import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Appended, Batch, Checkpoint, FeedKey, Page, Spool, SpoolReader } from "../bridge/ports.ts";
import { type JsonRecord, type SecurityEvent, eventKey } from "../event/event.ts";
import { parseExact } from "../lib/exact-json.ts";
import { Notice } from "../lib/notice.ts";
import { splitBlock } from "./block.ts";
import { SpoolUnusableError } from "./errors.ts";
import { type Answer, type Opened, type Operation, type Operations, fromFailure } from "./protocol.ts";
import type { Forgotten, SpoolSize, StoreOptions, StoredBlock } from "./store.ts";

/** While the spool is full, its room is looked at again this often: other programs may give disk back. */
const FULL_RECHECK_MS = 1000;

/** The spool as the bridge sees it: the store in a thread of its own, with the waiting for events and for room. */
export class ThreadedSpool implements Spool {
  readonly forgotten: readonly Forgotten[];
  readonly #thread: SpoolThread;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #appended = new Notice();
  readonly #released = new Notice();
  #end: number;
  #full = false;

  private constructor(thread: SpoolThread, opened: Exclude<Opened, { failure: unknown }>) {
    this.#thread = thread;
    this.#end = opened.end;
    this.#positions = opened.positions;
    this.forgotten = opened.forgotten;
  }

  /** Rejects with `BRIDGE_SPOOL_HELD` when another process has it, `BRIDGE_SPOOL_UNUSABLE` when it can not be opened. */
  static async open(options: StoreOptions): Promise<ThreadedSpool> {
    const thread = new SpoolThread(options);
    return new ThreadedSpool(thread, await thread.opened());
  }

  /** Whether a page is waiting for room. */
  get isFull(): boolean {
    return this.#full;
  }

  /** The position of the next event: how many were ever added. */
  get end(): number {
    return this.#end;
  }

  checkpoint(key: FeedKey): Promise<Checkpoint | undefined> {
    return this.#thread.ask("checkpoint", key);
  }

  async append(key: FeedKey, page: Page, signal: AbortSignal): Promise<Appended> {
    for (;;) {
      signal.throwIfAborted();
      const appended = await this.#thread.ask("append", key, page);
      this.#full = appended === "full";
      if (appended !== "full") {
        this.#end = appended.end;
        if (appended.added > 0) this.#appended.tell();
        return appended;
      }
      await this.#released.wait(signal, FULL_RECHECK_MS);
    }
  }

  reader(collector: string): Promise<SpoolReader> {
    const position = this.#positions.get(collector);
    if (position === undefined)
      return Promise.reject(new Error(`the spool was opened without the collector ${collector}`));
    const thread = this.#thread;
    let released = position;
    let held: { readonly from: number; readonly events: readonly SecurityEvent[] } | undefined;
    return Promise.resolve({
      get position() {
        return released;
      },
      read: async (from, maxEvents, signal): Promise<Batch> => {
        while (from >= this.#end) await this.#appended.wait(signal);
        const first = from - (held?.from ?? 0);
        if (held !== undefined && first >= 0 && first < held.events.length) {
          return batch(held.events.slice(first, first + maxEvents), from);
        }
        const block = await thread.ask("read", from);
        if (block === undefined)
          throw new SpoolUnusableError(`the spool has no block for position ${from}, though it ends at ${this.#end}`);
        if (block.text === undefined)
          return { events: [], end: block.position + block.count, damaged: block.position + block.count - from };
        held = { from: block.position, events: readEvents(block, block.text) };
        return batch(held.events.slice(from - block.position, from - block.position + maxEvents), from);
      },
      release: async (to: number): Promise<void> => {
        await thread.ask("release", collector, to);
        released = Math.max(released, to);
        this.#released.tell();
      },
    });
  }

  size(): Promise<SpoolSize> {
    return this.#thread.ask("size");
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }
}

function batch(events: readonly SecurityEvent[], from: number): Batch {
  return { events, end: from + events.length, damaged: 0 };
}

function readEvents({ console, feed, consoleVersion }: StoredBlock, text: string): SecurityEvent[] {
  const { index, records } = splitBlock(text);
  return (parseExact(records) as JsonRecord[]).map((record, at): SecurityEvent => {
    const id = index.ids[at] ?? "";
    const version = index.versions[at] ?? undefined;
    return {
      console,
      consoleVersion,
      feed,
      change: index.changes[at] ?? "event",
      id,
      key: eventKey(feed, id, version),
      time: index.times[at] ?? (0 as SecurityEvent["time"]),
      record,
    };
  });
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Asks the worker thread and matches its answers. */
class SpoolThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #dead: Error | undefined;

  constructor(options: StoreOptions) {
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: options, name: "spool" });
    this.#worker.on("error", (error) => this.#fail(error as Error));
    this.#worker.on("exit", (code) => this.#fail(new SpoolUnusableError(`the spool's thread ended with code ${code}`)));
  }

  async opened(): Promise<Exclude<Opened, { failure: unknown }>> {
    const [opened] = (await once(this.#worker, "message")) as [Opened];
    if ("failure" in opened) {
      await this.#worker.terminate();
      throw fromFailure(opened.failure);
    }
    this.#worker.on("message", (answer: Answer) => this.#settle(answer));
    return opened;
  }

  ask<O extends Operation>(operation: O, ...ask: Operations[O]["ask"]): Promise<Operations[O]["answer"]> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, operation, ask });
    });
  }

  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    const exited = once(this.#worker, "exit");
    await this.ask("close");
    await exited;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("failure" in answer) waiting?.reject(fromFailure(answer.failure));
    else waiting?.resolve(answer.value as never);
  }

  #fail(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
