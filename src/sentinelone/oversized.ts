import { type Hash, createHash } from "node:crypto";
import type { DeadLetter, RecordText } from "../bridge/ports.ts";
import { withoutSecretTexts } from "./without-secrets.ts";

/**
 * Records that are too large for anything that comes after. The largest that the console has are some 100 KB; one that is
 * beyond all measure must take neither the memory nor the room of the others. What is kept of it is its beginning, with its
 * length and its hash, so that it can be found at the console.
 */

/** In characters of its JSON. */
export const MAX_RECORD_LENGTH = 8 << 20;

/** As much is kept of a record that is too long. */
const KEPT_LENGTH = 64 << 10;

/** The only member of what stands in the place of a record that did not fit into an answer. */
const CUT = "s1bridge_cut_record";

interface Cut {
  readonly bytes: number;
  readonly sha256: string;
  readonly begin: string;
}

/** The dead letter of a record that is too long; undefined for all others. */
export function tooLong(text: RecordText): DeadLetter | undefined {
  if (text.length > MAX_RECORD_LENGTH) {
    const whole = String(text);
    const sha256 = createHash("sha256").update(whole).digest("hex");
    return letter(`${whole.length} characters`, sha256, whole.slice(0, KEPT_LENGTH));
  }
  if (typeof text !== "string" || !text.startsWith(`{"${CUT}":`)) return undefined;
  const { bytes, sha256, begin } = (JSON.parse(text) as { [CUT]: Cut })[CUT];
  return letter(`${bytes} bytes`, sha256, begin);
}

/** The hash is in the text: what that says is the letter's identity. */
function letter(size: string, sha256: string, begin: string): DeadLetter {
  return {
    reason: `larger than a record may be: ${size}, and the limit is ${MAX_RECORD_LENGTH}`,
    text: `${withoutSecretTexts(begin)}… [cut: ${size}, sha256 ${sha256}]`,
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set(Buffer.from("[{"));
const CLOSE = new Set(Buffer.from("]}"));
const OPEN_BRACKET = 0x5b;

/**
 * Reads an answer of any length in little room: an element of its list that is too long is left out while it comes, and a
 * short object that tells of it stands in its place. A list within an element is none.
 */
export class RecordCutter {
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  #depth = 0;
  /** How deep the elements lie of the list that is read; undefined outside of one. */
  #listDepth: number | undefined;
  #inString = false;
  #isEscaped = false;
  #element: { readonly parts: Buffer[]; bytes: number; hash: Hash | undefined } | undefined;

  /** What the answer is without them, so far. */
  get keptBytes(): number {
    return this.#keptBytes + Math.min(this.#element?.bytes ?? 0, MAX_RECORD_LENGTH);
  }

  write(chunk: Buffer): void {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (this.#inString) {
        at = this.#endOfString(chunk, at);
        continue;
      }
      const byte = chunk[at] ?? 0;
      if (byte === QUOTE) this.#inString = true;
      else if (OPEN.has(byte)) {
        if (this.#depth === this.#listDepth) {
          this.#keep(chunk.subarray(from, at));
          from = at;
          this.#element = { parts: [], bytes: 0, hash: undefined };
        }
        this.#depth += 1;
        if (byte === OPEN_BRACKET) this.#listDepth ??= this.#depth;
      } else if (CLOSE.has(byte)) {
        this.#depth -= 1;
        if (this.#element !== undefined && this.#depth === this.#listDepth) {
          this.#add(chunk.subarray(from, at + 1));
          from = at + 1;
          this.#endElement();
        } else if (this.#listDepth !== undefined && this.#depth < this.#listDepth) this.#listDepth = undefined;
      }
    }
    if (this.#element === undefined) this.#keep(chunk.subarray(from));
    else this.#add(chunk.subarray(from));
  }

  bytes(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** Where the string ends, or the chunk before it. */
  #endOfString(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (chunk[at] === BACKSLASH) this.#isEscaped = true;
      else if (chunk[at] === QUOTE) {
        this.#inString = false;
        return at;
      }
    }
    return chunk.length;
  }

  #keep(bytes: Uint8Array): void {
    this.#kept.push(Buffer.from(bytes));
    this.#keptBytes += bytes.length;
  }

  #add(bytes: Uint8Array): void {
    const element = this.#element;
    if (element === undefined) return;
    element.bytes += bytes.length;
    if (element.hash !== undefined) element.hash.update(bytes);
    else {
      element.parts.push(Buffer.from(bytes));
      if (element.bytes > MAX_RECORD_LENGTH) cut(element);
    }
  }

  #endElement(): void {
    const { parts = [], bytes = 0, hash } = this.#element ?? {};
    this.#element = undefined;
    if (hash === undefined) for (const part of parts) this.#keep(part);
    else {
      const told: Cut = { bytes, sha256: hash.digest("hex"), begin: parts[0]?.toString("utf8") ?? "" };
      this.#keep(Buffer.from(JSON.stringify({ [CUT]: told })));
    }
  }
}

/** From here on only its hash and its length are of interest. */
function cut(element: { parts: Buffer[]; hash: Hash | undefined }): void {
  const whole = Buffer.concat(element.parts);
  element.hash = createHash("sha256").update(whole);
  element.parts.splice(0, Infinity, Buffer.from(whole.subarray(0, KEPT_LENGTH)));
}
