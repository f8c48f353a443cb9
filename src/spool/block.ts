import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompressSync } from "node:zlib";
import { type Change, type EventFeed, type JsonRecord, type SecurityEvent, eventKey } from "../event/event.ts";
import type { Micros } from "../event/time.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";

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
  readonly text: string;
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
const TEXT_CHUNK_BYTES = 1 << 20;
const PACKED_CHUNK_BYTES = 128 << 10;

const ZSTD_OPTIONS = {
  chunkSize: PACKED_CHUNK_BYTES,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

const compress = promisify<Buffer, typeof ZSTD_OPTIONS, Buffer>(zstdCompress);

export async function packBlock(entries: readonly BlockEntry[]): Promise<Buffer> {
  const index: BlockIndex = {
    ids: entries.map((entry) => entry.id),
    times: entries.map((entry) => entry.time),
    versions: entries.map((entry) => entry.version ?? null),
    changes: entries.map((entry) => entry.change),
    lengths: entries.map((entry) => entry.text.length),
    ...changedOf(entries),
  };
  const text = Buffer.from(`${JSON.stringify(index)}\n${entries.map((entry) => entry.text).join("\n")}\n`);
  const body = await compress(text, ZSTD_OPTIONS);
  releaseBuffer(text);
  return body;
}

function changedOf(entries: readonly BlockEntry[]): Pick<BlockIndex, "changed"> {
  const known = entries.flatMap(({ changed }, at) => (changed === undefined ? [] : [[at, changed] as const]));
  return known.length === 0 ? {} : { changed: Object.fromEntries(known) };
}

/**
 * The events of a block, in order. Each record is parsed when it is first looked at: events are encoded one after the
 * other, and what has been parsed dies young. Throws when the bytes are damaged.
 */
export function unpackBlock(
  body: Uint8Array,
  { console, feed, consoleVersion, sequence, typeNames }: BlockOrigin,
): BlockEvent[] {
  const bytes = zstdDecompressSync(body, { chunkSize: TEXT_CHUNK_BYTES });
  const text = bytes.toString("utf8");
  releaseBuffer(bytes);
  releaseBuffer(body);
  const newline = text.indexOf("\n");
  const index = JSON.parse(text.slice(0, newline)) as BlockIndex;
  let end = newline;
  return index.ids.map((id, at): BlockEvent => {
    const start = end + 1;
    end = start + (index.lengths[at] ?? 0);
    const own = text.slice(start, end);
    return {
      console,
      feed,
      consoleVersion,
      change: index.changes[at] ?? "event",
      id,
      key: eventKey(feed, id, index.versions[at] ?? undefined),
      time: index.times[at] ?? (0 as Micros),
      ...(typeNames === undefined ? {} : { typeNames }),
      ...(index.changed?.[at] === undefined ? {} : { changed: index.changed[at] }),
      ...(sequence === undefined ? {} : { sequence: sequence + at }),
      text: own,
      get record() {
        return JSON.parse(own) as JsonRecord;
      },
    };
  });
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
