import type { JsonRecord, JsonValue } from "../../event/event.ts";
import type { Extension, ExtensionKey } from "../extension.ts";
import { extensionKey } from "../extension.ts";
import { asFlag, asText, CONFORM, isObject } from "../reading.ts";
import type { Reading } from "../reading.ts";
import { isSecretName } from "../../event/secrets.ts";
import { compactJson } from "../secrets.ts";
import { RecordPaths } from "./record-paths.ts";
import type { Slot } from "./record-paths.ts";

/** One extension key and where its value comes from. Rows are written in the order of their table. */
export interface Row {
  readonly key: string;
  /** Paths into the record, such as `data.userName`, in order: the first that gives a value wins. */
  readonly from: readonly string[];
  /** How the value becomes text; `asText` when left out. The dictionary's type of the key is enforced after it. */
  readonly as?: Reading;
  /** What the key holds, written as `<key>Label`; for the custom keys of the dictionary, `cs1` to `deviceCustomDate2`. */
  readonly label?: string;
  /** Only when this path has a value, too. */
  readonly onlyWith?: string;
  /** Not when this key, of a row before, tells the same. */
  readonly unlessIn?: string;
  /** Paths that say the same in other words; they are not worth a place in `S1data`. */
  readonly covers?: readonly string[];
  readonly note?: string;
}

/** What has no place in the rows goes to `S1data` as compact JSON. */
export interface Leftovers {
  /** The object whose members are collected; `""` for the record itself. */
  readonly section: string;
  /** A member that equals one of these paths is left out: it tells again what the trailer or a key tells. */
  readonly sameAs: Readonly<Record<string, readonly string[]>>;
  /** Members that are never worth a place. */
  readonly drop: readonly string[];
}

export interface Table {
  readonly rows: readonly Row[];
  /** `siteId` and so on, written behind everything else. */
  readonly trailer: readonly Row[];
  readonly leftovers: Leftovers;
}

/** What the rows of a table have found in a record. */
export interface Findings {
  /** The text that the key's row found, unescaped and uncut. */
  found(key: string): string | undefined;
  isFound(key: string): boolean;
}

interface CompiledRow {
  readonly key: ExtensionKey;
  readonly from: readonly Slot[];
  readonly read: Reading;
  readonly conform: ((text: string) => string | undefined) | undefined;
  readonly onlyWith: Slot | undefined;
  /** The row whose text this row does not repeat; -1 for none. */
  readonly unlessIn: number;
}

/** What there is to know about a member of the leftovers' section before its value comes. */
interface Member {
  /** Never written: dropped, or a secret. */
  readonly isDropped: boolean;
  /** `"name":` */
  readonly prefix: string;
  /** The rows that may hold it. */
  readonly rows: readonly number[];
  /** Of these, the rows that tell the same in other words. */
  readonly covered: readonly number[];
  readonly sameAs: readonly Slot[];
}

const S1_DATA = extensionKey("S1data");

const WORD = 32;
const WORD_BITS = 5;
const NO_ROWS: readonly number[] = [];

/** Names of members that no table knows are the console's, and few; should they be many, the rest is not remembered. */
const MAX_MEMBERS = 4096;

/**
 * A table, ready to write the extensions of records one after the other.
 *
 * `open` first; the other calls are about the record that was opened last. What can be known before a record comes is
 * worked out once; test/support/plain-table.ts does the same without, and a property test compares them.
 */
export class CompiledTable implements Findings {
  readonly #paths = new RecordPaths();
  readonly #rows: readonly CompiledRow[];
  readonly #trailerStart: number;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #members: Map<string, Member>;
  /** Where the object stands whose members are collected. */
  readonly #section: Slot;
  /** The text that each row found, unescaped and uncut; undefined for rows that were not written. */
  readonly #found: (string | undefined)[];
  /** By slot, the rows that may take its value. */
  readonly #rowsOf: (readonly number[])[] = [];
  /** By row, whether the record has a value for it: a third of them, so that the others are passed by 32 at a time. */
  readonly #isDue: Int32Array;

  constructor(table: Table) {
    const rows = [...table.rows, ...table.trailer];
    this.#found = rows.map(() => undefined);
    this.#trailerStart = table.rows.length;
    this.#rows = rows.map((row) => this.#compile(row, rows));
    this.#indexOf = new Map(rows.map((row, index) => [row.key, index]));
    if (this.#indexOf.size !== rows.length) throw new Error("mapping table: a key has two rows");
    this.#section = this.#paths.slot(table.leftovers.section);
    this.#isDue = new Int32Array(Math.ceil(rows.length / WORD));
    for (const [index, { from }] of this.#rows.entries())
      for (const slot of from) this.#rowsOf[slot] = [...(this.#rowsOf[slot] ?? []), index];
    this.#members = this.#compileMembers(table.leftovers, rows);
  }

  open(record: JsonRecord): void {
    this.#isDue.fill(0);
    this.#paths.read(record, this.#onFilled);
    this.#found.fill(undefined);
  }

  readonly #onFilled = (slot: Slot): void => {
    const rows = this.#rowsOf[slot] ?? NO_ROWS;
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] ?? 0;
      this.#isDue[row >>> WORD_BITS] = (this.#isDue[row >>> WORD_BITS] ?? 0) | (1 << (row & (WORD - 1)));
    }
  };

  writeRows(extension: Extension): void {
    this.#write(extension, 0, this.#trailerStart);
  }

  writeTrailer(extension: Extension): void {
    this.#write(extension, this.#trailerStart, this.#rows.length);
  }

  found(key: string): string | undefined {
    const index = this.#indexOf.get(key);
    return index === undefined ? undefined : this.#found[index];
  }

  isFound(key: string): boolean {
    return this.found(key) !== undefined;
  }

  /** Call it after the rows: what they have told is left out. */
  writeLeftovers(extension: Extension): void {
    const section = this.#paths.values[this.#section];
    if (!isObject(section)) return;
    let members = "";
    for (const name in section) {
      const value = section[name];
      if (value === undefined || value === null || value === "") continue;
      const member = this.#members.get(name) ?? this.#remember(name);
      if (this.#isTold(member, value)) continue;
      const text = compactJson(value, name);
      if (text !== undefined) members += members === "" ? member.prefix + text : `,${member.prefix}${text}`;
    }
    if (members !== "") extension.add(S1_DATA, `{${members}}`);
  }

  #write(extension: Extension, start: number, end: number): void {
    const { values } = this.#paths;
    for (let index = this.#nextDue(start); index < end; index = this.#nextDue(index + 1)) {
      const row = this.#rows[index];
      if (row === undefined || (row.onlyWith !== undefined && values[row.onlyWith] === undefined)) continue;
      for (const slot of row.from) {
        const value = values[slot];
        if (value === undefined) continue;
        const text = row.read(value);
        if (text === undefined || (row.unlessIn !== -1 && text === this.#found[row.unlessIn])) continue;
        const conforming = row.conform === undefined ? text : row.conform(text);
        if (conforming !== undefined && extension.add(row.key, conforming)) {
          this.#found[index] = text;
          break;
        }
      }
    }
  }

  /** The first row from `index` on that has something to tell; behind all rows when there is none. */
  #nextDue(index: number): number {
    // From `index` on in its word, the lowest bit first.
    let bits = (this.#isDue[index >>> WORD_BITS] ?? 0) & (-1 << (index & (WORD - 1)));
    let word = index >>> WORD_BITS;
    while (bits === 0) {
      word += 1;
      if (word >= this.#isDue.length) return Infinity;
      bits = this.#isDue[word] ?? 0;
    }
    return word * WORD + (WORD - 1) - Math.clz32(bits & -bits);
  }

  #isTold({ isDropped, rows, covered, sameAs }: Member, value: JsonValue): boolean {
    if (isDropped) return true;
    if (rows.length === 0 && sameAs.length === 0) return false;
    for (const index of covered) if (this.#found[index] !== undefined) return true;
    const text = asText(value);
    for (const index of rows) if (this.#found[index] === text || this.#foundBy(index, value)) return true;
    for (const slot of sameAs) if (asText(this.#paths.values[slot] ?? null) === text) return true;
    return false;
  }

  /** A row with a reading of its own has told the value in other letters; of a flag, by its absence. */
  #foundBy(index: number, value: JsonValue): boolean {
    const read = this.#rows[index]?.read;
    if (read === asFlag) return typeof value === "boolean";
    const found = this.#found[index];
    return found !== undefined && read?.(value) === found;
  }

  #remember(name: string): Member {
    const member = newMember(name);
    if (this.#members.size < MAX_MEMBERS) this.#members.set(name, member);
    return member;
  }

  #compile(row: Row, rows: readonly Row[]): CompiledRow {
    const key = extensionKey(row.key, row.label);
    return {
      key,
      from: row.from.map((path) => this.#paths.slot(path)),
      read: row.as ?? asText,
      conform: key.type === "string" ? undefined : CONFORM[key.type],
      onlyWith: row.onlyWith === undefined ? undefined : this.#paths.slot(row.onlyWith),
      unlessIn: rows.findIndex((other) => other.key === row.unlessIn),
    };
  }

  #compileMembers({ section, sameAs, drop }: Leftovers, rows: readonly Row[]): Map<string, Member> {
    const members = new Map<string, Member>();
    const merge = (name: string, known: (before: Member) => Partial<Member>): void => {
      const before = members.get(name) ?? newMember(name);
      members.set(name, { ...before, ...known(before) });
    };
    for (const [index, row] of rows.entries()) {
      for (const name of namesIn(section, row.from)) merge(name, (before) => ({ rows: [...before.rows, index] }));
      for (const name of namesIn(section, row.covers ?? [])) {
        merge(name, (before) => ({ rows: [...before.rows, index], covered: [...before.covered, index] }));
      }
    }
    for (const [name, paths] of Object.entries(sameAs)) {
      merge(name, () => ({ sameAs: paths.map((path) => this.#paths.slot(path)) }));
    }
    for (const name of drop) merge(name, () => ({ isDropped: true }));
    return members;
  }
}

function newMember(name: string): Member {
  return { isDropped: isSecretName(name), prefix: `${JSON.stringify(name)}:`, rows: [], covered: [], sameAs: [] };
}

/** The paths that lead to a member of the section, by its name. */
function namesIn(section: string, paths: readonly string[]): readonly string[] {
  const prefix = section === "" ? "" : `${section}.`;
  return paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
}
