import type { Checkpoint, FeedKey, Job, JobOrder, SpoolSurvey, TypeName } from "../bridge/ports.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { SpoolDamagedError, SpoolHeldError, SpoolUnusableError, SpoolWriteError } from "./errors.ts";
import type { PackedPage } from "./packed.ts";
import type { CollectorSources, ConfiguredCollectors, Queues } from "./queues.ts";
import type { RenderedBatch } from "./rendered.ts";
import type { AskedAside } from "./seen.ts";
import type { Sightings } from "./sightings.ts";
import type { IdentityList } from "./identities.ts";
import type { AppendOutcome, SpoolSize, SpoolStore, StoreOptions } from "./store.ts";

/** What the thread opens: the first that it is told. */
export interface ThreadOptions extends StoreOptions, CollectorSources {}

/** What the spool's thread can be asked. Requests are answered in order, each with the `id` it came with. */
export interface Operations {
  checkpoint: { ask: [FeedKey]; answer: Checkpoint | undefined };
  sightings: { ask: [FeedKey, IdentityList, AskedAside?]; answer: Sightings };
  openJob: { ask: [JobOrder]; answer: Job };
  endJob: { ask: [number]; answer: undefined };
  append: { ask: [FeedKey, PackedPage]; answer: AppendOutcome };
  /** Collector, position, and how many events at most; without a position behind what it has read last. */
  read: { ask: [string, number | undefined, number]; answer: RenderedBatch | undefined };
  release: { ask: [string, number]; answer: undefined };
  /** Whose place it is that is kept, from now on; see queues.ts. */
  configure: { ask: [CollectorSources]; answer: ConfiguredCollectors };
  learnTypes: { ask: [string, readonly TypeName[]]; answer: undefined };
  size: { ask: []; answer: SpoolSize };
  survey: { ask: []; answer: SpoolSurvey };
  close: { ask: []; answer: undefined };
}

export type Operation = keyof Operations;

export interface Request<O extends Operation = Operation> {
  readonly id: number;
  readonly operation: O;
  readonly ask: Operations[O]["ask"];
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

/** The thread's first words. */
export type Opened =
  | Pick<SpoolStore, "end" | "positions" | "forgotten" | "salvaged" | "repairs">
  | { readonly failure: Failure };

/** An error on its way between threads; structured cloning would lose its class and code. */
export interface Failure {
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export function toFailure(error: unknown): Failure {
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  return { code, message: message ?? String(error), stack };
}

export function fromFailure({ code, message, stack }: Failure): Error {
  switch (code) {
    case "BRIDGE_SPOOL_HELD":
      return new SpoolHeldError(message);
    case "BRIDGE_SPOOL_UNUSABLE":
      return new SpoolUnusableError(message);
    case "BRIDGE_SPOOL_DAMAGED":
      return new SpoolDamagedError(message);
    case "BRIDGE_SPOOL_WRITE":
      return new SpoolWriteError(message);
    default:
      return Object.assign(new Error(message), { stack });
  }
}

/** Gives the answer, or a promise of it. */
export function perform(store: SpoolStore, queues: Queues, { operation, ask }: Request): unknown {
  switch (operation) {
    case "checkpoint":
      return store.checkpoint(...(ask as Operations["checkpoint"]["ask"]));
    case "sightings":
      return store.sightings(...(ask as Operations["sightings"]["ask"]));
    case "openJob":
      return store.openJob(...(ask as Operations["openJob"]["ask"]));
    case "endJob":
      return store.endJob(...(ask as Operations["endJob"]["ask"]));
    case "append": {
      const [key, page] = ask as Operations["append"]["ask"];
      const answer = store.append(key, page);
      // A copy of the asker's, which has them still.
      for (const { body } of page.blocks) releaseBuffer(body);
      return answer;
    }
    case "read":
      return queues.read(...(ask as Operations["read"]["ask"]));
    case "configure":
      return queues.configure(...(ask as Operations["configure"]["ask"]));
    case "release":
      return store.release(...(ask as Operations["release"]["ask"]));
    case "learnTypes":
      return store.learnTypes(...(ask as Operations["learnTypes"]["ask"]));
    case "size":
      return store.size();
    case "survey":
      return store.survey();
    case "close":
      return store.close();
  }
}
