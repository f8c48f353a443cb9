import { zstdCompressSync, zstdDecompressSync, constants } from "node:zlib";
import type { Change } from "../event/event.ts";
import type { Micros } from "../event/time.ts";

/**
 * A block: the new events of a page as one compressed row.
 *
 * Its text is a line of JSON, `{ids, times, versions, changes}` with one entry for each event, and then a JSON list of
 * the records as the console sent them. The record is kept and not the message, so that each collector renders its own
 * format, and a replay can use a better mapping. zstd adds a checksum, so that a flipped bit is an error, not an event.
 */
export interface BlockEntry {
  readonly id: string;
  readonly time: Micros;
  readonly version: string | undefined;
  readonly change: Change;
  readonly text: string;
}

export interface BlockIndex {
  readonly ids: readonly string[];
  readonly times: readonly Micros[];
  readonly versions: readonly (string | null)[];
  readonly changes: readonly Change[];
}

const ZSTD_OPTIONS = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

export function packBlock(entries: readonly BlockEntry[]): Buffer {
  const index: BlockIndex = {
    ids: entries.map((entry) => entry.id),
    times: entries.map((entry) => entry.time),
    versions: entries.map((entry) => entry.version ?? null),
    changes: entries.map((entry) => entry.change),
  };
  const text = `${JSON.stringify(index)}\n[${entries.map((entry) => entry.text).join(",\n")}]`;
  return zstdCompressSync(Buffer.from(text), ZSTD_OPTIONS);
}

/** The block's text. Throws when the bytes are damaged. */
export function unpackBlock(body: Uint8Array): string {
  return zstdDecompressSync(body).toString("utf8");
}

/** Divides a block's text into its index and the JSON list of its records. */
export function splitBlock(text: string): { index: BlockIndex; records: string } {
  const newline = text.indexOf("\n");
  return { index: JSON.parse(text.slice(0, newline)) as BlockIndex, records: text.slice(newline + 1) };
}
