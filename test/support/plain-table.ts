import type { JsonRecord, JsonValue } from "../../src/event/event.ts";
import type { Extension, ExtensionKey } from "../../src/cef/extension.ts";
import { extensionKey } from "../../src/cef/extension.ts";
import { asFlag, asText, CONFORM, isObject } from "../../src/cef/reading.ts";
import type { Reading } from "../../src/cef/reading.ts";
import type { Leftovers, Row, Table } from "../../src/cef/mapping/table.ts";
import { compactJson } from "../../src/cef/secrets.ts";
import { isSecretName } from "../../src/event/secrets.ts";

interface Place {
  readonly section: number;
  readonly name: string;
}

interface CompiledRow {
  readonly key: ExtensionKey;
  readonly places: readonly Place[];
  readonly read: Reading;
  readonly conform: ((text: string) => string | undefined) | undefined;
  readonly onlyWith: Place | undefined;
  /** The row whose text this row does not repeat; -1 for none. */
  readonly unlessIn: number;
}

const NOTHING: JsonRecord = {};
const S1_DATA = extensionKey("S1data");

/** The twin of `CompiledTable`: each row looks its paths up in the record. Slow, and the oracle of its property test. */
export class PlainTable {
  readonly #sections: (readonly string[])[] = [[]];
  readonly #opened: JsonRecord[] = [];
  readonly #rows: readonly CompiledRow[];
  readonly #trailerStart: number;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #leftovers: CompiledLeftovers;
  /** The text that each row found, unescaped and uncut; undefined for rows that were not written. */
  readonly #found: (string | undefined)[];

  constructor(table: Table) {
    const rows = [...table.rows, ...table.trailer];
    this.#found = rows.map(() => undefined);
    this.#trailerStart = table.rows.length;
    this.#rows = rows.map((row) => this.#compile(row, rows));
    this.#indexOf = new Map(rows.map((row, index) => [row.key, index]));
    if (this.#indexOf.size !== rows.length) throw new Error("mapping table: a key has two rows");
    this.#leftovers = this.#compileLeftovers(table.leftovers, rows);
  }

  open(record: JsonRecord): void {
    for (let index = 0; index < this.#sections.length; index += 1) {
      let value: JsonValue | undefined = record;
      for (const name of this.#sections[index] ?? []) value = isObject(value) ? value[name] : undefined;
      this.#opened[index] = isObject(value) ? value : NOTHING;
    }
    this.#found.fill(undefined);
  }

  writeRows(extension: Extension): void {
    this.#write(extension, 0, this.#trailerStart);
  }

  writeTrailer(extension: Extension): void {
    this.#write(extension, this.#trailerStart, this.#rows.length);
  }

  /** What the key's row found in the record. */
  found(key: string): string | undefined {
    const index = this.#indexOf.get(key);
    return index === undefined ? undefined : this.#found[index];
  }

  /** Call it after the rows: what they have told is left out. */
  writeLeftovers(extension: Extension): void {
    const section = this.#opened[this.#leftovers.section];
    let members = "";
    for (const name in section) {
      const value = section[name];
      if (value === undefined || value === null || value === "" || this.#isTold(name, value)) continue;
      const text = isSecretName(name) ? undefined : compactJson(value, name);
      if (text !== undefined) members += `${members === "" ? "" : ","}${JSON.stringify(name)}:${text}`;
    }
    if (members !== "") extension.add(S1_DATA, `{${members}}`);
  }

  #write(extension: Extension, start: number, end: number): void {
    for (let index = start; index < end; index += 1) {
      const row = this.#rows[index];
      if (row === undefined || (row.onlyWith !== undefined && this.#at(row.onlyWith) === undefined)) continue;
      for (const place of row.places) {
        const value = this.#at(place);
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

  #at(place: Place): JsonValue | undefined {
    const value = this.#opened[place.section]?.[place.name];
    return value === null || value === "" ? undefined : value;
  }

  #isTold(name: string, value: JsonValue): boolean {
    if (this.#leftovers.drop.has(name)) return true;
    const rows = this.#leftovers.rows.get(name);
    const places = this.#leftovers.sameAs.get(name);
    if (rows === undefined && places === undefined) return false;
    if (this.#leftovers.covered.get(name)?.some((index) => this.#found[index] !== undefined) === true) return true;
    const text = asText(value);
    if (rows?.some((index) => this.#found[index] === text || this.#foundBy(index, value)) === true) return true;
    return places?.some((place) => asText(this.#at(place) ?? null) === text) === true;
  }

  /** A row with a reading of its own has told the value in other letters; of a flag, by its absence. */
  #foundBy(index: number, value: JsonValue): boolean {
    const read = this.#rows[index]?.read;
    if (read === asFlag) return typeof value === "boolean";
    const found = this.#found[index];
    return found !== undefined && read?.(value) === found;
  }

  #compile(row: Row, rows: readonly Row[]): CompiledRow {
    const key = extensionKey(row.key, row.label);
    return {
      key,
      places: row.from.map((path) => this.#place(path)),
      read: row.as ?? asText,
      conform: key.type === "string" ? undefined : CONFORM[key.type],
      onlyWith: row.onlyWith === undefined ? undefined : this.#place(row.onlyWith),
      unlessIn: rows.findIndex((other) => other.key === row.unlessIn),
    };
  }

  #compileLeftovers({ section, sameAs, drop }: Leftovers, rows: readonly Row[]): CompiledLeftovers {
    const prefix = section === "" ? "" : `${section}.`;
    const byName = new Map<string, number[]>();
    const covered = new Map<string, number[]>();
    const note = (map: Map<string, number[]>, path: string, index: number): void => {
      if (!path.startsWith(prefix)) return;
      const name = path.slice(prefix.length);
      map.set(name, [...(map.get(name) ?? []), index]);
    };
    for (const [index, row] of rows.entries()) {
      for (const path of row.from) note(byName, path, index);
      for (const path of row.covers ?? []) {
        note(byName, path, index);
        note(covered, path, index);
      }
    }
    const places = Object.entries(sameAs).map(([name, paths]): [string, readonly Place[]] => [
      name,
      paths.map((path) => this.#place(path)),
    ]);
    return {
      section: this.#section(section === "" ? [] : [section]),
      rows: byName,
      covered,
      sameAs: new Map(places),
      drop: new Set(drop),
    };
  }

  #place(path: string): Place {
    const names = path.split(".");
    const name = names.pop() ?? "";
    return { section: this.#section(names), name };
  }

  #section(names: readonly string[]): number {
    const path = names.join(".");
    const index = this.#sections.findIndex((known) => known.join(".") === path);
    return index === -1 ? this.#sections.push(names) - 1 : index;
  }
}

interface CompiledLeftovers {
  readonly section: number;
  /** The rows that may hold a member, by its name. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
  readonly covered: ReadonlyMap<string, readonly number[]>;
  readonly sameAs: ReadonlyMap<string, readonly Place[]>;
  readonly drop: ReadonlySet<string>;
}
