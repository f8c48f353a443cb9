import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BridgeHome } from "../support/bridge-process.ts";

const EXPECTATIONS = {
  version: 1,
  tests: [
    {
      name: "a login at Alder",
      feed: "activities",
      record: { activityType: 27, siteName: "Alder", data: { username: "ada" } },
      expect: { collectors: ["alder"], keys: { suser: "ada", S1tenant: "seven" }, absent: ["S1data"], class_id: 27 },
    },
    {
      name: "a threat elsewhere",
      feed: "threats",
      record_file: "threat.json",
      expect: { collectors: ["rest"], class_id: "threats.new", keys: { siteName: "Other", S1fileSize: "99999999999" } },
    },
  ],
};

function homeWith(expectations: object): BridgeHome {
  const home = new BridgeHome();
  home.configure({
    consoles: [{ name: "acme", url: "https://acme.example", token: { file: home.tokenFile } }],
    collectors: [
      {
        name: "alder",
        address: "tcp://127.0.0.1:1",
        match: { sites: ["Alder"] },
        fields: { S1tenant: { value: "seven" } },
      },
      { name: "rest", address: "tcp://127.0.0.1:1", default: true },
    ],
  });
  writeFileSync(join(home.directory, "config.test.yaml"), JSON.stringify(expectations));
  const threat = `{"id":"12","threatInfo":{"fileSize":99999999999},"agentRealtimeInfo":{"siteName":"Other"}}`;
  writeFileSync(join(home.directory, "threat.json"), threat);
  return home;
}

describe.concurrent("s1bridge test", () => {
  test("exits 0 when records become what is expected", async () => {
    await using home = homeWith(EXPECTATIONS);
    const { code, stdout } = await home.command("test", "-c", home.configFile);
    expect(stdout).toContain("2 ok");
    expect(code).toBe(0);
  });

  test("shows what was expected and what came, and exits 1", async () => {
    const [first] = EXPECTATIONS.tests;
    const wrong = { ...first, expect: { collectors: ["rest"], keys: { suser: "bob" }, absent: ["S1tenant"] } };
    await using home = homeWith({ version: 1, tests: [wrong] });
    const { code, stdout } = await home.command("test", "-c", home.configFile, "--json");
    expect(JSON.parse(stdout)).toEqual({
      tests: 1,
      failed: 1,
      results: [
        {
          name: "a login at Alder",
          differences: [
            { what: "collectors", expected: "rest", got: "alder" },
            { what: "alder: suser", expected: "bob", got: "ada" },
            { what: "alder: S1tenant", expected: "no such key", got: "seven" },
          ],
        },
      ],
    });
    expect(code).toBe(1);
  });

  test("tells the faults of the expectations with their place, and exits 2", async () => {
    const entry = { name: "x", feed: "threads", record: {}, expect: { keys: {}, collecters: [] } };
    await using home = homeWith({ version: 1, tests: [entry] });
    const { code, stderr } = await home.command("test", "-c", home.configFile);
    expect(stderr).toContain('did you mean "threats"?');
    expect(stderr).toContain('did you mean "collectors"?');
    expect(stderr).toMatch(/config\.test\.yaml:1:\d+ tests\[0\]\.feed/);
    expect(code).toBe(2);
  });
});
