import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DamageLab, flip, missingLater, zero } from "../support/damaged-spool.ts";

/** The header of the write-ahead log, and of each frame in it, which holds a page. */
const HEADER = 32;
const FRAME = 24 + 8192;

let root: string;
let lab: DamageLab;
let size: number;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "s1bridge-wal-"));
  lab = await DamageLab.kill(root);
  ({ size } = statSync(`${lab.database}-wal`));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

const truncate = (end: number) => (path: string) => truncateSync(path, end);
const zeros = (from: number) => (path: string) => zero(path, from, FRAME / 2);

describe("the write-ahead log that a kill -9 has left", () => {
  test("has frames of which some are in the database", async () => {
    expect(size).toBeGreaterThan(HEADER + 50 * FRAME);
    expect(await missingLater(lab.copy(() => undefined))).toEqual([]);
  });

  test("with random bits flipped: never a loop, and every collector gets everything", async () => {
    const bit = fc.nat(8 * size - 1);
    await fc.assert(
      fc.asyncProperty(fc.array(bit, { minLength: 1, maxLength: 4 }), async (bits) => {
        expect(await missingLater(lab.copy((path) => flip(`${path}-wal`, bits)))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test("torn at a frame, or in its middle, or half of it zeros, or missing: every collector gets everything", async () => {
    const frames = Math.floor(size / FRAME);
    for (let at = HEADER; at < size; at += Math.floor(frames / 6) * FRAME) {
      for (const tear of [truncate(at), truncate(at + FRAME / 2), zeros(at + FRAME / 2)]) {
        const missing = await missingLater(lab.copy((path) => tear(`${path}-wal`)));
        expect({ at, missing }).toEqual({ at, missing: [] });
      }
    }
    expect(await missingLater(lab.copy((path) => rmSync(`${path}-wal`)))).toEqual([]);
  });
});
