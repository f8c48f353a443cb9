import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Micros } from "../../src/event/time.ts";
import { BridgeError } from "../../src/lib/errors.ts";
import { packBlock } from "../../src/spool/block.ts";
import { SpoolUnusableError, SpoolWriteError } from "../../src/spool/errors.ts";
import { listIdentities } from "../../src/spool/identities.ts";
import { SpoolInspector } from "../../src/spool/inspect.ts";
import type { PackedPage } from "../../src/spool/packed.ts";
import { SpoolStore } from "../../src/spool/store.ts";
import { DISK_FAULTS, type DiskFault, withDiskFault } from "../support/disk-faults.ts";
import { zero } from "../support/damaged-spool.ts";
import { requireMounts } from "../support/requires.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { ACTIVITIES } from "./spool.contract.ts";

const root = mkdtempSync(join(tmpdir(), "s1bridge-opening-"));

afterAll(() => rmSync(root, { recursive: true, force: true }));

function open(directory: string): SpoolStore {
  return SpoolStore.open({ directory, maxBytes: 1 << 30, minFreeBytes: 0, collectors: ["c"] });
}

/** The code of the error that an opening ends with; undefined when it succeeds. */
function outcomeOf(directory: string): unknown {
  try {
    open(directory).close();
    return undefined;
  } catch (error) {
    return error instanceof BridgeError ? error.code : error;
  }
}

describe.skipIf(requireMounts().missing)("a spool on a disk with little room", () => {
  test.each([
    ["new", false],
    ["with something in it", true],
  ])("(%s) opens, or says that the disk is full, whatever is left of it", (_, isOld) => {
    const outcomes: unknown[] = [];
    for (let free = 0; free <= 640 << 10; free += 48 << 10) {
      using disk = new SmallDisk(join(root, "disk"), "12m");
      const directory = join(disk.directory, "spool");
      if (isOld) {
        const before = open(directory);
        before.openJob({ ...ACTIVITIES, from: 1 as Micros, until: 2 as Micros, collector: undefined, resend: false });
        before.close();
        rmSync(join(directory, "reserve"));
      }
      disk.fill(free);
      outcomes.push(outcomeOf(directory));
      disk.free();
      expect(outcomeOf(directory)).toBeUndefined();
    }
    expect(new Set(outcomes)).toEqual(new Set(["BRIDGE_SPOOL_WRITE", undefined]));
  });
});

/** All steps take minutes; other ones each day do not. */
const EVERY_STEP = process.env["S1BRIDGE_EVERY_STEP"] !== undefined;
const DAY = Math.floor(Date.now() / 86_400_000);
const STATES = [
  { state: "new", stride: 23 },
  { state: "old", stride: 23 },
  { state: "damaged", stride: 70 },
] as const;

describe("an opening whose disk refuses", () => {
  const cases = (Object.keys(DISK_FAULTS) as DiskFault[]).flatMap((fault) =>
    STATES.map(({ state, stride }) => ({ fault, state, stride: EVERY_STEP ? 1 : stride })),
  );

  test.each(cases)(
    "any one of its steps ($fault, $state) ends in an error that says what to do",
    ({ fault, state, stride }) => {
      const outcomes = new Set<unknown>();
      const attempt = (at: number): number => {
        const directory = mkdtempSync(join(root, `${fault}-`));
        prepare(directory, state);
        let outcome: unknown;
        const steps = withDiskFault(
          () => {
            outcome = outcomeOf(directory);
          },
          { fault, at },
        );
        outcomes.add(outcome);
        // Nothing was left open.
        expect([at, outcomeOf(directory)]).toEqual([at, undefined]);
        rmSync(directory, { recursive: true });
        return steps;
      };
      const steps = attempt(0);
      for (let at = 1 + (DAY % stride); at <= steps; at += stride) attempt(at);
      // Some steps may fail: the reserve, the mirror, a row that a salvage then does without.
      expect(outcomes).toEqual(
        new Set([undefined, fault === "ENOSPC" ? "BRIDGE_SPOOL_WRITE" : "BRIDGE_SPOOL_UNUSABLE"]),
      );
    },
  );
});

test.each(Object.keys(DISK_FAULTS) as DiskFault[])(
  "a page, a letter or a release that the disk refuses at any step (%s) is an error of the spool, and goes on later",
  async (fault) => {
    const packed = await onePage();
    const attempt = (at: number): number => {
      const directory = mkdtempSync(join(root, `work-${fault}-`));
      const store = open(directory);
      const work = (): void => {
        store.append(ACTIVITIES, packed);
        store.keepDeadLetters(ACTIVITIES, [{ reason: "not JSON", text: "x" }]);
        store.release("c", 1);
        store.survey();
      };
      let outcome: unknown;
      const steps = withDiskFault(
        () => {
          try {
            work();
          } catch (error) {
            outcome = store.explain(error);
          }
        },
        { fault, at },
      );
      expect([at, outcome === undefined || outcome instanceof SpoolWriteError]).toEqual([at, true]);
      store.close();
      expect([at, outcomeOf(directory)]).toEqual([at, undefined]);
      rmSync(directory, { recursive: true });
      return steps;
    };
    const steps = attempt(0);
    expect(steps).toBeGreaterThan(20);
    for (let at = 1 + (DAY % 5); at <= steps; at += EVERY_STEP ? 1 : 5) attempt(at);
  },
);

test.each(Object.keys(DISK_FAULTS) as DiskFault[])(
  "a look from outside that the disk refuses (%s) says so",
  (fault) => {
    const directory = mkdtempSync(join(root, `look-${fault}-`));
    open(directory).close();
    const attempt = (at: number): number => {
      let outcome: unknown;
      const look = (): void => {
        try {
          using inspector = new SpoolInspector(directory);
          inspector.overview();
          expect([...inspector.blocks()]).toEqual([]);
        } catch (error) {
          outcome = error;
        }
      };
      const steps = withDiskFault(look, { fault, at });
      expect([at, outcome === undefined || outcome instanceof SpoolUnusableError]).toEqual([at, true]);
      return steps;
    };
    const steps = attempt(0);
    expect(steps).toBeGreaterThan(15);
    for (let at = 1; at <= steps; at++) attempt(at);
  },
);

async function onePage(): Promise<PackedPage> {
  const entry = { id: "1", time: 5 as Micros, version: undefined, change: "event", text: '{"id":"1"}' } as const;
  return {
    identities: listIdentities([entry]),
    blocks: [{ count: 1, body: await packBlock([entry]) }],
    deadLetters: [],
    checkpoint: { time: 5 as Micros, floor: 0 as Micros },
    seenSince: 0 as Micros,
    consoleVersion: undefined,
  };
}

function prepare(directory: string, state: (typeof STATES)[number]["state"]): void {
  if (state === "new") return;
  open(directory).close();
  if (state === "damaged") zero(join(directory, "spool.db"), 4 * 8192, 8192);
}
