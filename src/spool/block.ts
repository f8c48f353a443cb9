import { zstdDecompressSync } from "node:zlib";
import type { RecordText } from "../bridge/ports.ts";
import {
  type Change,
  type EventFeed,
  type JsonBytes,
  type JsonRecord,
  type SecurityEvent,
  eventKey,
} from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { ZstdFrames } from "../lib/zstd-frames.ts";
import { type TextLengths, type Texts, textsOf } from "./block-texts.ts";
import { Output } from "./output.ts";

/**
 * A block: new events of a page as one compressed row.
 *
 * Its text is a line of JSON, `{ids, times, versions, changes, lengths}` with one entry for each event, and then the
 * records as the console sent them, `lengths` characters each, with a line break behind every one. The record is kept and not the message, so that each collector renders its own
 * format, and a replay can use a better mapping. zstd adds a checksum, so that a flipped bit is an error, not an event.
 */
export interface BlockEntry {
  readonly id: string;
  readonly time: Micros;
  readonly version: string | undefined;
  readonly change: Change;
  readonly changed?: readonly string[];
  readonly text: RecordText;
}

export interface BlockEvent extends SecurityEvent {
  /** The record as the console sent it. */
  readonly text: string;
}

/** What all events of a block have in common. */
export interface BlockOrigin {
  readonly console: string;
  readonly feed: EventFeed;
  readonly consoleVersion: string | undefined;
  /** The number of the first event in its feed. */
  readonly sequence: number | undefined;
  readonly typeNames?: ReadonlyMap<number, string> | undefined;
}

interface BlockIndex extends TextLengths {
  readonly ids: readonly string[];
  readonly times: readonly Micros[];
  readonly versions: readonly (string | null)[];
  readonly changes: readonly Change[];
  /** The fields that changed, by the event's place in the block, where that is known. */
  readonly changed?: Readonly<Record<number, readonly string[]>>;
}

/** One chunk holds a block's text nearly always, and is then not copied. */
const TEXT_CHUNK_BYTES = 512 << 10;

/** For the whole thread: blocks are written, and packed, one after the other. */
const OUTPUT = new Output();
const FRAMES = new ZstdFrames();

export async function packBlock(entries: readonly BlockEntry[]): Promise<Buffer> {
  const lengths = entries.map((entry) => entry.text.length);
  const bytes = entries.map(({ text }) => (typeof text === "string" ? Buffer.byteLength(text) : text.byteLength));
  const index: BlockIndex = {
    ids: entries.map((entry) => entry.id),
    times: entries.map((entry) => entry.time),
    versions: entries.map((entry) => entry.version ?? null),
    changes: entries.map((entry) => entry.change),
    lengths,
    ...(bytes.some((count, at) => count !== lengths[at]) ? { bytes } : {}),
    ...changedOf(entries),
  };
  return await FRAMES.pack(() => {
    OUTPUT.clear();
    OUTPUT.addLine(JSON.stringify(index));
    for (const { text } of entries) OUTPUT.addLine(text);
    return OUTPUT.written;
  });
}

function changedOf(entries: readonly BlockEntry[]): Pick<BlockIndex, "changed"> {
  if (entries.every(({ changed }) => changed === undefined)) return {};
  const known = entries.flatMap(({ changed }, at) => (changed === undefined ? [] : [[at, changed] as const]));
  return { changed: Object.fromEntries(known) };
}

/** The events of a block, in order, until their memory is given back. */
export interface UnpackedEvents {
  readonly events: readonly BlockEvent[];
  /** The events must not be looked at afterwards. Without it the collector frees them, but late. */
  readonly release: () => void;
}

/** Throws when the bytes are damaged. */
export function unpackBlock(body: Uint8Array, origin: BlockOrigin): UnpackedEvents {
  const bytes = zstdDecompressSync(body, { chunkSize: TEXT_CHUNK_BYTES });
  releaseBuffer(body);
  const newline = bytes.indexOf(NEWLINE);
  const index = JSON.parse(bytes.toString("utf8", 0, newline)) as BlockIndex;
  const texts = textsOf(bytes, newline + 1, index);
  const block: Unpacked = { origin, index, texts };
  const events = index.lengths.map((_, at) => new UnpackedEvent(block, at));
  return { events, release: () => texts.release() };
}

/** What the events of a block share. */
interface Unpacked {
  readonly origin: BlockOrigin;
  readonly index: BlockIndex;
  readonly texts: Texts;
}

/**
 * A place in a block, and no more: some hundred of them live as long as it does, and what they would hold is what the collector of
 * V8 has to carry away. The record is parsed each time it is asked for: events are encoded one after the other, and what has
 * been parsed dies young.
 */
class UnpackedEvent implements BlockEvent, JsonBytes {
  declare readonly changed?: readonly string[];
  declare readonly sequence?: number;
  readonly #block: Unpacked;
  readonly #at: number;

  constructor(block: Unpacked, at: number) {
    this.#block = block;
    this.#at = at;
    const { origin, index } = block;
    const changed = index.changed?.[at];
    if (changed !== undefined) this.changed = changed;
    if (origin.sequence !== undefined) this.sequence = origin.sequence + at;
  }

  get console(): string {
    return this.#block.origin.console;
  }

  get feed(): EventFeed {
    return this.#block.origin.feed;
  }

  get consoleVersion(): string | undefined {
    return this.#block.origin.consoleVersion;
  }

  get typeNames(): ReadonlyMap<number, string> | undefined {
    return this.#block.origin.typeNames;
  }

  get change(): Change {
    return this.#block.index.changes[this.#at] ?? "event";
  }

  get id(): string {
    return this.#block.index.ids[this.#at] ?? "";
  }

  get key(): string {
    return eventKey(this.feed, this.id, this.#block.index.versions[this.#at] ?? undefined);
  }

  get time(): Micros {
    return this.#block.index.times[this.#at] ?? (0 as Micros);
  }

  get text(): string {
    return this.#block.texts.text(this.#at);
  }

  /** Itself: one object less for each. */
  get json(): JsonBytes | undefined {
    return this.#block.texts.hasBytes ? this : undefined;
  }

  get byteLength(): number {
    return this.#block.texts.byteLength(this.#at);
  }

  copyTo(target: Uint8Array, at: number): void {
    this.#block.texts.copyTo(target, at, this.#at);
  }

  get record(): JsonRecord {
    return JSON.parse(this.text) as JsonRecord;
  }
}

const NEWLINE = 0x0a;

/** What identifies the events of a block. Throws when the bytes are damaged. */
export function blockIdentities(
  body: Uint8Array,
): { readonly id: string; readonly version: string | undefined; readonly time: Micros }[] {
  const bytes = zstdDecompressSync(body, { chunkSize: TEXT_CHUNK_BYTES });
  const index = JSON.parse(bytes.toString("utf8", 0, bytes.indexOf("\n"))) as BlockIndex;
  return index.ids.map((id, at) => ({
    id,
    version: index.versions[at] ?? undefined,
    time: index.times[at] ?? (0 as Micros),
  }));
}
