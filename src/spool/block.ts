import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompressSync } from "node:zlib";
import type { RecordText } from "../bridge/ports.ts";
import { type Change, type EventFeed, type JsonRecord, type SecurityEvent, eventKey } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
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

interface BlockIndex {
  readonly ids: readonly string[];
  readonly times: readonly Micros[];
  readonly versions: readonly (string | null)[];
  readonly changes: readonly Change[];
  /** The fields that changed, by the event's place in the block, where that is known. */
  readonly changed?: Readonly<Record<number, readonly string[]>>;
  /** In UTF-16 code units. */
  readonly lengths: readonly number[];
}

/** One chunk holds a block's text nearly always, and is then not copied; a packed one is a tenth of it. */
const TEXT_CHUNK_BYTES = 512 << 10;
const PACKED_CHUNK_BYTES = 128 << 10;

const ZSTD_OPTIONS = {
  chunkSize: PACKED_CHUNK_BYTES,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

const compress = promisify<Buffer, typeof ZSTD_OPTIONS, Buffer>(zstdCompress);

/** One for the whole thread: a block is written in one go. */
const OUTPUT = new Output();

export async function packBlock(entries: readonly BlockEntry[]): Promise<Buffer> {
  const index: BlockIndex = {
    ids: entries.map((entry) => entry.id),
    times: entries.map((entry) => entry.time),
    versions: entries.map((entry) => entry.version ?? null),
    changes: entries.map((entry) => entry.change),
    lengths: entries.map((entry) => entry.text.length),
    ...changedOf(entries),
  };
  OUTPUT.clear();
  OUTPUT.addLine(JSON.stringify(index));
  for (const { text } of entries) OUTPUT.addLine(text);
  const text = OUTPUT.take();
  const body = await compress(text, ZSTD_OPTIONS);
  releaseBuffer(text);
  return body;
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
  const { textAt, release } = textsOf(bytes, newline + 1, index.lengths);
  let start = 0;
  const events = index.lengths.map((length, at) => {
    const event = new UnpackedEvent(origin, index, at, { textAt, start, length });
    start += length + 1;
    return event;
  });
  return { events, release };
}

/** Its record is parsed each time it is asked for: events are encoded one after the other, and what has been parsed dies young. */
class UnpackedEvent implements BlockEvent {
  readonly console: string;
  readonly feed: EventFeed;
  readonly consoleVersion: string | undefined;
  readonly change: Change;
  readonly id: string;
  readonly key: string;
  readonly time: Micros;
  readonly typeNames: ReadonlyMap<number, string> | undefined;
  declare readonly changed?: readonly string[];
  declare readonly sequence?: number;
  readonly #place: TextPlace;

  constructor(origin: BlockOrigin, index: BlockIndex, at: number, place: TextPlace) {
    const id = index.ids[at] ?? "";
    const changed = index.changed?.[at];
    this.console = origin.console;
    this.feed = origin.feed;
    this.consoleVersion = origin.consoleVersion;
    this.change = index.changes[at] ?? "event";
    this.id = id;
    this.key = eventKey(origin.feed, id, index.versions[at] ?? undefined);
    this.time = index.times[at] ?? (0 as Micros);
    this.typeNames = origin.typeNames;
    if (changed !== undefined) this.changed = changed;
    if (origin.sequence !== undefined) this.sequence = origin.sequence + at;
    this.#place = place;
  }

  get text(): string {
    const { textAt, start, length } = this.#place;
    return textAt(start, length);
  }

  get record(): JsonRecord {
    return JSON.parse(this.text) as JsonRecord;
  }
}

interface TextPlace {
  readonly textAt: Texts["textAt"];
  readonly start: number;
  readonly length: number;
}

const NEWLINE = 0x0a;

interface Texts {
  /** The text that begins at `start`, counted in code units from the block's first record. */
  readonly textAt: (start: number, length: number) => string;
  readonly release: () => void;
}

/**
 * The records of a block. Where all is ASCII, a byte is a character, and each record becomes a short string when it is asked
 * for: what is short and dies young costs the collector nothing, a string of half a megabyte does.
 */
function textsOf(bytes: Buffer, begin: number, lengths: readonly number[]): Texts {
  const isAscii = lengths.reduce((sum, length) => sum + length + 1, begin) === bytes.length;
  if (isAscii) {
    return {
      textAt: (start, length) => bytes.toString("latin1", begin + start, begin + start + length),
      release: () => releaseBuffer(bytes),
    };
  }
  const text = bytes.toString("utf8", begin);
  releaseBuffer(bytes);
  return { textAt: (start, length) => text.slice(start, start + length), release: () => undefined };
}

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
