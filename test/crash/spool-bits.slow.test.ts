import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DamageLab, flip, missingLater, zero } from "../support/damaged-spool.ts";

let root: string;
let lab: DamageLab;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "s1bridge-bits-"));
  lab = await DamageLab.make(root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** In bytes 60 to 63 stands the format, and a low bit of it makes a spool of a newer release: that is refused. */
const isFormat = (bit: number): boolean => Math.floor(bit / 8) >= 60 && Math.floor(bit / 8) < 64;

test("random bits flipped anywhere: never a loop, and every collector gets everything", async () => {
  const anywhere = fc.nat(8 * statSync(lab.database).size - 1);
  // There stand the names of tables and columns.
  const firstPage = fc.nat(8 * 8192 - 1);
  const bit = fc.oneof(anywhere, firstPage).filter((at) => !isFormat(at));
  await fc.assert(
    fc.asyncProperty(fc.array(bit, { minLength: 1, maxLength: 12 }), async (bits) => {
      expect(await missingLater(lab.copy((path) => flip(path, bits)))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("any half page of zeros, as a torn write leaves it: every collector gets everything", async () => {
  const size = statSync(lab.database).size;
  for (let at = 0; at < size; at += 4096)
    expect(await missingLater(lab.copy((path) => zero(path, at, 4096)))).toEqual([]);
  expect(size).toBeGreaterThan(20 * 4096);
});
