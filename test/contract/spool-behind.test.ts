import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Appended, Page, PageRecord, RecordKind } from "../../src/bridge/ports.ts";
import { fingerprint } from "../../src/event/fingerprint.ts";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { ACTIVITIES, NEVER, checkpoint, idsOf, page, readTo, record } from "./spool.contract.ts";

async function withSpool<T>(work: (spool: ThreadedSpool) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-behind-"));
  const options = { directory, maxBytes: 1 << 30, minFreeBytes: 0 };
  const spool = await ThreadedSpool.open({ ...options, collectors: jsonCollectors("c") });
  try {
    return await work(spool);
  } finally {
    await spool.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

test("a page behind one that is under way has nothing of it twice", async () => {
  await withSpool(async (spool) => {
    const first = spool.append(ACTIVITIES, page([record("1"), record("2")]), NEVER);
    const second = spool.append(ACTIVITIES, page([record("2"), record("3")]), NEVER, { after: first });
    const third = spool.append(ACTIVITIES, page([record("1"), record("3"), record("4")]), NEVER, { after: second });
    const appended = await Promise.all([first, second, third]);
    expect(appended.map(({ added, duplicates }) => [added, duplicates])).toEqual([
      [2, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(idsOf(await readTo(4, await spool.reader("c")))).toEqual(["1", "2", "3", "4"]);
  });
});

test.each([
  ["while it is under way", false],
  ["when it has failed already", true],
])("a page behind one that is not stored is not stored either, %s", async (_when, isLate) => {
  await withSpool(async (spool) => {
    const poisoned = page([record("1")], { checkpoint: checkpoint(10), consoleVersion: {} as never });
    const first = spool.append(ACTIVITIES, poisoned, NEVER);
    first.catch(() => undefined);
    if (isLate) await first.catch(() => setImmediate());
    const second = page([record("1"), record("2")], { checkpoint: checkpoint(20) });
    await expect(spool.append(ACTIVITIES, second, NEVER, { after: first })).rejects.toMatchObject({
      code: "BRIDGE_SPOOL_WRITE",
    });
    await expect(first).rejects.toMatchObject({ code: "BRIDGE_SPOOL_WRITE" });
    expect([await spool.checkpoint(ACTIVITIES), spool.end]).toEqual([undefined, 0]);
    expect(await spool.append(ACTIVITIES, second, NEVER)).toMatchObject({ added: 2, duplicates: 0 });
  });
});

test("one that only comes later does not fail with it", async () => {
  await withSpool(async (spool) => {
    const poisoned = page([record("1")], { consoleVersion: {} as never });
    const first = spool.append(ACTIVITIES, poisoned, NEVER);
    const other = spool.append(ACTIVITIES, page([record("1")]), NEVER);
    await expect(first).rejects.toMatchObject({ code: "BRIDGE_SPOOL_WRITE" });
    expect(await other).toMatchObject({ added: 1 });
  });
});

test("pages one behind the other give what they give one after the other", async () => {
  const kind = fc.constantFrom<RecordKind>("entry", "state", "member", "note");
  const some = fc.record({ kind, id: fc.nat(3), version: fc.nat(3), name: fc.nat(2) });
  const letter = fc.nat(2).map((at) => ({ reason: "not an object", text: `"${at}"` }));
  const one = fc.record({ records: fc.array(some, { maxLength: 6 }), deadLetters: fc.array(letter, { maxLength: 2 }) });
  await withSpool(async (spool) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 2, maxLength: 6 }), fc.boolean(), async (given, haveVersions) => {
        const pages = given.map(({ records, deadLetters }, at) =>
          page(
            records.map((each) => (haveVersions ? objectOf(each, at) : record(String(each.id)))),
            { deadLetters, checkpoint: checkpoint(at + 1) },
          ),
        );
        // Each run has a console of its own, and no spool: a hundred threads take their time.
        run += 1;
        const inTurn = await stored(spool, `in turn ${run}`, pages, false);
        expect(await stored(spool, `behind ${run}`, pages, true)).toEqual(inTurn);
      }),
      { numRuns: 300 },
    );
  });
});

function objectOf(
  { kind, id, version, name }: { kind: RecordKind; id: number; version: number; name: number },
  walk: number,
): PageRecord {
  const value = { id: String(id), name };
  return record(value.id, {
    kind,
    version: `v${version}`,
    text: JSON.stringify(value),
    fingerprint: fingerprint(value, `v${version}`),
    versionIfSame: `v${version}~${walk}`,
  });
}

async function stored(
  spool: ThreadedSpool,
  console: string,
  pages: readonly Page[],
  isBehind: boolean,
): Promise<unknown> {
  const key = { console, feed: "sites" } as const;
  const from = spool.end;
  const appends: Promise<Appended>[] = [];
  for (const each of pages) {
    const appended = spool.append(key, each, NEVER, isBehind ? { after: appends.at(-1) } : {});
    appends.push(appended);
    if (!isBehind) await appended;
  }
  const appended = await Promise.all(appends);
  const events = await readTo(spool.end, await spool.reader("c"), from);
  return [
    appended,
    events.map(({ key: name, change, changed, record: value }) => [name, change, changed, value]),
    await spool.checkpoint(key),
  ];
}
