import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

import type { SecurityEvent } from "../../src/event/event.ts";
import { createEncoder } from "../../src/message/encoder.ts";
import { type Framing, frame } from "../../src/syslog/framing.ts";
import { eventually } from "../support/bridge-process.ts";
import { cefPart, type DecodedCef, decodeCef } from "../support/cef-decoder.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { OPTIONS } from "../unit/message/events.ts";
import { hostileEvent, readable } from "../unit/message/hostile.ts";

/** 100,000 records that were made to break a message: one message each for three readers that do not know each other. */

const COUNT = 100_000;
const SEED = 20_261_122;
/** As many at a time as a pipe and a string hold at ease. */
const BATCH = 20_000;

interface Made {
  readonly event: SecurityEvent;
  readonly message: string;
  readonly decoded: DecodedCef;
}

const { encode } = createEncoder(OPTIONS);

function make(start: number): readonly Made[] {
  return Array.from({ length: BATCH }, (_, index) => {
    const event = hostileEvent(SEED, start + index);
    const message = encode(event);
    return { event, message, decoded: decodeCef(cefPart(message)) };
  });
}

const CUSTOM: ReadonlySet<string> = new Set(["siteId", "accountId"]);

/** Undefined when the value arrived whole, or as much of it as `S1truncated` says. */
function difference({ extension }: DecodedCef, key: string, original: unknown): string | undefined {
  if (typeof original !== "string") return undefined;
  const clean = readable(original);
  // Semicolons part the keys of Sentinel's AdditionalExtensions, so a key that CEF's dictionary does not know has none.
  const expected = CUSTOM.has(key) ? clean.replaceAll(";", ",") : clean;
  const actual = extension.get(key) ?? "";
  if (actual === expected) return undefined;
  const named = (extension.get("S1truncated") ?? "").split(",");
  const isMarked = (named.includes(key) || named.includes("*")) && expected.startsWith(actual);
  return isMarked ? undefined : `${key}: ${JSON.stringify(actual)} of ${JSON.stringify(expected)}`;
}

function faultOf({ event, message, decoded }: Made): string | undefined {
  if (Buffer.byteLength(message) > OPTIONS.maxMessageBytes) return `${event.id} is too long`;
  const { record } = event;
  const ofActivity: readonly (readonly [string, unknown])[] = [
    ["activityID", event.id],
    ["activityType", decoded.classId],
    ["msg", record["primaryDescription"]],
    ["siteId", record["siteId"]],
    ["accountId", record["accountId"]],
  ];
  const values: readonly (readonly [string, unknown])[] = [
    ["externalId", event.id],
    ["S1eventKey", event.key],
    ...(event.feed === "activities" ? ofActivity : []),
  ];
  const fault = values.map(([key, original]) => difference(decoded, key, original)).find((text) => text !== undefined);
  return fault === undefined ? undefined : `${event.id} ${fault}`;
}

function isSame({ name, classId, extension }: DecodedCef, line: string): boolean {
  const { f } = JSON.parse(line) as { f?: { Name: string; SignatureID: string; Extensions: Record<string, string> } };
  if (f === undefined || f.Name !== name || f.SignatureID !== classId) return false;
  const entries = Object.entries(f.Extensions);
  return entries.length === extension.size && entries.every(([key, value]) => extension.get(key) === value);
}

/** Sends a batch and gives the lines that rsyslogd has made of it. */
async function through(rsyslog: Rsyslog, messages: readonly string[], framing: Framing): Promise<string[]> {
  const before = await sizeOf(rsyslog.file);
  const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(message) + 1, 0);
  const socket = connect(rsyslog.port, "127.0.0.1");
  await once(socket, "connect");
  socket.resume().end(messages.map((message) => frame(message, framing)).join(""));
  await eventually(async () => (await sizeOf(rsyslog.file)) >= before + bytes, "rsyslogd has written all", 120_000);
  await using file = await open(rsyslog.file);
  const buffer = Buffer.alloc((await sizeOf(rsyslog.file)) - before);
  await file.read(buffer, 0, buffer.length, before);
  return buffer.toString("utf8").split("\n").slice(0, -1);
}

async function sizeOf(file: string): Promise<number> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.size ?? 0;
}

const IS_MISSING = [requireProgram("lognormalizer"), requireProgram("rsyslogd")].some(({ missing }) => missing);

describe.skipIf(IS_MISSING)("100,000 hostile records", () => {
  let rules = "";

  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-lognorm-"));
    rules = join(directory, "cef.rb");
    writeFileSync(rules, "version=2\nrule=:%f:cef%\n");
    return () => rmSync(directory, { recursive: true, force: true });
  });

  function normalize(messages: readonly string[]): string[] {
    // liblognorm 2.0.6 swallows the first character behind the header: it gets a space to swallow.
    const bodies = messages.map((message) => `${cefPart(message).replace(/^(?:(?:[^|\\]|\\.)*\|){7}/, "$& ")}\n`);
    const options = { input: bodies.join(""), encoding: "utf8", maxBuffer: 1 << 29 } as const;
    const { stdout, status } = spawnSync("lognormalizer", ["-r", rules, "-e", "json"], options);
    expect(status).toBe(0);
    return stdout.trimEnd().split("\n");
  }

  test("each is one message for a strict decoder, lognormalizer and rsyslogd, with its ids and its sentence", async () => {
    await using rsyslog = await Rsyslog.start({ transport: "tcp" });
    let shortened = 0;
    for (let start = 0; start < COUNT; start += BATCH) {
      const made = make(start);
      const messages = made.map(({ message }) => message);
      expect(made.map(faultOf).filter((fault) => fault !== undefined)).toStrictEqual([]);
      const normalized = normalize(messages);
      expect(normalized).toHaveLength(BATCH);
      expect(made.filter(({ decoded }, index) => !isSame(decoded, normalized[index] ?? ""))).toStrictEqual([]);
      const lines = await through(rsyslog, messages, start % (2 * BATCH) === 0 ? "newline" : "octet_counting");
      expect(lines).toHaveLength(BATCH);
      expect(lines.filter((line, index) => line !== messages[index])).toStrictEqual([]);
      shortened += made.filter(({ decoded }) => decoded.extension.has("S1truncated")).length;
    }
    expect(shortened).toBeGreaterThan(COUNT / 100);
    process.stdout.write(`${COUNT} hostile records: ${shortened} shortened\n`);
  });
});
