import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { FEEDS } from "../../../src/feeds/index.ts";
import { columnOf, mappingPage } from "../../../src/message/mapping-doc.ts";

test("docs/mapping.md is current", () => {
  expect(readFileSync(new URL("../../../docs/mapping.md", import.meta.url), "utf8")).toBe(mappingPage());
});

test("every key that is written has a column", () => {
  for (const { key } of Object.values(FEEDS).flatMap(({ mapping: { table } }) => table.rows))
    expect([key, columnOf(key)]).toStrictEqual([key, expect.any(String)]);
});
