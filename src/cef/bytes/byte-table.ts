import type { JsonBytes, JsonValue } from "../../event/event.ts";
import { isSecretName } from "../../event/secrets.ts";
import type { KeyType } from "../dictionary.ts";
import { type ExtensionKey, extensionKey } from "../extension.ts";
import type { Findings, Leftovers, Row, Table } from "../mapping/table.ts";
import { CONFORM, type Reading, asLink, asText, asWord } from "../reading.ts";
import { NEVER, compactJson, isLinkName } from "../secrets.ts";
import { ByteHead, type Kept } from "./byte-head.ts";
import { type Address, type Exports, instantiate, some } from "./module.ts";

/** In the order of assembly/reading.ts; a table that reads in other ways is not for it. */
const READINGS: readonly Reading[] = [asText, asWord, asLink];
const TYPES: readonly KeyType[] = ["string", "ipv4", "ipv6", "mac", "integer", "long", "double", "time"];
const RULE = { covered: 0, row: 1, sameAs: 2 } as const;
/** What stands in a slot, of assembly/record.ts. */
const KIND = { emptyText: 1, text: 2, number: 3 } as const;

/** What is answered in place of a length, of assembly/host.ts. */
const HOST = { none: -1, noRoom: -2 } as const;

const NO_LIMIT = 0xffffffff;

/** Names of members that no table knows are the console's, and few; should they be many, their records are not read here. */
const MAX_LEARNED = 1500;
/** In bytes. So many names of this length have room; longer ones are no names of the console's. */
const MAX_NAME_LENGTH = 200;

/** Few values are asked for, and most of these are words of the console's. */
const MAX_WORDS = 300;
const MAX_WORD_LENGTH = 40;

const ZERO = 0x30;
const MAX_DIGITS = 9;

/**
 * A table, ready to write the extensions of records from the bytes of their JSON: `CompiledTable` is its slow twin, and the
 * oracle of its property test. What a call can not do as that one would, it refuses; nothing of that message is worth anything
 * then.
 */
export class ByteTable implements Findings {
  readonly #module: Exports;
  readonly #bytes: Buffer;
  readonly #inputAt: Address;
  readonly #inputBytes: number;
  readonly #scratchAt: Address;
  readonly #rows = new Map<string, Address>();
  readonly #firstRow: Address;
  readonly #firstOfTrailer: Address;
  readonly #section: Address;
  readonly #leftovers: Kept;
  #learned = 0;
  /** Values that were found before, by where they are kept. */
  readonly #words = new Map<Address, string>();
  /** Writes what is not a row: where the body stands, and once it has begun, in front of that. */
  readonly head: ByteHead;

  /** Throws for a table that reads values in a way that the module does not know. */
  constructor({ rows, trailer, leftovers }: Table) {
    this.#module = instantiate({
      hostRead: (reading, isText, start, end, at, room) =>
        this.#answer(READINGS[reading]?.(this.#valueOf(isText, start, end)), at, room),
      hostConform: (type, start, end, at, room) =>
        this.#answer(CONFORM[TYPES[type] ?? "string"](this.#text(start, end)), at, room),
      hostCompact: (name, length, isText, start, end, at, room) =>
        this.#answer(compactJson(this.#valueOf(isText, start, end), this.#text(name, name + length)), at, room),
    });
    this.#bytes = Buffer.from(this.#module.memory.buffer);
    this.#inputAt = this.#module.inputAt();
    this.#inputBytes = this.#module.inputBytes();
    this.#scratchAt = this.#module.scratchAt();
    const [first, second] = NEVER.map((text) => this.#keep(text).at);
    this.#module.setNever(first ?? 0, second ?? 0);
    this.#firstRow = this.#addRows(rows);
    this.#firstOfTrailer = this.#addRows(trailer);
    this.#section = leftovers.section === "" ? this.#module.root() : this.#place(leftovers.section);
    this.#module.setSection(this.#section);
    this.#addRules(leftovers, [...rows, ...trailer]);
    this.#leftovers = this.#keep(extensionKey("S1data").prefix);
    this.head = new ByteHead({
      module: this.#module,
      bytes: this.#bytes,
      keep: (text) => this.#keep(text),
      row: (key) => this.#rows.get(key),
    });
  }

  /** The slot of a path, to ask for its value; all are asked for before the first record. */
  slot(path: string): number {
    const place = this.#place(path);
    const known = this.#module.slotOf(place);
    if (known >= 0) return known;
    const slot = this.#module.newSlot();
    this.#module.setSlot(place, slot);
    return slot;
  }

  /** Whether it understands the record. The other calls are about the one that was opened last. */
  open(json: JsonBytes): boolean {
    if (json.byteLength >= this.#inputBytes) return false;
    for (;;) {
      json.copyTo(this.#bytes, this.#inputAt);
      if (this.#module.open(json.byteLength) === 1) return true;
      const length = this.#module.unknownNameLength();
      if (length === 0 || !this.#learn(this.#module.unknownNameAt(), length)) return false;
    }
  }

  /** An integer of up to 9 digits; undefined for anything else. */
  integer(slot: number): number | undefined {
    const start = this.#module.startOf(slot);
    const end = this.#module.endOf(slot);
    if (this.#module.kindOf(slot) !== KIND.number || end - start > MAX_DIGITS) return undefined;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = (this.#bytes[at] ?? 0) - ZERO;
      if (digit < 0) return undefined;
      value = value * 10 + digit;
    }
    return value;
  }

  /** Whether a string stands there, an empty one too. */
  isText(slot: number): boolean {
    const kind = this.#module.kindOf(slot);
    return kind === KIND.text || kind === KIND.emptyText;
  }

  writeRows(): boolean {
    return this.#module.writeRows(this.#firstRow) === 1;
  }

  writeTrailer(): boolean {
    return this.#module.writeRows(this.#firstOfTrailer) === 1;
  }

  writeLeftovers(): boolean {
    return this.#module.writeLeftovers(this.#leftovers.at, this.#leftovers.length) === 1;
  }

  /** A text that is written often: what `head.kept` takes. */
  constant(text: string): Kept {
    return this.#keep(text);
  }

  /** The row of a key, for `isRowFound`; throws where no row has it. */
  row(key: string): Address {
    return some(this.#rows.get(key) ?? 0);
  }

  isRowFound(row: Address): boolean {
    return this.#module.isFound(row) === 1;
  }

  isFound(key: string): boolean {
    return this.isRowFound(this.#rows.get(key) ?? 0);
  }

  found(key: string): string | undefined {
    const row = this.#rows.get(key);
    if (row === undefined || !this.isRowFound(row)) return undefined;
    return this.#words.get(this.#module.foundWord(row)) ?? this.#learnWord(row);
  }

  #answer(text: string | undefined, at: Address, room: number): number {
    if (text === undefined) return HOST.none;
    return text.length * 3 > room ? HOST.noRoom : this.#bytes.write(text, at);
  }

  #valueOf(isText: number, start: Address, end: Address): JsonValue {
    const text = this.#text(start, end);
    return isText === 1 ? text : (JSON.parse(text) as JsonValue);
  }

  #text(start: Address, end: Address): string {
    return this.#bytes.toString("utf8", start, end);
  }

  #keep(text: string): Kept {
    const length = this.#bytes.write(text, this.#scratchAt);
    return { at: some(this.#module.keep(this.#scratchAt, length)), length };
  }

  #place(path: string): Address {
    let place = this.#module.root();
    for (const name of path.split(".")) {
      const length = this.#bytes.write(name, this.#scratchAt);
      place = some(this.#module.addPlace(place, this.#scratchAt, length));
    }
    return place;
  }

  /** Gives the first of them; each knows the next. */
  #addRows(rows: readonly Row[]): Address {
    const added = rows.map((row) => this.#addRow(row));
    for (const [index, row] of added.entries()) this.#module.setNextRow(row, added[index + 1] ?? 0);
    return added[0] ?? 0;
  }

  #addRow({ key: name, label, from, as: reading = asText, onlyWith, unlessIn }: Row): Address {
    const key: ExtensionKey = extensionKey(name, label);
    const how = READINGS.indexOf(reading);
    if (how === -1) throw new Error(`the row of ${name} is read in a way that is not known here`);
    const { at, length } = this.#keep(key.prefix);
    const maxLength = Number.isFinite(key.maxLength) ? key.maxLength : NO_LIMIT;
    const row = some(this.#module.newRow(at, length, how, TYPES.indexOf(key.type), maxLength, key.isCustom));
    for (const path of from) some(this.#module.addFrom(row, this.slot(path)));
    if (onlyWith !== undefined) this.#module.setOnlyWith(row, this.slot(onlyWith));
    if (unlessIn !== undefined) this.#module.setUnlessIn(row, this.#rows.get(unlessIn) ?? 0);
    this.#rows.set(name, row);
    return row;
  }

  /** What is known of the members of the section before a record comes. */
  #addRules({ section, sameAs, drop }: Leftovers, rows: readonly Row[]): void {
    const inSection = (paths: readonly string[] = []): readonly string[] => {
      const prefix = section === "" ? "" : `${section}.`;
      return paths.flatMap((path) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []));
    };
    const covered = rows.map(({ covers }) => inSection(covers));
    const told = rows.map(({ from, covers }) => inSection([...from, ...(covers ?? [])]));
    const tops = told.flat().map((path) => path.split(".")[0] ?? "");
    const names = new Set([...tops, ...told.flat(), ...Object.keys(sameAs), ...drop]);
    for (const name of names) {
      const rules = this.#newRules(name, drop.includes(name));
      const add = (kind: number, value: number): unknown => some(this.#module.addRule(rules, kind, value));
      for (const [index, { key }] of rows.entries()) {
        const row = this.#rows.get(key) ?? 0;
        if (covered[index]?.includes(name) === true) add(RULE.covered, row);
        if (told[index]?.includes(name) === true) add(RULE.row, row);
      }
      for (const path of sameAs[name] ?? []) add(RULE.sameAs, this.slot(path));
    }
  }

  /** A name without a dot is a member of the section; others lead into one of them. */
  #newRules(name: string, isDropped: boolean): Address {
    const length = this.#bytes.write(name, this.#scratchAt);
    return this.#ruled(this.#scratchAt, length, name, isDropped);
  }

  #ruled(at: Address, length: number, name: string, isDropped: boolean): Address {
    const place = some(this.#module.addPlace(this.#section, at, length));
    const rules = some(this.#module.newRules(isDropped || isSecretName(name), isLinkName(name)));
    this.#module.setRules(place, rules);
    return rules;
  }

  #learnWord(row: Address): string {
    const text = this.#text(this.#module.foundStart(row), this.#module.foundEnd(row));
    const word = this.#words.size < MAX_WORDS && text.length <= MAX_WORD_LENGTH ? this.#module.keepWord(row) : 0;
    if (word !== 0) this.#words.set(word, text);
    return text;
  }

  /** False for a name that may not stand where it came: an object of JavaScript has its numbers first. */
  #learn(at: Address, length: number): boolean {
    if (length > MAX_NAME_LENGTH) return false;
    const name = this.#text(at, at + length);
    if (this.#learned === MAX_LEARNED || /^\d|^__proto__$/.test(name)) return false;
    this.#learned += 1;
    this.#ruled(at, length, name, false);
    return true;
  }
}
