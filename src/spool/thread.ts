import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { moduleUrl } from "../lib/module-url.ts";
import { SpoolUnusableError } from "./errors.ts";
import {
  type Answer,
  type Opened,
  type Operation,
  type Operations,
  type ThreadOptions,
  fromFailure,
} from "./protocol.ts";

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** One that was begun for a spool to come. */
let ahead: Worker | undefined;

/** Begins the thread of the next spool that is opened: it loads its modules while the rest of the program is loaded. */
export function beginThread(): void {
  const worker = (ahead ??= newWorker());
  // Should nobody open a spool it is of no matter; whoever does so later meets the same fault.
  worker.on("error", () => (ahead = undefined)).unref();
}

function newWorker(): Worker {
  return new Worker(moduleUrl("../spool/worker", import.meta.url), { name: "spool" });
}

/** Asks the worker thread and matches its answers. */
export class SpoolThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #dead: Error | undefined;

  constructor(options: ThreadOptions) {
    this.#worker = ahead ?? newWorker();
    ahead = undefined;
    this.#worker.ref();
    this.#worker.on("error", (error) => this.#fail(error as Error));
    this.#worker.on("exit", (code) => this.#fail(new SpoolUnusableError(`the spool's thread ended with code ${code}`)));
    this.#worker.postMessage(options);
  }

  async opened(): Promise<Exclude<Opened, { failure: unknown }>> {
    const [opened] = (await once(this.#worker, "message")) as [Opened];
    if ("failure" in opened) {
      // It ends by itself, as nothing is left for it to do: ended from here it may be in the midst of closing files.
      if (this.#dead === undefined) await once(this.#worker, "exit");
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
    try {
      await this.ask("close");
    } finally {
      await exited;
    }
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
