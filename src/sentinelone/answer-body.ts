import { isUtf8 } from "node:buffer";
import { promisify } from "node:util";
import { type ZlibOptions, createGunzip, gunzip } from "node:zlib";
import { type Dispatcher, errors } from "undici";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { Room } from "../lib/room.ts";
import { RecordCutter } from "./oversized.ts";

type Body = Dispatcher.ResponseData["body"];

/**
 * A page of 1,000 records has 1 to 2 MB, rarely 10. What is beyond this is asked for in smaller parts: with its text and
 * its records it takes a multiple of memory.
 */
export const MAX_ANSWER_BYTES = 32 << 20;

const MIN_CHUNK_BYTES = 64 << 10;
const MAX_CHUNK_BYTES = 4 << 20;

/**
 * Pages that are unpacked at once, from their answer until they are stored, by all feeds: one is stored while another is made ready,
 * and two processors have no use for more. Each takes 3 MB, which with many consoles is most of what a process needs.
 *
 * One that has not been stored after a second waits for room in the spool, or for what else the console tells of its records.
 */
const UNPACKED = new Room({ places: 2, patienceMs: 1000 });

/** What is smaller than this waits for nobody. */
const LARGE_BYTES = 256 << 10;

const gunzipAsync = promisify<Uint8Array, ZlibOptions, Buffer>(gunzip);

/** What an answer says, unpacked. */
export class AnswerBody {
  /** Well-formed UTF-8. */
  readonly bytes: Buffer;
  /** How long it was there, and waited to be unpacked. */
  readonly waitedMs: number;
  readonly #leave: (() => void) | undefined;

  constructor(
    bytes: Buffer,
    { waitedMs = 0, leave }: { readonly waitedMs?: number; readonly leave?: () => void } = {},
  ) {
    this.waitedMs = waitedMs;
    this.#leave = leave;
    this.bytes = isUtf8(bytes) ? bytes : Buffer.from(bytes.toString("utf8"));
  }

  get text(): string {
    return this.bytes.toString("utf8");
  }

  /** Its memory is given back when the work is done: nothing of what comes out of it may be part of the bytes. */
  read<T>(work: (bytes: Buffer) => T): T {
    try {
      return work(this.bytes);
    } finally {
      this.release();
    }
  }

  release(): void {
    releaseBuffer(this.bytes);
    this.#leave?.();
  }
}

/** The whole body, once there is room for it. Rejects with what `isTooLarge` knows. */
export async function readBody(body: Body, encoding: string | undefined, signal: AbortSignal): Promise<AnswerBody> {
  const bytes = new Uint8Array(await body.arrayBuffer());
  if (bytes.length > MAX_ANSWER_BYTES) throw new errors.ResponseExceededMaxSizeError();
  if (encoding !== "gzip") return new AnswerBody(Buffer.from(bytes.buffer));
  const length = toldLength(bytes);
  const receivedMs = performance.now();
  const leave = length < LARGE_BYTES ? () => undefined : await UNPACKED.enter(signal);
  const waitedMs = performance.now() - receivedMs;
  try {
    const chunkSize = Math.min(Math.max(length + 1, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
    const plain = await gunzipAsync(bytes, { maxOutputLength: MAX_ANSWER_BYTES, chunkSize });
    releaseBuffer(bytes);
    return new AnswerBody(plain, { waitedMs, leave });
  } catch (error) {
    leave();
    throw error;
  }
}

/** How long it is unpacked, as it says at its end (RFC 1952 section 2.3.1, ISIZE). What fits into one chunk is not copied. */
function toldLength(packed: Uint8Array): number {
  return packed.length < 4 ? 0 : Buffer.from(packed.buffer).readUInt32LE(packed.length - 4);
}

/** The body with its oversized records cut, however long it is. */
export async function readCutBody(body: Body, encoding: string | undefined): Promise<AnswerBody> {
  const cutter = new RecordCutter();
  const unpacked = encoding === "gzip" ? body.compose<NodeJS.ReadWriteStream>(createGunzip()) : body;
  for await (const chunk of unpacked) {
    cutter.write(chunk as Buffer);
    // Leaving the loop ends the stream.
    if (cutter.keptBytes > MAX_ANSWER_BYTES)
      throw new Error(`without its oversized records it still has more than ${MAX_ANSWER_BYTES} bytes`);
  }
  return new AnswerBody(cutter.bytes());
}

/** Whether it is about the size of an answer, packed or not. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof errors.ResponseExceededMaxSizeError) return true;
  return error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
