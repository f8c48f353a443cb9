import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BridgeHome } from "../support/bridge-process.ts";

const VALID = `version: 1
consoles:
  - name: acme
    url: http://127.0.0.1:1
    token: { file: TOKEN }
collectors: [{ name: siem, address: "tcp://127.0.0.1:1" }]
spool: { directory: SPOOL }
telemetry: { listen: "127.0.0.1:0" }
`;

function homeWith(text: string): BridgeHome {
  const home = new BridgeHome();
  home.writeConfig(text.replace("TOKEN", home.tokenFile).replace("SPOOL", home.spool));
  return home;
}

describe.concurrent("a configuration with faults", () => {
  const faulty = VALID.replace("    url: http", "    feedz: {}\n    url: ftp").replace(":1}", ":99999}");

  test.each(["run", "check", "preview"])(
    "ends %s with 2 and names each with line, column and what was meant",
    async (command) => {
      await using home = homeWith(faulty);
      const { code, stdout, stderr } = await home.command(command, "-c", home.configFile);
      expect(code).toBe(2);
      const text = stdout + stderr;
      expect(text).toMatch(new RegExp(`${home.configFile}:4:5 .*feedz.*did you mean.*feeds`));
      expect(text).toMatch(new RegExp(`${home.configFile}:5:10 .*url`));
      expect(text).toContain("2 faults");
      expect(text).not.toContain("    at ");
    },
  );

  test("is told as JSON by check --json", async () => {
    await using home = homeWith(faulty);
    const { code, stdout } = await home.command("check", "--json", "-c", home.configFile);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      file: home.configFile,
      faults: [
        { line: 4, column: 5, path: expect.stringContaining("feedz") as string },
        { line: 5, column: 10 },
      ],
      summary: null,
    });
  });

  test("that is no YAML at all ends run with 2 and its place", async () => {
    await using home = homeWith("version: 1\nconsoles: [");
    const { code, stderr } = await home.command("run", "-c", home.configFile);
    expect([code, stderr]).toStrictEqual([2, expect.stringMatching(/config\.yaml:2:\d+:? .*YAML/) as string]);
  });

  test("that is not there ends run with 2 and its name", async () => {
    await using home = new BridgeHome();
    const missing = join(home.directory, "none.yaml");
    const { code, stderr } = await home.command("run", "-c", missing);
    expect([code, stderr]).toStrictEqual([2, expect.stringContaining(missing) as string]);
  });
});

describe.concurrent("a valid configuration", () => {
  test("passes check, with a summary and as JSON", async () => {
    await using home = homeWith(VALID);
    const { code, stdout, stderr } = await home.command("check", "-c", home.configFile);
    expect([code, stdout, stderr]).toStrictEqual([0, `ok ${home.configFile}: 1 console, 2 feeds, 1 collector\n`, ""]);
    const { stdout: json } = await home.command("check", "--json", "-c", home.configFile);
    expect(JSON.parse(json)).toStrictEqual({
      file: home.configFile,
      faults: [],
      unreadable: [],
      exposed: [],
      summary: "1 console, 2 feeds, 1 collector",
    });
  });

  test("passes check with a warning when the token can not be read here, and run ends with 2", async () => {
    await using home = homeWith(VALID.replace("TOKEN", "/nowhere/token"));
    const checked = await home.command("check", "-c", home.configFile);
    expect([checked.code, checked.stdout]).toStrictEqual([0, expect.stringContaining("/nowhere/token") as string]);
    const { code, stderr } = await home.command("run", "-c", home.configFile);
    expect([code, stderr]).toStrictEqual([2, expect.stringContaining("/nowhere/token") as string]);
    expect(stderr).toContain("BRIDGE_CONFIG_FILE");
  });

  test("whose token everybody can read passes check with a warning", async () => {
    await using home = homeWith(VALID);
    chmodSync(home.tokenFile, 0o644);
    const { code, stdout } = await home.command("check", "-c", home.configFile);
    const warning = `consoles.acme.token: ${home.tokenFile} can be read by everybody; chmod 0600 or 0640`;
    expect([code, stdout]).toStrictEqual([0, expect.stringContaining(`warning ${warning}\n`) as string]);
    chmodSync(home.tokenFile, 0o600);
    expect((await home.command("check", "-c", home.configFile)).stdout).not.toContain("warning");
  });

  test("with an empty token ends run with 2", async () => {
    await using home = new BridgeHome({ token: "\n" });
    home.writeConfig(VALID.replace("TOKEN", home.tokenFile).replace("SPOOL", home.spool));
    const { code, stderr } = await home.command("run", "-c", home.configFile);
    expect([code, stderr]).toStrictEqual([2, expect.stringContaining("the token is empty") as string]);
  });

  test("whose spool can not be made ends run with 1, so that a supervisor starts it again", async () => {
    await using home = homeWith(VALID);
    chmodSync(home.tokenFile, 0o600);
    home.writeConfig(readFileSync(home.configFile, "utf8").replace(home.spool, join(home.tokenFile, "spool")));
    const { code, stderr } = await home.command("run", "-c", home.configFile);
    expect([code, stderr]).toStrictEqual([1, expect.stringContaining("BRIDGE_SPOOL_UNUSABLE") as string]);
  });
});

describe.concurrent("the command line", () => {
  test.each([
    { parameters: ["runn"], told: /unknown command 'runn'[^]*Did you mean run/ },
    { parameters: ["check", "-c", "x", "--jsn"], told: /unknown option '--jsn'[^]*Did you mean --json/ },
    { parameters: ["run"], told: /required option '-c, --config <file>'/ },
    { parameters: ["demo", "--events", "many"], told: /whole number from 1/ },
    { parameters: ["preview", "-c", "x", "--limit", "0"], told: /whole number from 1/ },
    { parameters: ["config", "exampel"], told: /schema or example/ },
  ])("that is wrong ends with 2 and says why: $parameters", async ({ parameters, told }) => {
    await using home = new BridgeHome();
    const { code, stdout, stderr } = await home.command(...parameters);
    expect([code, stdout]).toStrictEqual([2, ""]);
    expect(stderr).toMatch(told);
  });

  test.each([[], ["run"], ["check"], ["preview"], ["demo"], ["config"]])(
    "explains itself with --help: %s",
    async (...command) => {
      await using home = new BridgeHome();
      const { code, stdout, stderr } = await home.command(...command, "--help");
      expect([code, stderr]).toStrictEqual([0, ""]);
      expect(stdout).toContain(`Usage: s1bridge ${command.join(" ")}`);
    },
  );

  test("prints a schema that is JSON, and an example that passes check", async () => {
    await using home = new BridgeHome();
    const schema = await home.command("config", "schema");
    expect([schema.code, JSON.parse(schema.stdout)]).toMatchObject([0, { type: "object" }]);
    const example = await home.command("config", "example");
    expect(example.code).toBe(0);
    home.writeConfig(example.stdout);
    const { code, stdout } = await home.command("check", "-c", home.configFile);
    expect([code, stdout]).toStrictEqual([0, expect.stringContaining("ok ") as string]);
  });
});
