import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Micros } from "../../../src/event/time.ts";
import { TextSlice } from "../../../src/lib/text-slice.ts";
import { type BlockEntry, type BlockEvent, packBlock, unpackBlock } from "../../../src/spool/block.ts";

const ORIGIN = { console: "acme", feed: "activities", consoleVersion: undefined, sequence: undefined } as const;

function entry(id: string, text: BlockEntry["text"]): BlockEntry {
  return { id, time: 1 as Micros, version: undefined, change: "event", text };
}

test("a block that could not be written leaves nothing in the next one", async () => {
  const gone = new TextSlice({ bytes: Buffer.alloc(0), cuts: [] }, { start: 0, end: 8, units: 8 }, 0);
  await expect(packBlock([entry("1", '{"id":"1"}'), entry("2", gone)])).rejects.toThrow(RangeError);
  const { events } = unpackBlock(await packBlock([entry("3", '{"id":"3"}')]), ORIGIN);
  expect(events.map(({ id, record }) => [id, record])).toEqual([["3", { id: "3" }]]);
});

const TEXTS = ['{"id":"1","a":"Zoë"}', '{"id":"2"}', '{"id":"3","a":"日本 🦀"}', '{"id":"4",\n"b":\t1}'];

function jsonOf(event: BlockEvent): string | undefined {
  const bytes = Buffer.alloc(event.json?.byteLength ?? 0);
  event.json?.copyTo(bytes, 0);
  return event.json === undefined ? undefined : bytes.toString();
}

test.each([
  ["of ASCII", TEXTS.filter((text) => /^[ -~\n\t]+$/.test(text))],
  ["with other characters", TEXTS],
])("the records of a block %s are given as text and as the bytes of the same", async (_what, texts) => {
  const { events } = unpackBlock(await packBlock(texts.map((text, at) => entry(`${at}`, text))), ORIGIN);
  expect(events.map(({ text }) => text)).toEqual(texts);
  expect(events.map(jsonOf)).toEqual(texts);
});

test("a block of an older release, which did not write down the bytes of its records, is read as before", () => {
  const each = <T>(value: T): T[] => TEXTS.map(() => value);
  const index = {
    ids: TEXTS.map((_, at) => `${at}`),
    times: each(1),
    versions: each(null),
    changes: each("event"),
    lengths: TEXTS.map(({ length }) => length),
  };
  const body = zstdCompressSync(Buffer.from([JSON.stringify(index), ...TEXTS, ""].join("\n")));
  const { events } = unpackBlock(body, ORIGIN);
  expect(events.map(({ text }) => text)).toEqual(TEXTS);
  expect(events.map(({ record }) => record["id"])).toEqual(["1", "2", "3", "4"]);
  expect(events.map(jsonOf)).toEqual(TEXTS.map(() => undefined));
});
