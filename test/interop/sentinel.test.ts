import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { JsonRecord } from "../../src/event/event.ts";
import { createEncoder } from "../../src/message/encoder.ts";
import { within } from "../support/collect.ts";
import { commonSecurityLogRow } from "../support/common-security-log.ts";
import { Daemon } from "../support/daemon.ts";
import { freePort } from "../support/free-port.ts";
import { evaluate, type KqlRow, runKql } from "../support/kql.ts";
import { requireProgram } from "../support/requires.ts";
import { makeCertificates } from "../support/tls.ts";
import { activity, fixtures, OPTIONS, threat } from "../unit/message/events.ts";

/**
 * The whole way to Microsoft's analytic rules, but for the agent and the service themselves: message, rsyslogd with the
 * files that are shipped and the agent's own output, CommonSecurityLog, the function SentinelOne, the rule.
 */

const KIT = join(import.meta.dirname, "../../deploy/sentinel");
const FUNCTION = readFileSync(join(KIT, "SentinelOne.kql"), "utf8");

/** The agent's own file, as Microsoft prints it (Azure Monitor, "Collect Syslog events"); but for the queue on disk. */
const AGENT = (port: number): string => `
template(name="AMA_RSYSLOG_TraditionalForwardFormat" type="string" string="<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag%%msg:::sp-if-no-1st-sp%%msg%")
*.* action(type="omfwd" template="AMA_RSYSLOG_TraditionalForwardFormat" queue.type="LinkedList"
 action.resumeRetryCount="-1" action.resumeInterval="1" queue.size="25000" queue.dequeueBatchSize="2048"
 target="127.0.0.1" Port="${port}" Protocol="tcp")
`;

/** The records of the rules that the fixtures have, and those that they have not. */
const RECORDS: readonly JsonRecord[] = [
  ...fixtures("activities"),
  {
    id: "2287311540987123900",
    activityType: 3020,
    createdAt: "2026-09-21T17:00:00.5Z",
    primaryDescription: "The management user Ada Example deleted the hash; a=b | c\\d from the Blacklist.",
    secondaryDescription: "5e543256c480ac577d30f76f9120eb740000bbbb",
    data: { username: "Ada Example" },
  },
];

interface Rule {
  readonly name: string;
  /** As the rule has it, but for the look-back. */
  readonly where: string;
  readonly fields: Readonly<Record<string, RegExp>>;
  /** Named groups of what the rule extracts from the sentence. */
  readonly extracts?: readonly RegExp[];
}

const USER = /^Ada Example$/;
const HOST = /^FIN-LAP-07$/;
const CUSTOM_RULE = [/Custom Rule:\s(.*?)\sin Group/, /detected on\s(\S+)\./];

const RULES: readonly Rule[] = [
  {
    name: "Admin login from new location",
    where: `ActivityType == 27 and DataRole =~ 'Admin'`,
    fields: { SrcUserName: USER },
    extracts: [/Address\s(\d+\.\d+\.\d+\.\d+)/],
  },
  { name: "Agent uninstalled from multiple hosts", where: "ActivityType == 31", fields: { DataComputerName: HOST } },
  { name: "Alert from custom rule", where: "ActivityType == 3608", fields: {}, extracts: CUSTOM_RULE },
  { name: "Multiple alerts on host", where: "ActivityType == 3608", fields: {}, extracts: CUSTOM_RULE },
  {
    name: "Same custom rule triggered on different hosts",
    where: "ActivityType == 3608",
    fields: {},
    extracts: CUSTOM_RULE,
  },
  {
    name: "Blacklist hash deleted",
    where: "ActivityType == 3020",
    fields: { SrcUserName: USER, EventSubStatus: /^[0-9a-f]{40}$/ },
  },
  {
    name: "Exclusion added",
    where: `EventOriginalMessage has_all ('added', 'exclusion')`,
    fields: { SrcUserName: USER },
  },
  {
    name: "New admin created",
    where: "ActivityType == 23",
    fields: { SrcUserName: /^Bob Example$/, DataByUser: USER },
  },
  {
    name: "Rule deleted",
    where: "ActivityType == 3602",
    fields: {
      DataRuleName: /^Encoded PowerShell$/,
      DataRuleQueryDetails: /^SrcProcCmdLine = "powershell -enc" AND/,
      DataUserName: USER,
    },
  },
  {
    name: "Rule disabled",
    where: "ActivityType == 3603",
    fields: {
      DataRuleName: /^Encoded PowerShell$/,
      DataRuleQueryDetails: /^SrcProcCmdLine = "powershell -enc"$/,
      DataUserName: USER,
    },
  },
  {
    name: "User viewed agent's passphrase",
    where: "ActivityType == 64",
    fields: { SrcUserName: USER, DataComputerName: HOST },
  },
];

describe.skipIf(requireProgram("rsyslogd").missing)("Microsoft Sentinel, by the shipped files", () => {
  let directory = "";
  let agent: Server;
  let rsyslog: Daemon;
  let forwarded: string[] = [];
  let table: readonly KqlRow[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "s1bridge-sentinel-"));
    const events = [
      ...RECORDS.map((record) => activity(record)),
      ...fixtures("threats").map((record) => threat(record)),
    ];
    const { encode } = createEncoder(OPTIONS);
    // One comes twice, as after a broken connection.
    const messages = [...events, events[0] ?? activity({})].map((event) => encode(event));
    let received = "";
    let arrived: (() => void) | undefined;
    agent = createServer((socket) => {
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        received += chunk;
        if (received.split("\n").length > messages.length) arrived?.();
      });
    });
    await once(agent.listen(0, "127.0.0.1"), "listening");
    const port = await freePort();
    rsyslog = await startRsyslog(directory, port, (agent.address() as AddressInfo).port);
    const all = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const socket = connect(port, "127.0.0.1");
    socket.end(messages.map((message) => `${message}\n`).join(""));
    await within(all, "rsyslogd hands everything to the agent");
    socket.destroy();
    forwarded = received.split("\n").slice(0, -1);
    const rows = forwarded.map((line, index) => ({
      ...commonSecurityLogRow(line),
      TimeGenerated: new Date(1_790_000_000_000 + index),
    }));
    table = runKql(FUNCTION, rows);
  });

  afterAll(async () => {
    await rsyslog.stop();
    agent.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("each message is one for the agent, with the tag that makes it CEF", () => {
    expect(forwarded).toHaveLength(RECORDS.length + fixtures("threats").length + 1);
    for (const line of forwarded) expect(line).toMatch(/ s1bridge CEF: 0\|SentinelOne\|Mgmt\|/);
  });

  test("nothing of it fills the forwarder's own log", () => {
    const log = join(directory, "syslog.log");
    expect(existsSync(log) ? readFileSync(log, "utf8") : "").not.toContain("SentinelOne");
  });

  test("one that came twice is one row", () => {
    expect(table).toHaveLength(forwarded.length - 1);
  });

  test.each(RULES)("rule: $name", ({ where, fields, extracts = [] }) => {
    const rows = table.filter((row) => evaluate(where, row) === true);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row["EventType"]).toBe("Activities.");
      expect(row["EventCreationTime"]).toBeInstanceOf(Date);
      expect(row["EventCreationTime"]).not.toEqual(row["TimeGenerated"]);
      for (const [field, pattern] of Object.entries(fields))
        expect([field, row[field]]).toEqual([field, expect.stringMatching(pattern)]);
      for (const pattern of extracts) expect(row["EventOriginalMessage"]).toMatch(pattern);
    }
  });

  test("every sentence arrives as the console wrote it", () => {
    const sentences = new Map(RECORDS.map((record) => [record["id"], record["primaryDescription"]]));
    for (const row of table.filter(({ EventType: type }) => type === "Activities.")) {
      expect(row["EventOriginalMessage"]).toBe(sentences.get(String(row["EventId"])));
    }
  });

  test("a detection that stands in both feeds is one activity and one threat", () => {
    const types = table
      .filter((row) => String(row["EventOriginalMessage"]).includes("detected"))
      .map((row) => row["EventType"]);
    expect(types).toContain("Activities.");
    const threats = table.filter((row) => row["EventType"] === "Threats.");
    expect(threats).toHaveLength(fixtures("threats").length);
    for (const row of threats) expect(row["ActivityType"]).toBeUndefined();
  });
});

describe.skipIf(requireProgram("rsyslogd").missing)("rsyslogd -N1", () => {
  test.each(["05-s1bridge-plain.conf", "05-s1bridge-tls.conf", "20-s1bridge-no-local-copy.conf"])(
    "accepts %s",
    (file) => {
      const directory = mkdtempSync(join(tmpdir(), "s1bridge-kit-"));
      using certificates = makeCertificates();
      try {
        const text = readFileSync(join(KIT, file), "utf8")
          .replace("/etc/rsyslog.d/tls/ca.pem", certificates.caFile)
          .replace("/etc/rsyslog.d/tls/server.pem", certificates.server.certFile)
          .replace("/etc/rsyslog.d/tls/server.key", certificates.server.keyFile);
        const path = join(directory, "rsyslog.conf");
        writeFileSync(path, `global(workDirectory="${directory}")\n${AGENT(28_330)}\n${text}\n`);
        const { status, stderr } = spawnSync("rsyslogd", ["-N1", "-f", path], { encoding: "utf8" });
        expect([status, stderr.replace(/^.*config validation run.*\n/m, "")]).toEqual([
          0,
          expect.stringMatching(/^\S+ End of config validation run\. Bye\.\n$/) as string,
        ]);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );
});

/** rsyslogd with the shipped files beside the agent's, each at its own place in the order of names. */
async function startRsyslog(directory: string, port: number, agentPort: number): Promise<Daemon> {
  const plain = readFileSync(join(KIT, "05-s1bridge-plain.conf"), "utf8");
  writeFileSync(
    join(directory, "05-s1bridge-plain.conf"),
    plain.replace('port="514"', `port="${port}" address="127.0.0.1"`),
  );
  writeFileSync(join(directory, "10-azuremonitoragent-omfwd.conf"), AGENT(agentPort));
  copyFileSync(join(KIT, "20-s1bridge-no-local-copy.conf"), join(directory, "20-s1bridge-no-local-copy.conf"));
  writeFileSync(
    join(directory, "50-default.conf"),
    `*.* action(type="omfile" file="${join(directory, "syslog.log")}")\n`,
  );
  const main = join(directory, "rsyslog.main");
  writeFileSync(main, `global(workDirectory="${directory}")\n$IncludeConfig ${directory}/*.conf\n`);
  const daemon = new Daemon(["rsyslogd", "-n", "-f", main, "-i", join(directory, "pid")], port);
  await daemon.start();
  return daemon;
}
