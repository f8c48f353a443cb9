import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BridgeHome } from "../support/bridge-process.ts";
import { requireRoot } from "../support/requires.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const NOBODY = 65_534;

let home: BridgeHome;

beforeEach(() => {
  home = new BridgeHome();
  home.configure({
    consoles: [home.console({ url: "http://127.0.0.1:9" })],
    collectors: [{ name: "siem", address: "tcp://127.0.0.1:9" }],
  });
  chmodSync(home.directory, 0o755);
  chownSync(home.tokenFile, NOBODY, NOBODY);
});

afterEach(() => home[Symbol.asyncDispose]());

/** The program as a user who may do nothing. */
async function asNobody(...parameters: string[]): Promise<{ code: number | null; stderr: string }> {
  const env = { PATH: process.env["PATH"], NO_COLOR: "1" };
  const child = spawn(process.execPath, [MAIN, ...parameters, "-c", home.configFile], {
    env,
    uid: NOBODY,
    gid: NOBODY,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

describe.skipIf(requireRoot().missing)("a spool of another user", () => {
  test("in a folder that may not be entered is refused with the way out, and is not taken for a missing one", async () => {
    mkdirSync(home.spool, { mode: 0o700 });
    const way = `It belongs to user 0, and this process runs as user ${NOBODY}: \`chown -R ${NOBODY} ${home.spool}\``;
    const run = await asNobody("run");
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining(way)]);
    expect(run.stderr).toContain("BRIDGE_SPOOL_UNUSABLE");
    const check = await asNobody("spool", "check");
    expect([check.code, check.stderr]).toEqual([1, expect.stringContaining(`${home.spool} can not be read`)]);
    expect(readdirSync(home.spool)).toEqual([]);
  });

  test.each(["spool.db-wal", "holder.json"])(
    "whose %s a command has left that was run as root is refused with the way out, and untouched",
    async (name) => {
      mkdirSync(home.spool, { mode: 0o700 });
      chownSync(home.spool, NOBODY, NOBODY);
      writeFileSync(join(home.spool, name), "", { mode: 0o644 });
      const run = await asNobody("run");
      expect([run.code, run.stderr]).toEqual([
        1,
        expect.stringContaining(`${join(home.spool, name)} can not be written`),
      ]);
      expect(run.stderr).toContain(`chown -R ${NOBODY} ${home.spool}`);
      expect(readdirSync(home.spool)).toEqual([name]);
    },
  );
});
