import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { loadRecords } from "../../src/demo/records/recorded.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { COMPLETE, compareKeys, countKeys, supply } from "../support/event-keys.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Certificates } from "../support/tls.ts";

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
