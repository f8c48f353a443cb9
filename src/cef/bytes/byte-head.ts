import { alternativesOf } from "../name-template.ts";
import { type Address, type Exports, some } from "./module.ts";

/** A text in the module's memory. */
export interface Kept {
  readonly at: Address;
  readonly length: number;
}

/** Of a character of a string, in bytes. */
const MAX_UNIT_BYTES = 3;
const MAX_ASCII = 0x7f;

/** In bytes, for all names: the console has 522, and some 800 as long as ours have room. */
const ROOM_FOR_NAMES = 400_000;
/** Of a text or a value of a name, beside the text itself. */
const STEP_BYTES = 48;

const MAX_WORDS = 1000;
const MAX_WORD_LENGTH = 40;

/** The length of a message and a space. */
const MAX_PREFIX = 8;

const NEWLINE = 0x0a;

/** Who takes from `start` to `end` of these bytes, and copies them. */
export interface ByteSink {
  addBytes(bytes: Buffer, start: number, end: number): void;
}

export interface HeadParts {
  readonly module: Exports;
  /** The module's memory. */
  readonly bytes: Buffer;
  readonly keep: (text: string) => Kept;
  /** The row of a key; undefined where no row has it. */
  readonly row: (key: string) => Address | undefined;
}

/**
 * What stands in front of a message's rows, written when these are. Each call adds a piece; one that gives false has refused the
 * message.
 */
export class ByteHead {
  readonly #module: Exports;
  readonly #bytes: Buffer;
  readonly #keep: (text: string) => Kept;
  readonly #row: (key: string) => Address | undefined;
  readonly #names = new Map<string, Address>();
  #roomForNames = ROOM_FOR_NAMES;
  readonly #words = new Map<string, Kept>();
  /** Of the message that was finished last. */
  #start: Address = 0;

  constructor({ module, bytes, keep, row }: HeadParts) {
    this.#module = module;
    this.#bytes = bytes;
    this.#keep = keep;
    this.#row = row;
  }

  begin(): void {
    this.#module.beginHead();
  }

  /** As it is. ASCII goes in one by one: to ask Node to write a short text would cost more. */
  text(text: string): boolean {
    const { length } = text;
    const start = this.#module.placeFor(length * MAX_UNIT_BYTES);
    if (start === 0) return false;
    for (let at = 0; at < length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit > MAX_ASCII) {
        this.#module.wrote(this.#bytes.write(text, start));
        return true;
      }
      this.#bytes[start + at] = unit;
    }
    this.#module.wrote(length);
    return true;
  }

  /** As it is: one of few texts, which are remembered. */
  word(text: string): boolean {
    const known = this.#words.get(text);
    if (known !== undefined) return this.kept(known);
    if (this.#words.size < MAX_WORDS && text.length <= MAX_WORD_LENGTH) this.#words.set(text, this.#keep(text));
    return this.text(text);
  }

  /** A text that is written often. */
  kept({ at, length }: Kept): boolean {
    return this.#module.put(at, length) === 1;
  }

  /** A whole number; one that is negative is refused. */
  number(value: number): boolean {
    return value >= 0 && this.#module.putNumber(value) === 1;
  }

  /** What a row has found, as a header field; false, and nothing written, where it has to be cleaned or cut. */
  field(row: Address, maxBytes: number): boolean {
    return this.#module.putHeaderOf(row, maxBytes) === 1;
  }

  /** A name with values in it, as a header field that needs not be cut. */
  name(template: string, maxBytes: number): boolean {
    const name = this.#names.get(template) ?? this.#addName(template);
    return name !== undefined && this.#module.putName(name, maxBytes) === 1;
  }

  /** Puts it in front of the rows, and tells how many bytes the whole has. */
  finish(): number {
    this.#start = this.#module.joinHead();
    return this.#module.end() - this.#start;
  }

  /** Hands over the whole, behind a short prefix, or with a line break behind it. */
  handTo(sink: ByteSink, { prefix = "", endsLine = false }: { prefix?: string; endsLine?: boolean }): void {
    const start = this.#start - prefix.length;
    if (prefix.length > MAX_PREFIX) throw new RangeError("a prefix that long has no room");
    if (prefix !== "") this.#bytes.write(prefix, start, "latin1");
    const end = this.#module.end();
    // Behind the message is always room for more than that.
    this.#bytes[end] = NEWLINE;
    sink.addBytes(this.#bytes, start, endsLine ? end + 1 : end);
  }

  #addName(template: string): Address | undefined {
    const alternatives = alternativesOf(template);
    // The last one, should it have keys all the same, is told without them.
    const all = [...alternatives, [alternatives.at(-1)?.[0] ?? ""]];
    const steps = all.reduce((sum, parts) => sum + parts.length + 1, 0);
    this.#roomForNames -= steps * STEP_BYTES + MAX_UNIT_BYTES * template.length;
    if (this.#roomForNames < 0) return undefined;
    const name = some(this.#module.newName());
    let last = name;
    for (const [index, parts] of all.entries()) {
      if (index > 0) last = some(this.#module.or(last));
      for (const [at, part] of parts.entries()) last = some(this.#addStep(last, part, at % 2 === 1));
    }
    this.#names.set(template, name);
    return name;
  }

  #addStep(last: Address, part: string, isKey: boolean): Address {
    if (isKey) return this.#module.addValue(last, this.#row(part) ?? 0);
    const { at, length } = this.#keep(part);
    return this.#module.addText(last, at, length);
  }
}
