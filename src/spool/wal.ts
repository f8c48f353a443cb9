import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";

/**
 * Looks at the write-ahead log that a crash has left, before SQLite does. SQLite takes it up to the first frame whose
 * checksum does not hold and passes over the rest without a word: that is right for what a crash has torn, and hides what a
 * disk has damaged. The layout: https://www.sqlite.org/fileformat2.html#walformat
 */
export interface WalDamage {
  /** The first frame that does not hold, counted from 1; 0 is the header. */
  readonly frame: number;
  /** Transactions that were committed behind it, and are lost with it. */
  readonly commitsLost: number;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/** Of our databases (schema.ts), where the header can not be asked. */
const PAGE_BYTES = 8192;

/** In words. */
export function describeWalDamage({ frame, commitsLost }: WalDamage): string {
  const where = frame === 0 ? "in its header" : `at its frame ${frame}`;
  return `the write-ahead log is damaged ${where}: what was committed behind it is lost (${commitsLost} transactions or more)`;
}

/** Undefined where there is none, and where all of it holds but for what a crash may have torn at its end. */
export function walDamage(path: string): WalDamage | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const header = Buffer.alloc(HEADER_BYTES);
    if (size <= HEADER_BYTES || readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined;
    const pageBytes = header.readUInt32BE(8);
    const sum = new Checksum((header.readUInt32BE(0) & 1) === 0);
    sum.add(header.subarray(0, 24));
    const isHeader =
      (header.readUInt32BE(0) & ~1) >>> 0 === MAGIC && sum.is(header.readUInt32BE(24), header.readUInt32BE(28));
    if (!isHeader) {
      const salts = Buffer.alloc(8);
      readSync(file, salts, 0, 8, HEADER_BYTES + 8);
      return { frame: 0, commitsLost: commitsFrom(file, size, { pageBytes: PAGE_BYTES, from: 1, salts }) };
    }
    return frameDamage(file, size, { pageBytes, sum, salts: header.subarray(16, 24) });
  } finally {
    closeSync(file);
  }
}

function frameDamage(
  file: number,
  size: number,
  { pageBytes, sum, salts }: { readonly pageBytes: number; readonly sum: Checksum; readonly salts: Buffer },
): WalDamage | undefined {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes);
  for (let number = 1; ; number++) {
    const at = HEADER_BYTES + (number - 1) * frame.length;
    if (at + frame.length > size || readSync(file, frame, 0, frame.length, at) < frame.length) return undefined;
    sum.add(frame.subarray(0, 8));
    sum.add(frame.subarray(FRAME_HEADER_BYTES));
    // Frames of an earlier round stand behind the end of this one, with other salts.
    if (sum.is(frame.readUInt32BE(16), frame.readUInt32BE(20)) && salts.equals(frame.subarray(8, 16))) continue;
    const commitsLost = commitsFrom(file, size, { pageBytes, from: number, salts });
    return commitsLost === 0 ? undefined : { frame: number, commitsLost };
  }
}

/** Commits of the same round, whatever their checksums. The last transaction is none: a crash may have torn that one. */
function commitsFrom(
  file: number,
  size: number,
  { pageBytes, from, salts }: { readonly pageBytes: number; readonly from: number; readonly salts: Buffer },
): number {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  let commits = 0;
  let behind = 0;
  for (let number = from; ; number++) {
    const at = HEADER_BYTES + (number - 1) * (FRAME_HEADER_BYTES + pageBytes);
    if (at + FRAME_HEADER_BYTES > size || readSync(file, header, 0, FRAME_HEADER_BYTES, at) < FRAME_HEADER_BYTES) break;
    // The first one may be damaged in its very salts.
    if (!salts.equals(header.subarray(8, 16)) && number > from) break;
    behind += 1;
    if (header.readUInt32BE(4) === 0) continue;
    commits += 1;
    behind = 0;
  }
  // A transaction that has begun behind the last commit proves that this one was whole.
  return behind > 0 ? commits : Math.max(0, commits - 1);
}

/** SQLite's own, over words of 32 bits. */
class Checksum {
  readonly #isLittleEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
  }

  add({ buffer, byteOffset, byteLength }: Uint8Array): void {
    const view = new DataView(buffer, byteOffset, byteLength);
    let [first, second] = [this.#first, this.#second];
    for (let at = 0; at + 8 <= byteLength; at += 8) {
      first = (first + view.getUint32(at, this.#isLittleEndian) + second) >>> 0;
      second = (second + view.getUint32(at + 4, this.#isLittleEndian) + first) >>> 0;
    }
    [this.#first, this.#second] = [first, second];
  }

  is(first: number, second: number): boolean {
    return this.#first === first && this.#second === second;
  }
}
