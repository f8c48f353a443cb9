import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { DemoConsole } from "../../src/demo/console/console.ts";
import { loadRecords } from "../../src/demo/records/recorded.ts";
import type { JsonRecord } from "../../src/event/event.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { supply } from "../support/event-keys.ts";
import {
  decodeCef2,
  decodeJson,
  decodeLeef,
  decodeStructuredData,
  decodeSyslog,
  type Decoded,
} from "../support/format-decoders.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { HOSTILE } from "../unit/message/hostile.ts";

/** Each format from a console through the real program to a real rsyslogd, which takes the messages apart itself. */

const FORMATS: readonly {
  readonly name: string;
  readonly keys: Readonly<Record<string, unknown>>;
  readonly decode: (parts: Parts) => Decoded;
}[] = [
  { name: "cef2", keys: { format: "cef2" }, decode: ({ text }) => decodeCef2(text) },
  {
    name: "structured",
    keys: { format: "rfc5424" },
    decode: ({ data, text }) => decodeStructuredData(`${data} ${text}`),
  },
  {
    name: "native",
    keys: { format: "rfc5424", structured_data: "native" },
    decode: ({ data, text }) => decodeStructuredData(`${data} ${text}`),
  },
  { name: "json", keys: { format: "json" }, decode: ({ text }) => decodeJson(text) },
  { name: "leef", keys: { format: "leef" }, decode: ({ text }) => decodeLeef(text) },
];

interface Parts {
  readonly host: string;
  readonly app: string;
  readonly msgId: string;
  readonly data: string;
  readonly text: string;
  readonly raw: string;
}

/** What rsyslog makes of a message, its own way of reading; a line break parts them, which no message holds. */
const TEMPLATE =
  ["%hostname%", "%app-name%", "%msgid%", "%structured-data%", "%msg%", "%rawmsg%"].join("\\t") + String.raw`\n`;

function partsOf(line: string): Parts {
  const [host = "", app = "", msgId = "", data = "", text = "", raw = ""] = line.split("\t");
  return { host, app, msgId, data, text, raw };
}

const fixtures = loadRecords(join(import.meta.dirname, "../fixtures/records"));

function hostileActivities(): string[] {
  const first = JSON.parse(fixtures.activities[0] ?? "") as JsonRecord;
  return HOSTILE.map((text, at) => {
    const data = { username: text, computerName: text, novel: text, [text.slice(0, 40)]: [text] };
    const names = { siteName: text, accountName: text, primaryDescription: text, secondaryDescription: text };
    const createdAt = `2026-10-01T00:00:${10 + at}.000001Z`;
    return JSON.stringify({ ...first, ...names, id: `3000000000000000${100 + at}`, createdAt, activityType: 19, data });
  });
}

describe.skipIf(requireProgram("rsyslogd").missing)("rsyslogd takes every format apart as it was put together", () => {
  let console: DemoConsole;
  let rsyslog: Rsyslog;
  let home: BridgeHome;
  let expected: readonly string[];
  let received: readonly Parts[];

  beforeAll(async () => {
    console = await DemoConsole.start();
    rsyslog = await Rsyslog.start({ transport: "tcp", template: TEMPLATE });
    home = new BridgeHome();
    const siemToken = join(home.directory, "siem-token");
    writeFileSync(siemToken, "tok-42\n", { mode: 0o600 });
    expected = supply(console, {
      activities: [...fixtures.activities, ...hostileActivities()],
      threats: fixtures.threats,
    });
    home.configure({
      consoles: [home.console(console)],
      collectors: FORMATS.map(({ name, keys }) => ({
        name,
        address: `tcp://127.0.0.1:${rsyslog.port}`,
        profile: "generic",
        hostname: name,
        ...keys,
        ...(name === "cef2" ? { siem_token: { file: siemToken } } : {}),
      })),
    });
    const bridge = await home.start();
    await bridge.confirmed(expected.length * FORMATS.length);
    await bridge.signal("SIGTERM");
    received = (await rsyslog.lines(expected.length * FORMATS.length)).map(partsOf);
  }, 60_000);

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    await rsyslog[Symbol.asyncDispose]();
    await console.close();
  });

  test("each event is one message in each format", () => {
    expect(received).toHaveLength(expected.length * FORMATS.length);
  });

  test.each(FORMATS)("$name", ({ name, decode }) => {
    const messages = received.filter(({ host }) => host === name);
    const keys = messages.map((parts) => decode(parts).fields.get("S1eventKey") ?? "");
    expect(keys.toSorted()).toStrictEqual(expected.toSorted());
    for (const parts of messages) {
      expect(parts.app).toBe("SentinelOne");
      expect(parts.msgId).toBe(decodeSyslog(parts.raw).msgId);
    }
  });

  test("the SIEM token stands in MSGID", () => {
    const messageIds = received.filter(({ host }) => host === "cef2").map(({ msgId }) => msgId);
    expect(new Set(messageIds)).toStrictEqual(new Set(["tok-42"]));
  });

  test.each(["json", "native"])("preview prints what was sent: %s", async (name) => {
    const { code, stdout } = await home.command(
      "preview",
      "-c",
      home.configFile,
      "--limit",
      "1000",
      "--collector",
      name,
    );
    expect(code).toBe(0);
    const sent = new Set(received.filter(({ host }) => host === name).map(({ raw }) => raw));
    const printed = stdout.split("\n").filter((line) => line.includes("activities/"));
    expect(printed).toHaveLength(expected.filter((key) => key.startsWith("activities/")).length);
    expect(printed.filter((line) => !sent.has(line))).toStrictEqual([]);
  });
});
