import {
  type Opened,
  type Operation,
  type Operations,
  type ThreadOptions,
  fromFailure,
  perform,
  toFailure,
} from "../../../src/spool/protocol.ts";
import { Queues } from "../../../src/spool/queues.ts";
import { SpoolStore } from "../../../src/spool/store.ts";

const open = new Set<LocalThread>();

/** Every store that is open is let go as by `kill -9`: what was not asked for yet never happens. */
export function abandonThreads(): void {
  for (const thread of open) thread.abandon();
}

/** The spool's thread without a thread: the same store, asked in this one, so that a fake clock governs all there is. */
export class LocalThread {
  readonly #options: ThreadOptions;
  readonly #store: SpoolStore;
  readonly #queues: Queues;
  #isDead = false;

  constructor(options: ThreadOptions) {
    this.#options = options;
    const { renderers: _renderers, ...rest } = options;
    this.#store = SpoolStore.open(rest);
    this.#queues = new Queues(this.#store);
    open.add(this);
  }

  async opened(): Promise<Exclude<Opened, { failure: unknown }>> {
    await this.#queues.begin(this.#options);
    return this.#store;
  }

  ask<O extends Operation>(operation: O, ...ask: Operations[O]["ask"]): Promise<Operations[O]["answer"]> {
    if (this.#isDead) return new Promise(() => undefined);
    try {
      return Promise.resolve(perform(this.#store, this.#queues, { id: 0, operation, ask }) as never);
    } catch (error) {
      return Promise.reject(fromFailure(toFailure(this.#store.explain(error))));
    }
  }

  close(): Promise<void> {
    this.abandon();
    return Promise.resolve();
  }

  abandon(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    open.delete(this);
    this.#store.close();
  }
}
