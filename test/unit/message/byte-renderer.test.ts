import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ActivityDataset } from "../../../src/demo/records/dataset.ts";
import type { JsonBytes, JsonRecord, SecurityEvent } from "../../../src/event/event.ts";
import { parseExact } from "../../../src/lib/exact-json.ts";
import { createByteRenderer } from "../../../src/message/byte-renderer.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import type { MessageSink, RendererOptions } from "../../../src/message/renderer.ts";
import { frame } from "../../../src/syslog/framing.ts";
import { activity, fixtures, OPTIONS } from "./events.ts";
import { activityEvent, hostileEvent } from "./hostile.ts";

const USUAL: RendererOptions = { ...OPTIONS, framing: "newline" };

const options = fc.record<RendererOptions>({
  format: fc.constant("cef"),
  header: fc.constantFrom("rfc3164", "rfc5424", "none"),
  facility: fc.constantFrom("local4", "user"),
  hostname: fc.constantFrom("s1bridge", "a b\n<14>", "h".repeat(300)),
  maxMessageBytes: fc.constantFrom(2048, 8000, 60_000),
  rt: fc.constantFrom("epoch", "native"),
  unmappedData: fc.boolean(),
  sequence: fc.boolean(),
  framing: fc.constantFrom("newline", "octet_counting"),
});

class Written implements MessageSink {
  text = "";

  add(text: string): void {
    this.text += text;
  }

  addBytes(bytes: Buffer, start: number, end: number): void {
    this.text += bytes.toString("utf8", start, end);
  }
}

/** The ways in which consoles and gateways write the same JSON. */
const SPELLINGS = {
  compact: (text: string): string => text,
  ascii: (text: string): string =>
    text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  spaced: (text: string): string => JSON.stringify(JSON.parse(text), undefined, 2),
  slashes: (text: string): string => text.replaceAll("/", "\\/"),
} as const;

function bytesOf(text: string): JsonBytes {
  const bytes = Buffer.from(text);
  return { byteLength: bytes.length, copyTo: (target, at) => target.set(bytes, at) };
}

/** The event with the bytes that its record is parsed from. */
function withJson(event: SecurityEvent, spelling: (text: string) => string = SPELLINGS.compact): SecurityEvent {
  const text = spelling(JSON.stringify(event.record));
  return { ...event, record: JSON.parse(text) as JsonRecord, json: bytesOf(text) };
}

/** What came of an event's bytes, and what had to: what the encoder makes, or nothing where it is left to that. */
interface Outcome {
  readonly isMade: boolean;
  readonly text: string;
  readonly expected: string;
}

function comparing(how: RendererOptions): (event: SecurityEvent) => Outcome {
  const render = createByteRenderer(how);
  const { encode } = createEncoder(how);
  return (event) => {
    const written = new Written();
    const isMade = render?.(event, written) === true;
    return { isMade, text: written.text, expected: isMade ? frame(encode(event), how.framing) : "" };
  };
}

const MADE = new ActivityDataset({ seed: 7, count: 3000, startMs: Date.UTC(2026, 10, 1), stepMs: 1000, burst: 7 });

/** As they stand in the spool. */
function madeUp(index: number): SecurityEvent {
  return activity(parseExact(MADE.at(index).text) as JsonRecord);
}

describe("messages that are made of the bytes of a record", () => {
  test.each(Object.keys(SPELLINGS) as (keyof typeof SPELLINGS)[])(
    "are made of all activities that consoles are known to send, %s, and are what the encoder makes",
    (spelling) => {
      const compare = comparing(USUAL);
      const records = [
        ...fixtures("activities").map((record) => activity(record)),
        ...Array.from({ length: 3000 }, (_, index) => madeUp(index)),
      ];
      const left: unknown[] = [];
      for (const event of records.map((each) => withJson(each, SPELLINGS[spelling]))) {
        const { isMade, text, expected } = compare(event);
        expect(text).toBe(expected);
        if (!isMade) left.push(event.record["activityType"]);
      }
      expect(left).toEqual([]);
    },
  );

  test("are what the encoder makes of any record, or are left to it", () => {
    let made = 0;
    fc.assert(
      fc.property(activityEvent, options, fc.constantFrom(...Object.values(SPELLINGS)), (event, how, spelling) => {
        const { isMade, text, expected } = comparing(how)(withJson(event, spelling));
        expect(text).toBe(expected);
        if (isMade) made += 1;
      }),
      { numRuns: 1000 },
    );
    // Otherwise it would say nothing.
    expect(made).toBeGreaterThan(50);
  });

  test("are what the encoder makes of records that were spoiled, or are left to it", () => {
    const compare = comparing(USUAL);
    for (let index = 0; index < 1500; index += 1) {
      const { text, expected } = compare(withJson(hostileEvent(11, index)));
      expect(text).toBe(expected);
    }
  });

  test("are made where values have all that has an escape, and are what the encoder makes", () => {
    const unit = fc.constantFrom("=", "\\", "\n", "\r", '"', ";", "|", "/", "{", " ", "é", "日", "🦀", "a", "token");
    const value = fc.oneof(
      { weight: 6, arbitrary: fc.string({ unit, maxLength: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom("198.51.100.7", "2001:db8::1", "2026-09-21T12:00:00+02:00", "-1", "0") },
      { weight: 1, arbitrary: fc.constantFrom(null, true, 0, -5, 12.5, 123456789012345, ["a", "b=c"], { d: "e" }) },
    );
    const changes = fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 4 });
    const compare = comparing(USUAL);
    let made = 0;
    fc.assert(
      fc.property(fc.nat(2999), changes, fc.constantFrom(...Object.values(SPELLINGS)), (index, changed, spelling) => {
        const { record, ...event } = madeUp(index);
        const data = { ...(record["data"] as JsonRecord) };
        const names = Object.keys(data);
        for (const [at, member] of changed) data[names[at % names.length] ?? "x"] = member;
        const { isMade, text, expected } = compare(withJson({ ...event, record: { ...record, data } }, spelling));
        expect(text).toBe(expected);
        if (isMade) made += 1;
      }),
      { numRuns: 2000 },
    );
    expect(made).toBeGreaterThan(1500);
  });

  test("of one renderer do not mix with each other", () => {
    const compare = comparing(USUAL);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), activityEvent, fc.nat(2999)), { maxLength: 20 }), (events) => {
        for (const [isHostile, hostile, index] of events) {
          const { text, expected } = compare(withJson(isHostile ? hostile : madeUp(index)));
          expect(text).toBe(expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  const data = { username: "Ada", novel: "new" };

  test.each<[string, string]>([
    ["a member twice", '{"id":"1","activityType":27,"data":{"username":"Ada","username":"Bob"}}'],
    ["an unknown member twice", '{"id":"1","activityType":27,"data":{"x":"Ada","x":"Bob"}}'],
    ["a section twice", '{"id":"1","activityType":27,"data":{"a":"b"},"data":{"username":"Bob"}}'],
    ["members that are numbers", '{"id":"1","activityType":27,"data":{"b":"x","2":"y","1":"z"}}'],
    ["a name with an escape", '{"id":"1","activityType":27,"data":{"user\\u006eame":"Ada"}}'],
    ["an id that is a number", '{"id":1,"activityType":27,"data":{}}'],
    ["no id", '{"activityType":27,"data":{}}'],
    ["a type with a fraction", '{"id":"1","activityType":27.0,"data":{}}'],
    ["a type that is a text", '{"id":"1","activityType":"027","data":{}}'],
    ["a type that nobody knows", '{"id":"1","activityType":999999,"data":{}}'],
    ["data that is no object", '{"id":"1","activityType":27,"data":[1,2]}'],
    [
      "lists and objects in its data",
      '{"id":"1","activityType":27,"data":{"x":["a",1,null],"y":{"b":{"token":"t","c":"d=e;f"}}}}',
    ],
    ["JSON in a text", '{"id":"1","activityType":27,"data":{"reason":"{\\"password\\":\\"x\\"}","x":"[1]"}}'],
    ["numbers as few write them", '{"id":"1","activityType":27,"data":{"x":1e3,"y":-0,"z":0.10,"reason":12.50}}'],
    [
      "times that are never",
      '{"id":"1","activityType":27,"data":{"x":"1970-01-01T00:00:00Z","eventTime":"2185-07-21T23:34:33.709552Z"}}',
    ],
    [
      "links with a query",
      '{"id":"1","activityType":27,"data":{"consoleUrl":"https://x/?k=1","downloadUrl":"https://y/#a","z":"?"}}',
    ],
    [
      "addresses of all kinds",
      '{"id":"1","activityType":27,"data":{"ipAddress":"fe80::1%eth0, 192.0.2.1","externalIp":"010.0.0.1"}}',
    ],
    ["a MAC address with hyphens", '{"id":"1","activityType":27,"data":{"physical":"AA-bb-0C-dd-EE-ff"}}'],
    ["spaces at the ends of values", '{"id":"1","activityType":27,"data":{"username":" Ada  ","role":"   "}}'],
    ["half a character", '{"id":"1","activityType":27,"data":{"username":"\\ud83e","x":"\\udc00\\ud83e"}}'],
    ["a character of two units", '{"id":"1","activityType":27,"data":{"username":"\\ud83e\\udd80","x":"🦀=\\\\"}}'],
    ["a site without an id", '{"id":"1","activityType":27,"data":{},"siteName":"x","accountId":"2"}'],
  ])("are right about %s", (_what, json) => {
    const event = activity(JSON.parse(json) as JsonRecord, { id: "1", key: "activities/1" });
    const { text, expected } = comparing(USUAL)({ ...event, json: bytesOf(json) });
    expect(text).toBe(expected);
  });

  test("are left to the encoder where they have to be cut, and are made again behind it", () => {
    const render = createByteRenderer(USUAL);
    for (const text of ["x".repeat(9000), "=".repeat(4100), "y".repeat(70_000)]) {
      const long = withJson(activity({ id: "1", activityType: 27, data: { username: "a", comment: text } }));
      expect(render?.(long, new Written())).toBe(false);
    }
    const written = new Written();
    expect(render?.(withJson(activity({ id: "1", activityType: 27, data })), written)).toBe(true);
    expect(written.text).toContain('S1data={"novel":"new"}');
  });

  test("know no more than so many names, and leave the rest to the encoder", () => {
    const render = createByteRenderer(USUAL);
    let made = 0;
    for (let index = 0; index < 400; index += 1) {
      const many = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`n${index}x${at}`, "v"]));
      const event = withJson(activity({ id: "1", activityType: 27, data: many }));
      if (render?.(event, new Written()) === true) made += 1;
    }
    expect(made).toBe(150);
    expect(render?.(withJson(activity({ id: "1", activityType: 27, data: { n1x1: "v" } })), new Written())).toBe(true);
  });

  test.each([
    "Plain",
    " begins with a space",
    "ends with one ",
    'a | bar, a = sign, a \\ slash and a "quote"',
    "Möbius 日本 🦀",
    "two\nlines",
    "no {key} of ours",
    "{username} first",
    "{nobody} || {username} || neither",
    "|| ",
    "x".repeat(299),
    "x".repeat(600),
  ])("have the name that the console has told: %s", (name) => {
    const compare = comparing(USUAL);
    for (const username of ["Ada", "A|d=a\\", "Ünal", " Ada ", "", "x".repeat(510)]) {
      const event = activity({ id: "1", activityType: 987_654, agentId: "2", data: { username } });
      const told = { ...event, typeNames: new Map([[987_654, name]]), consoleVersion: "S-25.1|x" };
      const { text, expected } = compare(withJson(told));
      expect(text).toBe(expected);
    }
  });

  test("are what the encoder makes when more names and words come than are remembered", () => {
    const compare = comparing(USUAL);
    let made = 0;
    for (let index = 0; index < 1500; index += 1) {
      const activityType = 900_000 + index;
      const words = { globalStatus: `state ${index}`, username: "Ada" };
      const event = activity({ id: "1", activityType, agentId: "2", osFamily: `system ${index}`, data: words });
      const typeNames = new Map([[activityType, `Name ${index} of {username} || Name`]]);
      const { isMade, text, expected } = compare(withJson({ ...event, typeNames }));
      expect(text).toBe(expected);
      if (isMade) made += 1;
    }
    expect(made).toBeGreaterThan(700);
    expect(made).toBeLessThan(1500);
    expect(compare(withJson(activity({ id: "1", activityType: 27, data }))).isMade).toBe(false);
  });

  test("are what the encoder makes when all that is remembered is as large as it may be", () => {
    const compare = comparing(USUAL);
    const long = (index: number, length: number): string => `${index}`.padEnd(length, "é");
    let made = 0;
    for (let index = 0; index < 1600; index += 1) {
      const activityType = 900_000 + index;
      const words = { globalStatus: long(index, 40), username: "Ada", [`n${long(index, 99)}`]: "v" };
      const event = activity({ id: "1", activityType, agentId: "2", osFamily: long(index, 40), data: words });
      const ways = Array.from({ length: index % 40 }, (_, at) => `${index} ${at} {username} {nobody}`);
      const typeNames = new Map([[activityType, `${ways.join(" || ")} || Name`]]);
      const { isMade, text, expected } = compare(withJson({ ...event, typeNames, consoleVersion: `${index}` }));
      expect(text).toBe(expected);
      if (isMade) made += 1;
    }
    expect(made).toBeGreaterThan(10);
  });

  test("leave long names to the encoder, however many there are", () => {
    const compare = comparing(USUAL);
    for (let index = 0; index < 200; index += 1) {
      const long = `${"n".repeat(7000)}${index}`;
      expect(compare(withJson(activity({ id: "1", activityType: 27, data: { [long]: "v" } }))).isMade).toBe(false);
    }
    const { isMade, text, expected } = compare(withJson(activity({ id: "1", activityType: 27, data })));
    expect([isMade, text]).toEqual([true, expected]);
  });

  test.each<[string, Partial<RendererOptions>]>([
    ["another format", { format: "json" }],
    ["fields of the operator", { fields: [{ key: "cs6", path: "id", value: undefined, as: undefined, label: "x" }] }],
  ])("are not made for %s", (_what, more) => {
    expect(createByteRenderer({ ...USUAL, ...more })).toBeUndefined();
  });

  test("are not made of an event without bytes, nor of an object", () => {
    const render = createByteRenderer(USUAL);
    expect(render?.(activity({ id: "1", activityType: 27, data }), new Written())).toBe(false);
    const other = withJson(activity({ id: "1", activityType: 27, data }, { feed: "agents", change: "new" }));
    expect(render?.(other, new Written())).toBe(false);
  });
});
