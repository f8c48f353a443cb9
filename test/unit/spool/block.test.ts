import { expect, test } from "vitest";
import type { Micros } from "../../../src/event/time.ts";
import { TextSlice } from "../../../src/lib/text-slice.ts";
import { type BlockEntry, packBlock, unpackBlock } from "../../../src/spool/block.ts";

const ORIGIN = { console: "acme", feed: "activities", consoleVersion: undefined, sequence: undefined } as const;

function entry(id: string, text: BlockEntry["text"]): BlockEntry {
  return { id, time: 1 as Micros, version: undefined, change: "event", text };
}

test("a block that could not be written leaves nothing in the next one", async () => {
  const gone = new TextSlice(Buffer.alloc(0), { start: 0, end: 8, units: 8 }, []);
  await expect(packBlock([entry("1", '{"id":"1"}'), entry("2", gone)])).rejects.toThrow(RangeError);
  const { events } = unpackBlock(await packBlock([entry("3", '{"id":"3"}')]), ORIGIN);
  expect(events.map(({ id, record }) => [id, record])).toEqual([["3", { id: "3" }]]);
});
