import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { type ScannedRecord, parseExact, scanList, scanObject } from "../../../src/lib/exact-json.ts";
import { ByteRecordScanner } from "../../../src/lib/record-scan/byte-scanner.ts";
import { RecordScanner } from "../../../src/lib/record-scan/scanner.ts";

const NAMES = ["id", "createdAt", "activityType"];

const SCANNERS = [
  ["in JavaScript", RecordScanner],
  ["in WebAssembly", ByteRecordScanner],
] as const;

type Scanner = new (json: Buffer, names: readonly string[]) => Pick<RecordScanner, "read">;

function readBy(scanner: Scanner, text: string): ScannedRecord | undefined {
  const record = new scanner(Buffer.from(text), NAMES).read(0);
  return record !== undefined && "head" in record ? record : undefined;
}

/** True when the scan says nothing, or what `JSON.parse` says. */
function agreesBy(scanner: Scanner, text: string): boolean {
  const record = readBy(scanner, text);
  if (record === undefined) return true;
  const whole = Buffer.from(text).toString("utf8", 0, record.end);
  const parsed = JSON.parse(whole) as Record<string, unknown>;
  const longRuns = [...withoutStrings(whole).matchAll(/\d{16,}/g)].length;
  return (
    NAMES.every((name) => record.head[name] === parsed[name]) &&
    (record.longRuns?.length ?? 0) === longRuns &&
    record.units === whole.length
  );
}

function withoutStrings(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"/g, '""');
}

describe.each(SCANNERS)("the head of a record, read %s,", (_where, scanner) => {
  const read = (text: string): ScannedRecord | undefined => readBy(scanner, text);
  const agrees = (text: string): boolean => agreesBy(scanner, text);

  test.each([
    [
      "texts and numbers",
      '{"id":"1","createdAt":"now","activityType":19,"x":1}',
      { id: "1", createdAt: "now", activityType: 19 },
    ],
    ["characters of any length", '{"x":"é€😀","id":"é€😀"}', { id: "é€😀" }],
    ["the last of two", '{"id":"1","id":"2"}', { id: "2" }],
    ["the top level only", '{"id":"1","data":{"id":"2","list":[{"id":"3"}]}}', { id: "1" }],
    ["and no part of a text", '{"x":"\\"id\\":\\"2\\"","id":"1"}', { id: "1" }],
    ["behind a text that ends with a backslash", '{"x":"C:\\\\","id":"1"}', { id: "1" }],
  ])("is %s", (_what, text, expected) => {
    expect(read(text)?.head).toEqual(expected);
  });

  test.each([
    ["a value that is neither text nor integer", '{"id":null}'],
    ["an id that would be rounded", '{"id":2254947309384938041}'],
    ["a text with an escape", '{"id":"\\u0031"}'],
    ["a name with an escape", '{"\\u0069d":"1"}'],
    ["a fraction", '{"id":"1","x":0.5}'],
    ["nothing that was looked for", '{"x":{"id":"2"}}'],
    ["spaces", '{"id": "1"}'],
    ["a line break", '{"id":"1","x":"a\nb"}'],
    ["depth", `{"id":"1","x":${"[".repeat(40)}${"]".repeat(40)}}`],
  ])("is left to the parser because of %s", (_what, text) => {
    expect(read(text)).toBeUndefined();
  });

  test.each([
    '{"id":"1",}',
    '{"id":"1"',
    '{"id" "1"}',
    '{id:"1"}',
    '{"id":"1","x":01}',
    '{"id":"1","x":-}',
    '{"id":"1","x":nul}',
    '{"id":"1","x":"\\x"}',
    '{"id":"1","x":"\\u12g4"}',
    '{"id":"1","x":[1,]}',
    '{"id":"1","x":[1}',
    '{"id":"1","x":1e}',
    '["id","1"]',
    '"id"',
    "",
  ])("is none of %s", (text) => {
    expect(read(text)).toBeUndefined();
  });

  test("is what the parser finds, for any value", () => {
    const record = fc.dictionary(
      fc.oneof(fc.constantFrom(...NAMES, "data"), fc.string()),
      fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constantFrom("a\\", '"', "C:\\x\\", 12, -3, 1e21)),
    );
    fc.assert(
      fc.property(record, (value) => {
        expect(agrees(JSON.stringify(value))).toBe(true);
      }),
    );
  });

  test("is never told of what the parser refuses", () => {
    const piece = fc.constantFrom(
      '"id"',
      '"1"',
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      "1",
      "-",
      "0",
      "null",
      "\\",
      '"',
      "\\u00e9",
      "e1",
    );
    const torn = fc.array(piece, { maxLength: 12 }).map((pieces) => `{"id":"1"${pieces.join("")}}`);
    fc.assert(
      fc.property(torn, (text) => {
        expect(agrees(text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    const broken = fc
      .tuple(fc.dictionary(fc.constantFrom("id", "a", "b\\"), fc.jsonValue()), fc.nat(), fc.nat({ max: 2 }))
      .map(([value, place, length]) => {
        const text = JSON.stringify(value);
        const at = place % text.length;
        return text.slice(0, at) + text.slice(at + length);
      });
    fc.assert(
      fc.property(broken, (text) => {
        expect(agrees(text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

test("a list gives the same elements with and without heads", () => {
  const element = fc.oneof(
    fc
      .dictionary(fc.constantFrom("id", "x"), fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" })))
      .map((value) => JSON.stringify(value)),
    fc.constantFrom("null", '{"id":"2",}', ' {"id": "3"}', '{"id":12345678901234567890}', '"]}"', '{"x":"\\\\"}'),
  );
  fc.assert(
    fc.property(fc.array(element, { maxLength: 8 }), (elements) => {
      const text = `{"data":[${elements.join(",")}],"pagination":{}}`;
      const slices = (heads: readonly string[]): unknown =>
        scanObject(Buffer.from(text), "data", heads)?.elements?.map(({ start, end, longRuns }) => ({
          start,
          end,
          longRuns,
        }));
      const whole = scanList(Buffer.from(text), '{"data":'.length);
      expect(slices(NAMES)).toEqual(slices([]));
      expect(slices([])).toEqual(whole?.map(({ start, end, longRuns }) => ({ start, end, longRuns })));
      expect(parseExact('{"a":1}')).toEqual({ a: 1 });
    }),
  );
});

describe("the scanner in WebAssembly", () => {
  const odd = fc.constantFrom(
    '{"id":',
    '"id":1}',
    "{}",
    "[]",
    " ",
    '{"x":1.5}',
    '{"id":"\\u00zz"}',
    "\0",
    '{"id":"a\\',
  );
  const member = fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constantFrom(2 ** 53, -7, 12, "é€😀"));
  const record = fc
    .dictionary(fc.oneof(fc.constantFrom(...NAMES, "data"), fc.string()), member)
    .map((value) => JSON.stringify(value).replaceAll("9007199254740992", "9007199254740993"));
  const torn = fc.tuple(record, fc.nat(), fc.nat({ max: 2 })).map(([text, place, length]) => {
    const at = place % text.length;
    return text.slice(0, at) + text.slice(at + length);
  });

  test.each([
    ["with members that are wanted", NAMES],
    ["with none", []],
  ])("says what its twin says, %s", (_what, names) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(record, torn, odd), { minLength: 1, maxLength: 5 }), (texts) => {
        const json = Buffer.from(texts.join(","));
        const [fast, slow] = [new ByteRecordScanner(json, names), new RecordScanner(json, names)];
        // From every place: what does not begin there is nothing.
        for (let start = 0; start <= json.length; start++) expect(fast.read(start)).toEqual(slow.read(start));
      }),
      { numRuns: 300 },
    );
  });

  test("takes turns with others, and reads texts that are larger than its memory", () => {
    const texts = [1, 50_000, 2, 70_000, 200_000, 3, 150_000, 4].map((length, at) =>
      JSON.stringify({ id: String(at), createdAt: "é".repeat(length % 7), text: "x".repeat(length), n: at }),
    );
    const json = Buffer.from(texts.join("\n"));
    const other = new ByteRecordScanner(Buffer.from('{"name":"other"}'), ["name"]);
    const [fast, slow] = [new ByteRecordScanner(json, NAMES), new RecordScanner(json, NAMES)];
    let start = 0;
    for (const text of texts) {
      expect(fast.read(start)).toEqual(slow.read(start));
      expect(fast.read(start)).toMatchObject({ head: { id: (JSON.parse(text) as { id: string }).id } });
      expect(other.read(0)).toMatchObject({ head: { name: "other" } });
      start += Buffer.byteLength(text) + 1;
    }
  });
});
