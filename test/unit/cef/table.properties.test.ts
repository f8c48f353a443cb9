import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { Extension } from "../../../src/cef/extension.ts";
import { CompiledTable } from "../../../src/cef/mapping/table.ts";
import type { Row, Table } from "../../../src/cef/mapping/table.ts";
import type { JsonRecord, JsonValue } from "../../../src/event/event.ts";
import { FEEDS } from "../../../src/feeds/index.ts";
import { PlainTable } from "../../support/plain-table.ts";
import { fixtures } from "../message/events.ts";

/** Few, so that two paths often hold the same. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<JsonValue>("a", "b", "2254947309384938041", 1, true, "", null) },
  { weight: 1, arbitrary: fc.constantFrom<JsonValue>("198.51.100.7", "2001:db8::1", "x=1\\", "2026-09-21T12:00:00Z") },
  { weight: 1, arbitrary: fc.constantFrom<JsonValue>([], ["a", "b"], {}, { id: "b", token: "t" }, [{ status: "a" }]) },
);

const unknownName = fc.constantFrom("novel", "apiToken", "consoleUrl", "0", "__proto__", "constructor", "ключ");

function pathsOf({ rows, trailer, leftovers }: Table): readonly string[] {
  const ofRow = ({ from, covers = [], onlyWith }: Row): readonly string[] => [...from, ...covers, onlyWith ?? "id"];
  const { section, sameAs, drop } = leftovers;
  const inside = [...Object.keys(sameAs), ...drop].map((name) => (section === "" ? name : `${section}.${name}`));
  return [...[...rows, ...trailer].flatMap(ofRow), ...Object.values(sameAs).flat(), ...inside];
}

/** Records that have some of the table's paths, or another value in the place of a section. */
function recordOf(table: Table): fc.Arbitrary<JsonRecord> {
  const { section } = table.leftovers;
  const unknown = unknownName.map((name) => (section === "" ? name : `${section}.${name}`));
  const path = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...pathsOf(table)) },
    { weight: 1, arbitrary: unknown },
    { weight: 1, arbitrary: fc.constantFrom(section === "" ? "data" : section, "data", "unknown") },
  );
  return fc.array(fc.tuple(path, value), { maxLength: 60 }).map((members) => {
    const record = {};
    for (const [names, member] of members) put(record, names.split("."), member);
    return record;
  });
}

function put(section: Record<string, unknown>, [name = "", ...rest]: readonly string[], member: JsonValue): void {
  const inner = Object.getOwnPropertyDescriptor(section, name)?.value as unknown;
  if (rest.length > 0 && typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    put(inner as Record<string, unknown>, rest, member);
    return;
  }
  const made = {};
  if (rest.length > 0) put(made, rest, member);
  // As JSON.parse does, `__proto__` is a name like any other.
  const whole = rest.length > 0 ? made : structuredClone(member);
  Object.defineProperty(section, name, { value: whole, enumerable: true, configurable: true, writable: true });
}

function written(table: CompiledTable | PlainTable, keys: readonly string[], record: JsonRecord): unknown {
  const extension = new Extension();
  table.open(record);
  table.writeRows(extension);
  table.writeLeftovers(extension);
  extension.startTrailer();
  table.writeTrailer(extension);
  const { values, truncated, trailerStart } = extension;
  const names = extension.keys.map(({ name }) => name);
  return { names, values, truncated, trailerStart, found: keys.map((key) => table.found(key)) };
}

describe.each(Object.values(FEEDS).map(({ name, mapping }) => [name, mapping.table, fixtures(name)] as const))(
  "the table of %s writes what it writes without any preparation",
  (_feed, table, records) => {
    const keys = [...table.rows, ...table.trailer].map(({ key }) => key);
    const compiled = new CompiledTable(table);
    const plain = new PlainTable(table);

    test("of recorded records", () => {
      for (const record of records) expect(written(compiled, keys, record)).toEqual(written(plain, keys, record));
    });

    test("of any record", () => {
      fc.assert(
        fc.property(recordOf(table), (record) => {
          expect(written(compiled, keys, record)).toEqual(written(plain, keys, record));
        }),
        { numRuns: 300 },
      );
    });
  },
);
