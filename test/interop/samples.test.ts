import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { loadRecords } from "../../src/demo/records/recorded.ts";
import type { FeedName, JsonRecord, SecurityEvent } from "../../src/event/event.ts";
import type { Micros } from "../../src/event/time.ts";
import { parseExact } from "../../src/lib/exact-json.ts";
import { createEncoder } from "../../src/message/encoder.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { decodeCef } from "../support/cef-decoder.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Certificates } from "../support/tls.ts";
import { OPTIONS } from "../unit/message/events.ts";

/**
 * The one test that reads recorded answers of a real console, which are not ours to keep here: S1BRIDGE_SAMPLES names
 * their folder.
 */
const SAMPLES = process.env["S1BRIDGE_SAMPLES"] ?? "";
const HAS_SAMPLES = SAMPLES !== "" && existsSync(SAMPLES);
if (!HAS_SAMPLES) process.stderr.write("skipped: S1BRIDGE_SAMPLES names no folder of recorded answers\n");

describe.skipIf(!HAS_SAMPLES || requireProgram("rsyslogd").missing)("recorded answers (S1BRIDGE_SAMPLES)", () => {
  let certificates: Certificates;

  beforeAll(() => {
    certificates = makeCertificates();
  });

  afterAll(() => certificates[Symbol.dispose]());

  test.each([
    { transport: "tcp", driver: "ossl" },
    { transport: "tls", driver: "ossl" },
    { transport: "tls", driver: "gtls" },
  ] as const)("arrive at rsyslogd, every id once: $transport, $driver", async ({ transport, driver }) => {
    await using rsyslog = await Rsyslog.start({ transport, driver, ...(transport === "tls" ? { certificates } : {}) });
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    const records = loadRecords(SAMPLES);
    const expected = new Set(supply(console, records));
    expect(expected.size).toBe(records.expected);
    const tls = transport === "tls" ? { tls: { ca_file: certificates.caFile, server_name: "localhost" } } : {};
    const address = `${transport}://127.0.0.1:${rsyslog.port}`;
    home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address, ...tls }] });
    const bridge = await home.start();
    await bridge.confirmed(expected.size);
    expect(compareKeys(expected, countKeys(await rsyslog.lines(expected.size)))).toStrictEqual(COMPLETE);
    expect(await rsyslog.linesNow()).toHaveLength(expected.size);
    process.stdout.write(`${records.description}: ${expected.size} events over ${transport} (${driver})\n`);
  });
});

/** Which feed's records a recorded answer holds, by the name of its file. */
const FEED_OF: readonly (readonly [RegExp, FeedName])[] = [
  [/vulnerability|application_risk/, "application_risks"],
  [/alert/, "alerts"],
  [/agent(?:s_|\.json)/, "agents"],
  [/xdr_asset/, "ranger"],
  [/service_users/, "service_users"],
  [/exclusions/, "exclusions"],
  [/restrictions/, "blocklist"],
  [/sites/, "sites"],
  [/apps_by_agent/, "applications"],
  [/events/, "device_control_events"],
  [/threat/, "threats"],
  [/activities(?!_types)/, "activities"],
];

describe.skipIf(!HAS_SAMPLES)("records of every kind (S1BRIDGE_SAMPLES)", () => {
  const encoder = createEncoder({ ...OPTIONS, header: "none" });

  test("become one message each that a strict decoder reads, with their id and their description", () => {
    const events = sampleEvents(SAMPLES);
    expect(new Set(events.map(({ feed }) => feed)).size).toBe(new Set(FEED_OF.map(([, feed]) => feed)).size);
    for (const event of events) {
      const message = encoder.encode(event);
      const { extension } = decodeCef(message);
      expect(extension.get("externalId")).toBe(event.id);
      const { primaryDescription: description } = event.record;
      const isShortened = (extension.get("S1truncated") ?? "").includes("msg");
      const expected = typeof description === "string" && !isShortened ? description.trimEnd() : extension.get("msg");
      expect(extension.get("msg")).toBe(expected);
    }
    process.stdout.write(`${events.length} records of ${FEED_OF.length} kinds, one message each\n`);
  });
});

function sampleEvents(directory: string): SecurityEvent[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.json(\.resp)?$/.test(name),
  );
  return names.sort().flatMap((name) => {
    const feed = FEED_OF.find(([pattern]) => pattern.test(basename(name)))?.[1];
    if (feed === undefined || name.startsWith("errors")) return [];
    return recordsIn(parseExact(readFileSync(join(directory, name), "utf8"))).map((record, at): SecurityEvent => {
      const id = typeof record["id"] === "string" ? record["id"] : `sample-${at}`;
      const isLog = feed === "activities";
      const key = isLog ? `${feed}/${id}` : `${feed}/${id}/2026-01-01T00:00:00.000000Z`;
      return { ...ORIGIN, feed, change: isLog ? "event" : "new", id, key, record };
    });
  });
}

const ORIGIN = { console: "acme", consoleVersion: undefined, time: 1_767_225_600_000_000 as Micros };

/** `{data: […]}`, `{data: {sites: […]}}`, the edges of GraphQL, a list, or a record alone. */
function recordsIn(value: unknown): readonly JsonRecord[] {
  if (Array.isArray(value)) return value.flatMap(recordsIn);
  if (typeof value !== "object" || value === null) return [];
  const { data, node, edges, sites, alerts } = value as Record<string, unknown>;
  const inner = data ?? node ?? edges ?? sites ?? alerts;
  return inner === undefined ? [value as JsonRecord] : recordsIn(inner);
}
