import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { loadRecords } from "../../src/demo/records/recorded.ts";
import type { JsonRecord } from "../../src/event/event.ts";
import { BridgeHome, eventually } from "../support/bridge-process.ts";
import type { ConfigTree } from "../support/bridge-process.ts";
import { decodeCef, cefPart } from "../support/cef-decoder.ts";
import { readLines } from "../support/collect.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { requireSyslogNg, SyslogNg } from "../support/syslog-ng.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Certificates } from "../support/tls.ts";

/** Records of every kind, those that were made to break a collector among them, through one bridge to all real ones. */

const HAS_RSYSLOG = !requireProgram("rsyslogd").missing;
const HAS_SYSLOG_NG = !requireSyslogNg().missing;

/** rsyslog splits what is longer, and so would make two messages of one. */
const RSYSLOG_MAX_BYTES = 8096;

const HOSTILE: Readonly<Record<string, string>> = {
  "line breaks": "first\nsecond\r\nthird\u2028fourth\u2029fifth\u0085sixth",
  "a forged message": "x\n<134>Nov 21 10:00:00 evil CEF:0|Fake|Fake|1|1|forged|10|S1eventKey=activities/666 msg=forged",
  "a forged header": "a|CEF:0|Fake|x|1|1|x|10|msg=forged =\\=|\\|",
  "a forged trailer": "x S1eventKey=activities/667 notificationScope=SITE cs1=forged",
  "a forged octet count": "\n17 <134>1 - - - - -\n0 99999999 ",
  "zero bytes": "before\0after\0",
  "control sequences of a terminal": "\u001b[31mred\u001b]0;title\u0007\u001b[2J\u009b1m\b\u007f",
  "lone surrogates": "\ud800 and \udc00, and a pair \ud83e\udd80",
  "a byte order mark": "\ufeffbegin\ufffe",
  "100 kB": "a long text with an = and a | and ü, ".repeat(2600),
  "100 kB of emoji": "🦀".repeat(25_000),
  "backslashes at the end": "path\\\\\\",
};

function hostileActivities(): string[] {
  return Object.values(HOSTILE).map((text, at) =>
    JSON.stringify({
      ...FIRST_ACTIVITY,
      id: `3000000000000000${100 + at}`,
      createdAt: `2026-10-01T00:00:${10 + at}.000001Z`,
      activityType: [19, 27, 98_765][at % 3],
      primaryDescription: text,
      secondaryDescription: text,
      comments: text,
      siteName: text,
      accountName: text,
      data: { username: text, computerName: text, novel: text, [text.slice(0, 40)]: [text] },
    }),
  );
}

function hostileThreats(): string[] {
  return Object.values(HOSTILE).map((text, at) => {
    const time = `2026-10-02T00:00:${10 + at}.000001Z`;
    const threatInfo = { threatName: text, filePath: text, classification: text, createdAt: time, updatedAt: time };
    const agentRealtimeInfo = { agentComputerName: text, siteName: text, accountName: text };
    return JSON.stringify({ id: `4000000000000000${100 + at}`, threatInfo, agentRealtimeInfo });
  });
}

const fixtures = loadRecords(join(import.meta.dirname, "../fixtures/records"));
const FIRST_ACTIVITY = JSON.parse(fixtures.activities[0] ?? "") as JsonRecord;

type Receiver =
  | "rsyslog tcp"
  | "rsyslog tls ossl"
  | "rsyslog tls gtls"
  | "rsyslog relp"
  | "rsyslog relp+tls ossl"
  | "rsyslog relp+tls gtls"
  | `syslog-ng ${"network" | "syslog"} ${"tcp" | "tls"}`;

interface Variant {
  readonly name: string;
  readonly to: Receiver;
  readonly header: "rfc3164" | "rfc5424";
  readonly framing: "newline" | "octet_counting";
}

/** rsyslog takes both framings on one port; of syslog-ng's drivers each takes one; RELP has its own. */
const RSYSLOG: readonly Receiver[] = ["rsyslog tcp", "rsyslog tls ossl", "rsyslog tls gtls"];
const RELP: readonly Receiver[] = ["rsyslog relp", "rsyslog relp+tls ossl", "rsyslog relp+tls gtls"];
const SYSLOG_NG = (["tcp", "tls"] as const).flatMap((transport) => [
  { to: `syslog-ng network ${transport}` as const, framing: "newline" as const },
  { to: `syslog-ng syslog ${transport}` as const, framing: "octet_counting" as const },
]);
const HEADERS = ["rfc3164", "rfc5424"] as const;

const rsyslogVariants = [
  ...RSYSLOG.flatMap((to) => [
    ...HEADERS.map((header) => variant(to, "newline", header)),
    ...HEADERS.map((header) => variant(to, "octet_counting", header)),
  ]),
  ...RELP.flatMap((to) => HEADERS.map((header) => variant(to, "octet_counting", header))),
];
const syslogNgVariants = SYSLOG_NG.flatMap(({ to, framing }) => HEADERS.map((header) => variant(to, framing, header)));

function variant(to: Receiver, framing: Variant["framing"], header: Variant["header"]): Variant {
  return { name: [to, framing, header].join("-").replaceAll(/[ +]/g, "-"), to, framing, header };
}

describe.skipIf(!HAS_RSYSLOG && !HAS_SYSLOG_NG)("a real collector", () => {
  const variants = [...(HAS_RSYSLOG ? rsyslogVariants : []), ...(HAS_SYSLOG_NG ? syslogNgVariants : [])];
  const receivers = new Map<Receiver, Rsyslog | SyslogNg>();
  const lines = new Map<Receiver, readonly string[]>();
  /** What a connection that broke on a busy machine may have sent twice, by collector; the log says why. */
  const inDoubt = new Map<string, number>();
  let certificates: Certificates;
  let reference: DemoCollector;
  let expected: readonly string[];

  beforeAll(async () => {
    certificates = makeCertificates();
    const wanted = [...new Set(variants.map(({ to }) => to))];
    await Promise.all(wanted.map(async (to) => receivers.set(to, await startReceiver(to, certificates))));
    await using console = await DemoConsole.start();
    reference = await DemoCollector.start();
    await using home = new BridgeHome();
    expected = supply(console, {
      activities: [...fixtures.activities, ...hostileActivities()],
      threats: [...fixtures.threats, ...hostileThreats()],
    });
    home.configure({ consoles: [home.console(console)], collectors: collectors() });

    const bridge = await home.start();
    await bridge.confirmed(expected.length * (variants.length + HEADERS.length));
    for (const [labels, events] of await bridge.metric("s1bridge_collector_events_in_doubt_total"))
      inDoubt.set(/collector="([^"]*)"/.exec(labels)?.[1] ?? "", events);
    await bridge.signal("SIGTERM");
    const broken = bridge.log.filter((line) => Number(line["inDoubt"] ?? 0) > 0);
    if (broken.length > 0) process.stderr.write(`in doubt: ${JSON.stringify(broken)}\n`);
    for (const [to, { file }] of receivers) {
      const count = expected.length * variants.filter((one) => one.to === to).length;
      await eventually(async () => (await readLines(file)).length >= count, `${to} has written ${count} lines`);
      lines.set(to, await readLines(file));
    }
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...receivers.values()].map((receiver) => receiver[Symbol.asyncDispose]()));
    await reference.close();
    certificates[Symbol.dispose]();
  });

  /** All of one bridge, told apart by the host name in their messages, and the embedded collector to compare with. */
  function collectors(): ConfigTree[] {
    const { client, caFile } = certificates;
    const identity = { cert_file: client.certFile, key_file: client.keyFile };
    const tls = { ca_file: caFile, server_name: "localhost", ...identity };
    return [
      ...variants.map(({ name, to, header, framing }) => {
        const secure = to.includes("tls");
        const address = `${transportOf(to)}://127.0.0.1:${receivers.get(to)?.port}`;
        return { name, address, header, framing, hostname: hostOf(name), ...(secure ? { tls } : {}) };
      }),
      ...HEADERS.map((header) => ({ name: header, address: reference.address, header, hostname: hostOf(header) })),
    ];
  }

  function messagesFor(name: string, from: readonly string[]): string[] {
    return from.filter((message) => message.split(" CEF:")[0]?.includes(` ${hostOf(name)}`));
  }

  /** Lines of a collector that are none of the messages that it was sent. */
  function strangeLines(to: Receiver): string[] {
    const own = variants.filter((one) => one.to === to);
    const wanted = new Set(
      own.flatMap(({ name, header }) =>
        messagesFor(header, reference.received.messages).map((message) =>
          message.replace(hostOf(header), hostOf(name)),
        ),
      ),
    );
    return (lines.get(to) ?? []).filter((line) => !wanted.has(line));
  }

  function compareWithReference({ name, to, header }: Variant): void {
    const messages = messagesFor(name, lines.get(to) ?? []);
    const { duplicates, ...others } = compareKeys(expected, countDecodedKeys(messages));
    expect(others).toStrictEqual({ missing: [], unknown: [] });
    expect(duplicates).toBeLessThanOrEqual(inDoubt.get(name) ?? 0);
    // Nothing was cut, split, or changed on the way.
    const wanted = messagesFor(header, reference.received.messages);
    expect(wanted).toHaveLength(expected.length);
    const got = new Set(messages.map((message) => message.replace(hostOf(name), hostOf(header))));
    expect(wanted.filter((message) => !got.has(message))).toStrictEqual([]);
  }

  test("is sent messages that it takes whole, each with a key of its own and readable as CEF", () => {
    for (const header of HEADERS) {
      const messages = messagesFor(header, reference.received.messages);
      expect(compareKeys(expected, countDecodedKeys(messages))).toStrictEqual(COMPLETE);
      expect(Math.max(...messages.map((message) => Buffer.byteLength(message)))).toBeLessThan(RSYSLOG_MAX_BYTES);
      expect(messages.some((message) => message.includes("S1truncated="))).toBe(true);
      const products = messages.map((message) => decodeCef(cefPart(message)).deviceProduct);
      expect(new Set(products)).toStrictEqual(new Set(["Mgmt"]));
    }
  });

  describe.skipIf(!HAS_RSYSLOG)("rsyslogd", () => {
    test.each(rsyslogVariants)("gets each record as exactly one message, unchanged: $name", compareWithReference);

    test("has no line that is not one of these messages", () => {
      for (const to of [...RSYSLOG, ...RELP]) expect(strangeLines(to)).toStrictEqual([]);
    });
  });

  describe.skipIf(!HAS_SYSLOG_NG)("syslog-ng", () => {
    test.each(syslogNgVariants)("gets each record as exactly one message, unchanged: $name", compareWithReference);

    test("has no line that is not one of these messages", () => {
      for (const { to } of SYSLOG_NG) expect(strangeLines(to)).toStrictEqual([]);
    });
  });
});

/** All of one length: what is shortened depends on what is left for it. */
function hostOf(name: string): string {
  return name.padEnd(48, "-");
}

/** As a reader of CEF finds them: a name in the header may hold what looks like a key. */
function countDecodedKeys(messages: readonly string[]): Map<string, number> {
  const keys = messages.map((message) => decodeCef(cefPart(message)).extension.get("S1eventKey"));
  return countKeys(keys.map((key) => ` S1eventKey=${key} `));
}

function startReceiver(to: Receiver, certificates: Certificates): Promise<Rsyslog | SyslogNg> {
  const tls = to.includes("tls") ? { certificates } : {};
  if (to.startsWith("syslog-ng"))
    return SyslogNg.start({ framing: to.includes("network") ? "newline" : "octet_counting", ...tls });
  const driver = to.endsWith("gtls") ? "gtls" : "ossl";
  // With GnuTLS librelp takes nobody without a certificate, but for anonymous key exchange, which we refuse.
  const clientAuth = to === "rsyslog relp+tls gtls";
  return Rsyslog.start({ transport: transportOf(to), driver, clientAuth, ...tls });
}

function transportOf(to: Receiver): "tcp" | "tls" | "relp" | "relp+tls" {
  if (to.includes("relp")) return to.includes("tls") ? "relp+tls" : "relp";
  return to.includes("tls") ? "tls" : "tcp";
}

const UNREACHABLE = "BRIDGE_COLLECTOR_UNREACHABLE";

describe.skipIf(!HAS_RSYSLOG)("an rsyslogd that wants a client certificate of a certain name", () => {
  let certificates: Certificates;

  beforeAll(() => {
    certificates = makeCertificates();
  });

  afterAll(() => certificates[Symbol.dispose]());

  test.concurrent.each([
    ["tls", "ossl"],
    ["tls", "gtls"],
    ["relp+tls", "ossl"],
    ["relp+tls", "gtls"],
  ] as const)("confirms nothing without it, and gets everything with it: %s, %s", async (transport, driver) => {
    await using rsyslog = await Rsyslog.start({ transport, driver, certificates, clientAuth: true });
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    const expected = supply(console, fixtures);
    const configure = (identity: ConfigTree): void => {
      const tls = { ca_file: certificates.caFile, server_name: "localhost", ...identity };
      const address = `${transport}://127.0.0.1:${rsyslog.port}`;
      home.configure({ consoles: [home.console(console)], collectors: [{ name: "siem", address, tls }] });
    };
    const { client, stranger } = certificates;

    for (const identity of [undefined, stranger]) {
      configure(identity === undefined ? {} : { cert_file: identity.certFile, key_file: identity.keyFile });
      const refused = await home.start();
      await refused.logged((line) => line["code"] === UNREACHABLE, "it was refused");
      await eventually(
        async () => (await refused.total("s1bridge_collector_faults_total")) >= 2,
        "it was refused twice",
      );
      expect(await refused.total("s1bridge_collector_events_confirmed_total")).toBe(0);
      expect(await refused.total("s1bridge_spool_events")).toBe(expected.length);
      expect(await refused.signal("SIGTERM")).toStrictEqual({ code: 0, signal: null });
    }
    expect(await rsyslog.linesNow()).toStrictEqual([]);

    configure({ cert_file: client.certFile, key_file: client.keyFile });
    const accepted = await home.start();
    await accepted.confirmed(expected.length);
    expect(compareKeys(expected, countKeys(await rsyslog.lines(expected.length)))).toStrictEqual(COMPLETE);
  });
});
