import { describe, expect, test } from "vitest";
import { BridgeError } from "../../../src/lib/errors.ts";
import { AnswerBody } from "../../../src/sentinelone/answer-body.ts";
import { type RawAnswer, errorOf, retryAfter } from "../../../src/sentinelone/answer.ts";

const JSON_TYPE = "application/json";
const HTML_TYPE = "text/html; charset=utf-8";

function answer(status: number, text: string, more: Partial<RawAnswer> = {}): RawAnswer {
  const contentType = text.startsWith("<") ? HTML_TYPE : JSON_TYPE;
  return {
    status,
    body: new AnswerBody(Buffer.from(text)),
    contentType,
    retryAfter: undefined,
    requestId: undefined,
    ...more,
  };
}

function html(title: string): string {
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
}

function told(code: number, title: string, detail: string | null): string {
  return JSON.stringify({ errors: [{ code, detail, title }] });
}

const INTERNAL = told(5_000_010, "Internal server error", "Server could not process the request.");

describe("an answer means", () => {
  test.each<[status: number, text: string, code: string, parked: boolean]>([
    [400, told(4_000_010, "Validation Error", "dict_values(['agentIds']): Unknown field"), "REFUSED", true],
    [400, told(4_000_010, "Validation Error", 'type: 0: "ALL" is not a valid choice.'), "REFUSED", true],
    [
      400,
      '{"errors":[{"code":400,"title":"Bad Request","detail":{"limit":["Must be between 1 and 1000."]}}]}',
      "REFUSED",
      true,
    ],
    [400, '{"error":"missing scope information"}', "REFUSED", true],
    [401, told(4_010_010, "Authentication Failed", null), "UNAUTHORIZED", false],
    [403, told(4_030_010, "Insufficient permissions", null), "FORBIDDEN", true],
    [403, told(4_030_010, "Insufficient permissions", "Action limited to global admins."), "FORBIDDEN", true],
    [403, told(4_030_010, "Insufficient permissions", "Action is not allowed to site users"), "FORBIDDEN", true],
    [404, told(4_040_010, "Requested resource was not found", ""), "MISSING", true],
    [404, "404 page not found", "MISSING", true],
    [429, html("429 Too Many Requests"), "THROTTLED", false],
    [500, INTERNAL, "UNAVAILABLE", false],
    [500, INTERNAL + html("500 Internal Server Error"), "UNAVAILABLE", false],
    [
      500,
      '{"timestamp":"2026-11-21T20:00:00.000+00:00","status":500,"error":"Internal Server Error","path":"/"}',
      "UNAVAILABLE",
      false,
    ],
    [501, told(5_010_010, "Not supported", null), "MISSING", true],
    [502, html("502 Bad Gateway"), "UNAVAILABLE", false],
    [502, "Bad Gateway", "UNAVAILABLE", false],
    [503, html("503 Service Temporarily Unavailable"), "UNAVAILABLE", false],
    [504, html("504 Gateway Time-out"), "UNAVAILABLE", false],
    [302, "", "UNAVAILABLE", false],
    [200, html("Sign in"), "UNAVAILABLE", false],
    [204, "", "UNAVAILABLE", false],
    [206, '{"data":[]}', "UNAVAILABLE", false],
    [418, "{}", "UNAVAILABLE", false],
  ])("with %i and %s: %s", (status, text, code, parked) => {
    const error = errorOf(answer(status, text), "activities");
    expect(error?.code).toBe(`BRIDGE_FEED_${code}`);
    expect(error?.retryable).toBe(true);
    expect((error?.retryAfterMs ?? 0) >= 5 * 60_000).toBe(parked);
    expect(error?.message).toContain(`activities with ${status}`);
  });

  test("a refused cursor only when the request had one", () => {
    const refused = answer(400, told(4_000_010, "Validation Error", "Invalid cursor value received"));
    expect(errorOf(refused, "activities", true)?.code).toBe("BRIDGE_FEED_CURSOR_REFUSED");
    expect(errorOf(refused, "activities", false)?.code).toBe("BRIDGE_FEED_REFUSED");
  });

  test.each([JSON_TYPE, "application/json; charset=utf-8", "Application/JSON", "application/problem+json"])(
    "success with 200 and %s",
    (contentType) => {
      expect(errorOf(answer(200, '{"data":[]}', { contentType }), "activities")).toBeUndefined();
    },
  );

  test("success with 200 and no type at all when it looks like an object", () => {
    expect(errorOf(answer(200, ' {"data":[]}', { contentType: "" }), "activities")).toBeUndefined();
    expect(errorOf(answer(200, html("Sign in"), { contentType: "" }), "activities")).toBeInstanceOf(BridgeError);
  });

  test("what the vendor says of it, in a message of bounded length", () => {
    const failure = errorOf(
      answer(403, told(4_030_010, "Insufficient permissions", "x".repeat(5000)), { requestId: "abc" }),
      "threats",
    );
    expect(failure?.message).toMatch(/threats with 403: 4030010 Insufficient permissions x+ \(X-RqId abc\)$/);
    expect(failure?.message.length).toBeLessThan(400);
  });

  test.each(["null", "[]", '{"errors":null}', '{"errors":[null,1,"x"]}', '{"errors":{"code":1}}', "{", ""])(
    "an error all the same when its body is %j",
    (text) => {
      expect(errorOf(answer(500, text), "activities")?.code).toBe("BRIDGE_FEED_UNAVAILABLE");
    },
  );
});

describe("Retry-After", () => {
  const NOW = Date.UTC(2026, 10, 21, 12);

  test.each<[string | undefined, number | undefined]>([
    ["7", 7000],
    [" 7 ", 7000],
    ["0", 0],
    ["1.5", 1500],
    ["Sat, 21 Nov 2026 12:01:30 GMT", 90_000],
    ["Sat, 21 Nov 2026 11:00:00 GMT", 0],
    ["999999999", 60 * 60_000],
    ["Sat, 21 Nov 2099 11:00:00 GMT", 60 * 60_000],
    [undefined, undefined],
    ["", undefined],
    ["soon", undefined],
    ["7 seconds", undefined],
  ])("%j is %j", (header, expected) => {
    expect(retryAfter(header, NOW)).toBe(expected);
  });

  test.each([429, 500, 503])("is heard with %i", (status) => {
    expect(errorOf(answer(status, "", { retryAfter: "7" }), "activities")?.retryAfterMs).toBe(7000);
  });
});
