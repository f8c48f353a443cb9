import type { ScannedRecord, Slice } from "../exact-json.ts";
import { ZERO } from "../json-text.ts";
import { LazyModule } from "../web-assembly.ts";
import { MODULE } from "./module.generated.ts";
import { RecordScanner } from "./scanner.ts";

type Address = number;

/** What assembly/index.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputAt: () => Address;
  readonly inputBytes: () => number;
  readonly valuesAt: () => Address;
  readonly runsAt: () => Address;
  readonly forgetNames: () => void;
  readonly placeForName: (length: number) => Address;
  readonly read: (at: Address) => Address;
  readonly extraBytes: () => number;
  readonly runCount: () => number;
}

/** What a value is, of assembly/index.ts. */
const VALUE = { nothing: 0, ascii: 1, text: 2, integer: 3 } as const;
const WORDS_PER_VALUE = 3;

/** A record that is this long stands in the module as a whole. */
const SURE_BYTES = 60 << 10;

/** One for the whole thread: a page is walked over in one go. */
let shared: Walk | undefined;

/** The module, with the names that it knows and the part of a text that it has. */
class Walk {
  readonly module = new LazyModule<Exports>(MODULE).instantiate();
  readonly bytes = Buffer.from(this.module.memory.buffer);
  readonly inputAt = this.module.inputAt();
  readonly inputBytes = this.module.inputBytes();
  readonly words = new Uint32Array(this.module.memory.buffer);
  readonly valuesAt = this.module.valuesAt() / Uint32Array.BYTES_PER_ELEMENT;
  readonly runsAt = this.module.runsAt() / Uint32Array.BYTES_PER_ELEMENT;
  /** Whose names and text they are. */
  owner: symbol | undefined;

  know(names: readonly Uint8Array[]): void {
    this.module.forgetNames();
    for (const name of names) {
      const at = this.module.placeForName(name.length);
      if (at === 0) throw new Error("so many members of a record can not be asked for");
      this.bytes.set(name, at);
    }
  }
}

/**
 * {@link RecordScanner} in WebAssembly, which is its oracle and reads what does not fit into the module's memory. A loop over
 * bytes costs five times as much in JavaScript.
 */
export class ByteRecordScanner {
  readonly #json: Buffer;
  readonly #names: readonly string[];
  readonly #nameBytes: readonly Uint8Array[];
  readonly #slow: RecordScanner;
  readonly #walk = (shared ??= new Walk());
  /** By which the module knows us: it must not keep our text alive. */
  readonly #me = Symbol("scanner");
  /** The part of the text that the module has. */
  #from = 0;
  #to = 0;
  /** Of the record that was read last. */
  readonly #head: Record<string, string | number | undefined> = {};
  readonly #longRuns: number[] = [];

  constructor(json: Buffer, names: readonly string[]) {
    this.#json = json;
    this.#names = names;
    this.#nameBytes = names.map((name) => Buffer.from(name));
    this.#slow = new RecordScanner(json, names);
  }

  /**
   * The object that begins at `start`; undefined when it is none, or for any doubt. Its `head` and `longRuns` are good until the
   * next one is read.
   */
  read(start: number): ScannedRecord | Slice | undefined {
    const walk = this.#walk;
    if (walk.owner !== this.#me) {
      walk.know(this.#nameBytes);
      walk.owner = this.#me;
      this.#to = 0;
    }
    const isCut = this.#to < this.#json.length;
    if (start < this.#from || start >= this.#to || (isCut && this.#to - start < SURE_BYTES)) this.#move(start);
    const { inputAt, module } = walk;
    const end = module.read(inputAt + start - this.#from);
    if (end !== 0) return this.#record(start, end - inputAt + this.#from);
    return this.#to < this.#json.length ? this.#slow.read(start) : undefined;
  }

  #record(start: number, end: number): ScannedRecord | Slice {
    const { module } = this.#walk;
    const names = this.#names;
    const longRuns = module.runCount() === 0 ? undefined : this.#runs(module.runCount());
    if (names.length === 0) return { start, end, longRuns: longRuns?.slice() };
    for (let at = 0; at < names.length; at++) this.#head[names[at] ?? ""] = this.#value(at);
    const head = this.#head as ScannedRecord["head"];
    return { start, end, units: end - start - module.extraBytes(), longRuns, head };
  }

  #runs(count: number): number[] {
    const { words, runsAt, inputAt } = this.#walk;
    const runs = this.#longRuns;
    for (let at = 0; at < count; at++) runs[at] = (words[runsAt + at] ?? 0) - inputAt + this.#from;
    runs.length = count;
    return runs;
  }

  #value(at: number): string | number | undefined {
    const { words, valuesAt, bytes } = this.#walk;
    const place = valuesAt + at * WORDS_PER_VALUE;
    const start = words[place] ?? 0;
    const end = words[place + 1] ?? 0;
    switch (words[place + 2]) {
      case VALUE.ascii:
        return bytes.toString("latin1", start, end);
      case VALUE.text:
        return bytes.toString("utf8", start, end);
      case VALUE.integer:
        return integer(bytes, start, end);
      default:
        return undefined;
    }
  }

  #move(from: number): void {
    const { bytes, inputAt, inputBytes } = this.#walk;
    this.#from = from;
    this.#to = Math.min(this.#json.length, from + inputBytes - 1);
    this.#json.copy(bytes, inputAt, from, this.#to);
    // At which every loop stops.
    bytes[inputAt + this.#to - from] = 0;
  }
}

/** Of up to 15 digits. */
function integer(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] ?? 0) - ZERO;
  return value;
}
