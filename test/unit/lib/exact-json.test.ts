import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Slice, parseExact, parseSlice, scanList, scanObject } from "../../../src/lib/exact-json.ts";

/** JSON text as a program may write it: values with their text, spaces anywhere, integers of any length. */
interface Written {
  readonly text: string;
  /** What `parseExact` has to make of it. */
  readonly value: unknown;
}

const SPACE = fc.constantFrom("", "", "", " ", "\n", "\r\n\t", "  ");

const integer = fc
  .oneof(
    fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
    fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
    fc.bigInt(-99n, 99n),
  )
  .map((value): Written => {
    const isSafe = Number.isSafeInteger(Number(value));
    return { text: String(value), value: isSafe ? Number(value) : String(value) };
  });

const float = fc
  .tuple(
    fc.constantFrom("0", "-0", "7", "-12", "1234567890123456", "-12345678901234567890123456"),
    fc.constantFrom("", ".0", ".1234567890123456789", ".99999999999999999999"),
    fc.constantFrom("", "e5", "E+12", "e-1234567890123456", "e-10", "e0000000000000000001"),
  )
  .filter(([, fraction, exponent]) => fraction + exponent !== "")
  .map(([whole, fraction, exponent]): Written => ({
    text: whole + fraction + exponent,
    value: Number(whole + fraction + exponent),
  }));

const string = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 8 }),
    fc.string({ unit: fc.constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "1", "9", "\n", "u") }),
    fc.bigInt({ min: 10n ** 15n, max: 10n ** 25n }).map(String),
  )
  .map((value): Written => ({ text: JSON.stringify(value), value }));

const scalar = fc.oneof(
  { weight: 3, arbitrary: integer },
  float,
  { weight: 3, arbitrary: string },
  fc.constantFrom<Written>(
    { text: "true", value: true },
    { text: "false", value: false },
    { text: "null", value: null },
  ),
);

const {
  value: anyValue,
  list,
  object,
} = fc.letrec<{ value: Written; list: Written; object: Written }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, tie("list"), tie("object")),
  list: fc.array(fc.tuple(SPACE, tie("value"), SPACE), { maxLength: 5 }).map((items): Written => ({
    text: `[${items.map(([before, { text }, after]) => before + text + after).join(",")}]`,
    value: items.map(([, { value }]) => value),
  })),
  object: fc.array(fc.tuple(SPACE, string, SPACE, tie("value"), SPACE), { maxLength: 5 }).map((members): Written => ({
    text: `{${members.map(([a, key, b, { text }, c]) => `${a}${key.text}${b}:${b}${text}${c}`).join(",")}}`,
    value: Object.fromEntries(members.map(([, key, , { value }]) => [key.value as string, value])),
  })),
}));

const document = fc
  .tuple(SPACE, anyValue, SPACE)
  .map(([before, { text, value }, after]): Written => ({ text: before + text + after, value }));

describe("parseExact", () => {
  test("reads what JSON.parse reads, where no integer is beyond 2^53", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (text, indent) => {
        const pretty = JSON.stringify(JSON.parse(text), null, indent);
        // Whole numbers beyond 2^53 are written without a point as well.
        fc.pre(!/\d{16}/.test(pretty));
        expect(parseExact(pretty)).toEqual(JSON.parse(pretty));
      }),
    );
  });

  test("gives integers beyond 2^53 as their own text, wherever they stand, and nothing else", () => {
    fc.assert(
      fc.property(document, ({ text, value }) => {
        expect(parseExact(text)).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<[string, unknown]>([
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", "9007199254740992"],
    ["9999999999999999", "9999999999999999"],
    ["10000000000000000", "10000000000000000"],
    ["-9007199254740991", -9_007_199_254_740_991],
    ["-9007199254740993", "-9007199254740993"],
    [" 1464116206486530401\n", "1464116206486530401"],
    ["18446744073709551615", "18446744073709551615"],
    ["1234567890123456789.5", 1_234_567_890_123_456_800],
    ["1234567890123456789e1", 12_345_678_901_234_567_000],
    ["0.12345678901234567890", 0.123_456_789_012_345_68],
    ["[1464116206486530401,1464116206486530402]", ["1464116206486530401", "1464116206486530402"]],
    ['{"1464116206486530401":1464116206486530401}', { "1464116206486530401": "1464116206486530401" }],
    ['"1464116206486530401"', "1464116206486530401"],
    ['"\\\\" ', "\\"],
    ['["\\\\\\"1464116206486530401",1464116206486530401]', ['\\"1464116206486530401', "1464116206486530401"]],
    ["null", null],
    ['{"a":1,"a":1464116206486530401}', { a: "1464116206486530401" }],
  ])("reads %s", (text, value) => {
    expect(parseExact(text)).toEqual(value);
  });

  test("throws a SyntaxError for everything that is cut before its end", () => {
    fc.assert(
      fc.property(
        fc.oneof(list, object, string),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        ({ text }, share) => {
          expect(() => parseExact(text.slice(0, Math.floor(text.length * share)))).toThrow(SyntaxError);
        },
      ),
    );
  });

  test.each([
    "",
    " ",
    "{",
    "[1,",
    "[1 2]",
    "{]",
    '{"a":}',
    "12345678901234567890x",
    "tru",
    "[1]]",
    '{"a":1}{"a":2}',
    "- 1464116206486530401",
  ])("throws a SyntaxError for %j", (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });
});

describe("scanObject", () => {
  const scan = (text: string): ReturnType<typeof scanObject> => scanObject(Buffer.from(text), "data");
  const valueIn = (text: string, slice: Slice): unknown => parseSlice(Buffer.from(text), slice);

  const members = fc.array(fc.tuple(fc.constantFrom("pagination", "errors", "data2", "x"), anyValue), { maxLength: 4 });

  test("finds the elements of the list and the other members, in whatever order they come", () => {
    fc.assert(
      fc.property(
        members,
        members,
        fc.array(fc.tuple(SPACE, anyValue, SPACE)),
        SPACE,
        (before, after, elements, space) => {
          const data = `"data"${space}:${space}[${elements.map(([a, { text }, b]) => a + text + b).join(",")}]`;
          const member = ([key, { text }]: [string, Written]): string => `${JSON.stringify(key)}:${text}${space}`;
          const text = `${space}{${[...before.map(member), data, ...after.map(member)].join(",")}}${space}`;
          const scanned = scan(text);
          expect(scanned?.elements?.map((slice) => valueIn(text, slice))).toEqual(
            elements.map(([, { value }]) => value),
          );
          const expected = new Map([...before, ...after].map(([key, { value }]) => [key, value]));
          for (const [key, value] of expected) {
            const slice = scanned?.members.get(key);
            expect(slice && valueIn(text, slice)).toEqual(value);
          }
        },
      ),
    );
  });

  test("is undefined for an object that is cut at any place", () => {
    const text =
      '{"data":[{"id":"1","n":1464116206486530401,"s":"a\\"]}"},{"id":"2"} , [1,{}],"x",1.5e3],"pagination":{"nextCursor":"a==","totalItems":2}}';
    expect(scan(text)?.elements).toHaveLength(5);
    for (let length = 0; length < text.length; length++) expect(scan(text.slice(0, length))).toBeUndefined();
  });

  test("is undefined for an object that is cut, whatever it holds", () => {
    fc.assert(
      fc.property(object, fc.nat(), ({ text }, at) => {
        expect(scan(text.slice(0, at % text.length))).toBeUndefined();
      }),
    );
  });

  test.each([
    "",
    "null",
    "[1]",
    '"data"',
    "<html>",
    '{"data":[]} trailing',
    '{"data":[]}{"data":[]}',
    '{"errors":[]}<html></html>',
  ])("is undefined for %j, which is no object or more than one", (text) => {
    expect(scan(text)).toBeUndefined();
  });

  test.each(['{"data":null}', '{"data":{}}', '{"data":"[1]"}', "{}", '{"a":{"data":[1]}}'])(
    "has no elements in %s",
    (text) => {
      expect(scan(text)).toMatchObject({ elements: undefined });
    },
  );

  test.each([
    ['{"data":[1],"data":[2]}', [2]],
    ['{"data":null,"data":[2]}', [2]],
    ['{"data":[1],"data":null}', undefined],
  ])("takes the last of several members of one name, as JSON.parse does: %s", (text, expected) => {
    expect(scan(text)?.elements?.map((slice) => valueIn(text, slice))).toEqual(expected);
  });
});

describe("scanList", () => {
  test("cuts a list into its elements, each with its own text", () => {
    fc.assert(
      fc.property(fc.array(anyValue), fc.string(), (elements, before) => {
        const text = `${before}[${elements.map((element) => element.text).join(",\n")}]`;
        const json = Buffer.from(text);
        const slices = scanList(json, Buffer.byteLength(before));
        expect(slices?.map(({ start, end }) => json.toString("utf8", start, end).trim())).toEqual(
          elements.map((element) => element.text),
        );
      }),
    );
  });

  test("is undefined for a list without end", () => {
    for (const text of ["[1,2", '["a]', "[{]", ""]) expect(scanList(Buffer.from(text))).toBeUndefined();
  });
});
