import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { JsonValue } from "../../../src/event/event.ts";
import { isSecretName } from "../../../src/event/secrets.ts";
import { compactJson, withoutQuery, withoutSecrets } from "../../../src/cef/secrets.ts";

describe("secrets", () => {
  test.each([
    "registrationToken",
    "licenseKey",
    "license_key",
    "passphrase",
    "agentPassphrase",
    "password",
    "clientSecret",
    "apiToken",
    "token",
    "API_KEY",
  ])("%s is a secret's name", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each(["userName", "storyline", "threatId", "fileHash", "passed"])("%s is not", (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  test("are left out of compact JSON at any depth", () => {
    const value = {
      a: [{ b: { registrationToken: "CANARY", c: 1 } }],
      password: "CANARY",
      text: '{"apiToken": "CANARY"}',
    };
    expect(compactJson(value)).toBe('{"a":[{"b":{"c":1}}],"text":"[redacted]"}');
  });

  test("are not told by JSON that stands in a string", () => {
    expect(withoutSecrets('[{"licenseKey":"CANARY"}]')).toBe("[redacted]");
    expect(withoutSecrets('{"mode":"detect"}')).toBe('{"mode":"detect"}');
    expect(withoutSecrets("The user viewed the passphrase")).toBe("The user viewed the passphrase");
  });

  test("links lose what may open them", () => {
    expect(withoutQuery("https://x.example/a?apiToken=1#b")).toBe("https://x.example/a");
    expect(compactJson({ reportUrl: "/report/1?key=2" })).toBe('{"reportUrl":"/report/1"}');
  });
});

test("no record is too deep", () => {
  let value: JsonValue = "end";
  for (let depth = 0; depth < 100_000; depth += 1) value = depth % 2 === 0 ? [value] : { a: value };
  expect(compactJson({ deep: value, near: 1 })).toBe('{"near":1}');
});

test("compact JSON is JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = compactJson(value as JsonValue);
      expect(() => (text === undefined ? undefined : (JSON.parse(text) as unknown))).not.toThrow();
    }),
  );
});
