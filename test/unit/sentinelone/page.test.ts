import { describe, expect, test } from "vitest";
import { normalizeCursor, readPage } from "../../../src/sentinelone/page.ts";

function page(text: string): ReturnType<typeof readPage> {
  return readPage(Buffer.from(text), "activities");
}

const CURSOR = Buffer.from('{"id_column": "ActivityView.id", "id_value": 1, "sort_by_value": "é>>>?"}').toString(
  "base64",
);

describe("a cursor", () => {
  test.each([null, undefined, "", "null", 5, {}, true])("%j is the end of the list", (cursor) => {
    expect(normalizeCursor(cursor)).toBeUndefined();
  });

  test("is the same plain, encoded, and encoded twice", () => {
    expect(CURSOR).toMatch(/[+/].*=$/);
    for (const given of [CURSOR, encodeURIComponent(CURSOR), encodeURIComponent(encodeURIComponent(CURSOR))]) {
      expect(normalizeCursor(given)).toBe(CURSOR);
    }
  });

  test("keeps its plus signs", () => {
    expect([normalizeCursor("a+b=="), normalizeCursor("a%2Bb%3D%3D")]).toEqual(["a+b==", "a+b=="]);
  });

  test("that can not be decoded is left as it is", () => {
    expect([normalizeCursor("100%"), normalizeCursor("%zz")]).toEqual(["100%", "%zz"]);
  });
});

describe("a page", () => {
  test.each([
    ['{"pagination":{"nextCursor":"abc","totalItems":1},"data":[{"id":"1"}]}', "abc"],
    ['{\n  "data": [\n    {"id":"1"}\n  ],\n  "pagination": { "totalItems": 1, "nextCursor": null }\n}\n', undefined],
    ['{"data":[{"id":"1"}],"pagination":null}', undefined],
    ['{"data":[{"id":"1"}],"pagination":"none"}', undefined],
    ['{"data":[{"id":"1"}],"pagination":[]}', undefined],
    ['{"data":[{"id":"1"}]}', undefined],
    ['{"data":[{"id":"1"}],"errors":[],"pagination":{}}', undefined],
    ['{"data":[{"id":"1"}],"errors":null}', undefined],
    ['{"data":[{"id":"1"}],"errors":[{"code":5000010}],"pagination":{"nextCursor":"x"}}', "x"],
  ])("with records is read: %s", (text, nextCursor) => {
    const { elements, ...others } = page(text);
    expect(elements.map((element) => [element.text, element.value()])).toEqual([['{"id":"1"}', { id: "1" }]]);
    expect(others.nextCursor).toBe(nextCursor);
  });

  test("without records is read too", () => {
    expect(page('{"data":[],"pagination":{"nextCursor":null}}').elements).toEqual([]);
  });

  test("has the text of each record as it came but with long integers in quotes, and its value", () => {
    const record = '{ "id" : "1","data":{"n":1464116206486530401, "s":"\\"]},{\\u0000"} }';
    const [element] = page(`{"data":[${record}]}`).elements;
    expect(element?.text).toBe(record.replace(/\d{19}/g, '"$&"'));
    expect(element?.value()).toMatchObject({ id: "1", data: { s: '"]},{\0' } });
  });

  test("gives an element that is no JSON as text without value, between its neighbours", () => {
    const { elements } = page('{"data":[{"id":"1"},{"id":},{"id":"3"}]}');
    expect(elements.map((element) => element.value())).toEqual([{ id: "1" }, undefined, { id: "3" }]);
  });

  test.each([
    '{"data":[],"errors":[{"code":5000010,"title":"Internal server error"}]}',
    '{"errors":[{"code":5000010}]}',
    '{"data":null}',
    '{"data":{}}',
    "{}",
    "null",
    "[]",
    "",
    "<html><body>Sign in</body></html>",
    '{"data":[{"id":"1"}],"pagination":{"nextCursor":"abc"}',
    '{"data":[{"id":"1"}',
    '{"data":[]}<html></html>',
  ])("is refused as unavailable: %s", (text) => {
    expect(() => page(text)).toThrow(
      expect.objectContaining({ code: "BRIDGE_FEED_UNAVAILABLE", retryable: true }) as Error,
    );
  });

  test("that is refused quotes little of what came", () => {
    const errors = JSON.stringify([{ title: "x".repeat(5000) }]);
    let message = "";
    try {
      page(`{"data":[],"errors":${errors}}`);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("errors");
    expect(message.length).toBeLessThan(500);
  });
});
