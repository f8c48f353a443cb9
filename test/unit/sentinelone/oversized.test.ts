import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_RECORD_LENGTH, RecordCutter, tooLong } from "../../../src/sentinelone/oversized.ts";
import { readGraph, readPage, readPageAs } from "../../../src/sentinelone/page.ts";
import { readElement } from "../../../src/sentinelone/records.ts";

const LONG = "x".repeat(MAX_RECORD_LENGTH);
const SOURCE = { path: "agents" };

function cut(text: string, chunkBytes = 65_536): Buffer {
  const cutter = new RecordCutter();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) cutter.write(bytes.subarray(at, at + chunkBytes));
  return cutter.bytes();
}

describe("an answer that is read in little room", () => {
  test("is the same where nothing in it is too long, wherever its chunks end", () => {
    fc.assert(
      fc.property(
        fc.record({ data: fc.array(fc.jsonValue()), pagination: fc.jsonValue(), more: fc.jsonValue() }),
        fc.integer({ min: 1, max: 40 }),
        (answer, chunkBytes) => {
          const text = JSON.stringify(answer, undefined, answer.data.length % 3);
          expect(cut(text, chunkBytes).toString()).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("keeps the records beside one that is too long, and the cursor", () => {
    const poison = JSON.stringify({ id: "2", note: `]}"\\ é ${LONG}`, list: [[1], { a: [2] }] });
    const text = `{"data":[{"id":"1","tags":[1,[2]]},${poison},{"id":"3"}],"pagination":{"nextCursor":"c","totalItems":3}}`;
    const { elements: read, nextCursor } = readPageAs(cut(text, 1000), "agents", { head: ["id"] }, (element) =>
      readElement(element, SOURCE),
    );
    expect(nextCursor).toBe("c");
    expect(read.map((one) => ("reason" in one ? "dead" : one.id))).toEqual(["1", "dead", "3"]);
    const sha256 = createHash("sha256").update(poison).digest("hex");
    expect(read[1]).toMatchObject({
      reason: `larger than a record may be: ${Buffer.byteLength(poison)} bytes, and the limit is ${MAX_RECORD_LENGTH}`,
      text: expect.stringContaining(`sha256 ${sha256}`),
    });
    expect(read[1]).toMatchObject({ text: expect.stringMatching(/^\{"id":"2","note":/) });
  });

  test("keeps its cursor also where the list lies deeper", () => {
    const lists = cut(`{"data":{"sites":[{"id":"1","a":"${LONG}"}],"allSites":{}},"pagination":{"nextCursor":"d"}}`);
    expect(readPage(lists, "sites", { within: "sites" })).toMatchObject({ nextCursor: "d", elements: [{}] });
    const graph = `{"data":{"alerts":{"edges":[{"cursor":"x","node":{"id":"1","a":"${LONG}"}}],"pageInfo":{"hasNextPage":true,"endCursor":"e"}}}}`;
    const { elements, nextCursor } = readGraph(cut(graph), "unifiedalerts/graphql", "alerts");
    expect(nextCursor).toBe("e");
    expect(elements.map((element) => "reason" in readElement(element, SOURCE))).toEqual([true]);
  });

  test("holds no more than a record while one comes that has no end", () => {
    const cutter = new RecordCutter();
    cutter.write(Buffer.from('{"data":[{"id":"1","a":"'));
    for (let chunk = 0; chunk < 3 * (MAX_RECORD_LENGTH >> 20); chunk++) cutter.write(Buffer.alloc(1 << 20, "x"));
    expect(cutter.keptBytes).toBeLessThan(MAX_RECORD_LENGTH + (1 << 20));
    cutter.write(Buffer.from('"}]}'));
    expect(cutter.bytes().length).toBeLessThan(100_000);
  });
});

describe("a record that is too long", () => {
  const record = (note: string): string => JSON.stringify({ id: "1", apiToken: "s3cr3t", note });

  test("is a dead letter with its beginning, its length and its hash, and without its secrets", () => {
    const letter = tooLong(record(LONG));
    expect(letter?.reason).toContain(String(record(LONG).length));
    expect(letter?.text.length).toBeLessThan(70_000);
    expect(letter?.text).not.toContain("s3cr3t");
  });

  test("is told from another that begins alike", () => {
    expect(tooLong(record(`${LONG}a`))?.text).not.toBe(tooLong(record(`${LONG}b`))?.text);
  });

  test("is none up to the limit", () => {
    expect(tooLong(JSON.stringify({ note: LONG.slice(20) }))).toBeUndefined();
  });
});

test("a record that is nested too deep to be written again is a dead letter", () => {
  const text = `{"id":"1","a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
  const [element] = readPage(Buffer.from(`{"data":[${text}]}`), "policies").elements;
  if (element === undefined) throw new Error("no element");
  const read = readElement(element, { ...SOURCE, belongs: () => ({ siteId: "7" }) });
  expect(read).toMatchObject({ reason: expect.stringContaining("too deep"), text });
});

test("a record whose id or version has no end goes by the hash of its text", () => {
  const [element] = readPage(Buffer.from(`{"data":[{"id":"${"9".repeat(5000)}"}]}`), "agents").elements;
  if (element === undefined) throw new Error("no element");
  expect(readElement(element, SOURCE)).toMatchObject({ id: expect.stringMatching(/^sha256-/) });
});
