import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { SecurityEvent } from "../../../src/event/event.ts";
import { createEncoder, MIN_MESSAGE_BYTES } from "../../../src/message/encoder.ts";
import type { MessageOptions } from "../../../src/message/encoder.ts";
import { decodeCef } from "../../support/cef-decoder.ts";
import {
  decodeCef2,
  decodeJson,
  decodeLeef,
  decodeStructuredData,
  decodeSyslog,
  type Decoded,
} from "../../support/format-decoders.ts";
import { activity, eventOf, FIXTURE_FEEDS, fixtures, OPTIONS, threat } from "./events.ts";
import { activityEvent, HOSTILE, threatEvent } from "./hostile.ts";

interface Variant {
  readonly name: string;
  readonly options: Partial<MessageOptions>;
  readonly decode: (body: string) => Decoded;
}

const VARIANTS: readonly Variant[] = [
  { name: "cef2", options: { format: "cef2" }, decode: decodeCef2 },
  { name: "rfc5424", options: { format: "rfc5424", header: "rfc5424" }, decode: decodeStructuredData },
  {
    name: "rfc5424-native",
    options: { format: "rfc5424", header: "rfc5424", structuredData: "native" },
    decode: decodeStructuredData,
  },
  { name: "json", options: { format: "json", header: "none" }, decode: decodeJson },
  { name: "leef", options: { format: "leef" }, decode: decodeLeef },
];

function variantOf(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found === undefined) throw new Error(`no variant ${name}`);
  return found;
}

function encoderOf({ options }: Variant, more: Partial<MessageOptions> = {}): ReturnType<typeof createEncoder> {
  return createEncoder({ ...OPTIONS, ...options, ...more });
}

describe.each(FIXTURE_FEEDS)("golden messages of %s", (feed) => {
  test.each(VARIANTS)("$name", async (variant) => {
    const { encode } = encoderOf(variant);
    const lines = fixtures(feed).map((record) => encode(eventOf(feed, record)));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(`golden/${feed}.${variant.name}.txt`);
  });

  test.each(VARIANTS)("$name can be decoded", (variant) => {
    const encoder = encoderOf(variant);
    for (const record of fixtures(feed)) {
      const event = eventOf(feed, record);
      const { fields } = variant.decode(encoder.encodeParts(event).body);
      expect(fields.get("S1eventKey")).toBe(event.key);
      expect(fields.get("externalId")).toBe(event.id);
      expect([...fields.values()].join()).not.toContain("CANARY");
    }
  });
});

function expectValid(variant: Variant, of: SecurityEvent, more: Partial<MessageOptions>): Decoded {
  const encoder = encoderOf(variant, more);
  const message = encoder.encode(of);
  const { syslogHeader, body } = encoder.encodeParts(of);
  expect(syslogHeader + body).toBe(message);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(more.maxMessageBytes ?? OPTIONS.maxMessageBytes);
  expect(message).not.toMatch(/[\p{Cc}\u2028\u2029\ufeff]/u);
  expect(message.isWellFormed()).toBe(true);
  const decoded = variant.decode(body);
  expect(decoded.fields.get("S1eventKey")).toBe(of.key);
  return decoded;
}

describe.each(VARIANTS)("any record gives one valid message: $name", (variant) => {
  const how = fc.record({
    header:
      variant.options.format === "rfc5424" ? fc.constantFrom("rfc5424", "none") : fc.constantFrom("rfc3164", "none"),
    maxMessageBytes: fc.constantFrom(MIN_MESSAGE_BYTES, 2500, 8000, 60_000),
    rt: fc.constantFrom("epoch", "native"),
    unmappedData: fc.boolean(),
    hostname: fc.constantFrom("s1bridge", "h".repeat(300)),
  }) as fc.Arbitrary<Partial<MessageOptions>>;

  test("of the activities", () => {
    fc.assert(
      fc.property(activityEvent, how, (of, options) => {
        const { fields } = expectValid(variant, of, options);
        expect(fields.get("externalId")).toBe(of.id);
      }),
      { numRuns: 150 },
    );
  });

  test("of the threats", () => {
    fc.assert(
      fc.property(threatEvent, how, (of, options) => {
        const { fields } = expectValid(variant, of, options);
        expect(fields.get("externalId")).toBe(of.id);
      }),
      { numRuns: 150 },
    );
  });

  test.each(HOSTILE.map((hostile) => [JSON.stringify(hostile.slice(0, 40)), hostile]))(
    "with %s everywhere",
    (_shown, hostile) => {
      const data = { username: hostile, computerName: hostile, osName: hostile, filePath: hostile, [hostile]: hostile };
      const names = { siteName: hostile, accountName: hostile, accountId: "1" };
      const of = activity({ activityType: 19, primaryDescription: hostile, threatId: hostile, ...names, data });
      const { fields } = expectValid(variant, of, {});
      expect(fields.get("activityType")).toBe("19");
    },
  );

  test("is kept small even when only ids are long", () => {
    const long = "🦀".repeat(50_000);
    const record = {
      primaryDescription: long,
      siteId: long,
      siteName: long,
      accountId: long,
      accountName: long,
      data: { computerName: long },
    };
    const encoder = encoderOf(variant, { maxMessageBytes: MIN_MESSAGE_BYTES, hostname: "h".repeat(255) });
    for (const of of [
      activity(record, { id: long, key: `activities/${long}`, consoleVersion: long }),
      threat(record),
    ]) {
      const { syslogHeader, body } = encoder.encodeParts(of);
      expect(Buffer.byteLength(syslogHeader + body)).toBeLessThanOrEqual(MIN_MESSAGE_BYTES);
      expect(variant.decode(body).fields.get("S1truncated")).toBe("*");
    }
  });

  test("is shortened by its longest fields, which are named", () => {
    const of = activity({
      id: "1",
      primaryDescription: "short",
      comments: 'ü"\\|^]'.repeat(2000),
      description: "y=\\".repeat(3000),
    });
    const whole = expectValid(variant, of, { maxMessageBytes: 60_000 }).fields;
    const cut = expectValid(variant, of, { maxMessageBytes: 3000 }).fields;
    expect(cut.get("S1truncated")?.split(",").length).toBe(2);
    expect(cut.get("msg")).toBe("short");
    const kept = [...cut].filter(([key]) => key !== "S1truncated");
    expect(kept.filter(([key, value]) => whole.get(key)?.startsWith(value) !== true)).toStrictEqual([]);
    expect(Buffer.byteLength(encoderOf(variant, { maxMessageBytes: 3000 }).encode(of))).toBeGreaterThan(2980);
  });

  test("shows a reader its keys and nothing else", () => {
    const encoder = encoderOf(variant);
    for (const record of fixtures("activities")) {
      const { body } = encoder.encodeParts(activity(record));
      const { fields } = variant.decode(body);
      const keys = [...body.matchAll(encoder.keyPattern)].map(([match]) => match.replace(/^\S+ |[":=]/g, ""));
      expect(keys).toStrictEqual([...fields.keys()]);
    }
  });
});

describe("values arrive as they are", () => {
  const text = 'C:\\a\\ "b" [c] d=e | f ^ g; 日本 🦀';
  const of = activity({ primaryDescription: text, data: { username: text } });

  test.each([
    ["json", text],
    ["rfc5424", text],
    ["leef", text.replace("^", "ˆ")],
    ["cef2", text.replace("|", "¦")],
    ["rfc5424-native", text],
  ])("%s", (name, expected) => {
    const variant = variantOf(name);
    expect(variant.decode(encoderOf(variant).encodeParts(of).body).fields.get("msg")).toBe(expected);
  });

  test("JSON keeps line breaks; the others have a space for them", () => {
    const broken = activity({ primaryDescription: "a\r\nb" });
    for (const variant of VARIANTS) {
      const { fields } = variant.decode(encoderOf(variant).encodeParts(broken).body);
      expect(fields.get("msg")).toBe(variant.name === "json" ? "a\r\nb" : "a b");
    }
  });

  test("they are not cut to the lengths of CEF's dictionary, and keep their semicolons", () => {
    const long = activity({ primaryDescription: "x".repeat(3000), comments: "a;b" });
    for (const variant of VARIANTS) {
      const { fields } = variant.decode(encoderOf(variant).encodeParts(long).body);
      expect(fields.get("msg")).toHaveLength(3000);
      expect([fields.get("S1comments"), fields.get("noteText")]).toContain("a;b");
    }
  });
});

describe("headers", () => {
  const of = activity({ activityType: 27 });

  test("a SIEM token stands in MSGID, whatever the format", () => {
    for (const variant of [...VARIANTS, { options: { format: "cef" } } as Variant]) {
      const message = encoderOf(variant, { header: "rfc5424", siemToken: "tok-42" }).encode(of);
      expect(decodeSyslog(message)).toMatchObject({ msgId: "tok-42", appName: "SentinelOne", hostname: "s1bridge" });
    }
  });

  test("MSGID is the class, in the native form the id, as SentinelOne has it", () => {
    const messageIds = VARIANTS.map(
      (variant) => decodeSyslog(encoderOf(variant, { header: "rfc5424" }).encode(of)).msgId,
    );
    expect(messageIds).toStrictEqual(["27", "27", of.id, "27", "27"]);
  });

  test("structured data is part of its header; elsewhere it is nil", () => {
    for (const variant of VARIANTS) {
      const { rest } = decodeSyslog(encoderOf(variant, { header: "rfc5424" }).encode(of));
      const body = variant.options.format === "rfc5424" ? rest : rest.replace(/^- /, "");
      expect(body.length).toBe(variant.options.format === "rfc5424" ? rest.length : rest.length - 2);
      expect(() => variant.decode(body)).not.toThrow();
    }
  });

  test("JSON has a tag before it in RFC 3164, which would take the brace for one", () => {
    const json = variantOf("json");
    expect(encoderOf(json, { header: "rfc3164" }).encode(of)).toMatch(
      /^<166>\w{3} [\d ]\d [\d:]{8} s1bridge SentinelOne: \{"time":/,
    );
  });

  test("without a header a message is its body", () => {
    for (const variant of VARIANTS) {
      const encoder = encoderOf(variant, { header: "none" });
      expect(encoder.encode(of)).toBe(encoder.encodeParts(of).body);
    }
  });
});

describe("the name in a CEF header", () => {
  test("never looks like a key, whatever an endpoint calls itself", () => {
    const of = activity({ activityType: 19, data: { computerName: "x S1eventKey=activities/1 activityType=27 y" } });
    const { body } = createEncoder(OPTIONS).encodeParts(of);
    expect(decodeCef(body).name).toBe("New active threat - machine x S1eventKey:activities/1 activityType:27 y");
    expect([...body.matchAll(/ S1eventKey=(\S+) /g)].map(([, key]) => key)).toStrictEqual([of.key]);
    expect([...body.matchAll(/activityType=(\d+)/g)].map(([, type]) => type)).toStrictEqual(["19"]);
  });
});
