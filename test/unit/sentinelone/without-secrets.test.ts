import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../../src/event/event.ts";
import { mayHaveSecrets, withoutSecretTexts, withoutSecretValues } from "../../../src/sentinelone/without-secrets.ts";

describe("a record", () => {
  test("has a mark in the place of each secret, and its times and flags stay", () => {
    const record = {
      id: "1",
      registrationToken: "CANARY",
      apiToken: { createdAt: "2026-01-01T00:00:00Z", expiresAt: "2026-07-01T00:00:00Z", token: "CANARY", uses: 12345 },
      canGenerateApiToken: true,
      nested: [{ deep: { decommissionPassphrase: "CANARY", licenseKeys: ["CANARY", ""] } }],
      raw: '{"password":"CANARY","user":"ada"}',
      token: null,
    };
    const mark: unknown = expect.stringMatching(/^\[redacted [0-9a-f]{4}\]$/);
    expect(withoutSecretValues(record)).toEqual({
      id: "1",
      registrationToken: mark,
      apiToken: { createdAt: "2026-01-01T00:00:00Z", expiresAt: "2026-07-01T00:00:00Z", token: mark, uses: mark },
      canGenerateApiToken: true,
      nested: [{ deep: { decommissionPassphrase: mark, licenseKeys: [mark, ""] } }],
      raw: '{"password":"[redacted]","user":"ada"}',
      token: null,
    });
  });

  test("shows by its mark that the secret is another one", () => {
    const marks = ["a", "b", "a"].map((token) => withoutSecretValues({ token })["token"]);
    expect(marks[0]).toBe(marks[2]);
    expect(marks[0]).not.toBe(marks[1]);
  });

  test("without such a name is as it was", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 }), (value) => {
        const record = JSON.parse(JSON.stringify(value)) as JsonRecord;
        fc.pre(!mayHaveSecrets(JSON.stringify(record)));
        expect(withoutSecretValues(record)).toEqual(record);
      }),
    );
  });

  test("of any depth does no harm", () => {
    let record: JsonRecord = { token: "CANARY" };
    for (let depth = 0; depth < 10_000; depth += 1) record = { a: record };
    expect(JSON.stringify(withoutSecretValues(record))).not.toContain("CANARY");
  });
});

test.each([
  ['{"id":"1","registrationToken":"CANARY","b":2', '{"id":"1","registrationToken":"[redacted]","b":2'],
  ['{"token" : "CANARY \\" CANARY', '{"token" : "[redacted]"'],
  ['"licence": "mine"', '"licence": "mine"'],
])("a text that is no record is kept without secrets: %s", (text, kept) => {
  expect(withoutSecretTexts(text)).toBe(kept);
});
