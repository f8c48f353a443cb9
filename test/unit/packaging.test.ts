import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exampleConfig } from "../../src/config/example.ts";
import { parseConfig } from "../../src/config/load.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE = JSON.parse(read("package.json")) as {
  bin: Record<string, string>;
  engines: { node: string };
  files: readonly string[];
};
const DEFAULTS = parseConfig(exampleConfig()).config;

/** Where docs/configuration.md says that the configuration stands. */
const CONFIG_PATH = "/etc/s1bridge/config.yaml";

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

test("what the package lists is there, but for dist, which the build makes", () => {
  expect(PACKAGE.files).toContain("dist");
  expect(PACKAGE.files.filter((path) => path !== "dist" && !existsSync(join(ROOT, path)))).toEqual([]);
});

test("the command is what the build makes of src/main.ts", () => {
  const { compilerOptions } = JSON.parse(read("tsconfig.build.json")) as { compilerOptions: Record<string, string> };
  expect(compilerOptions).toMatchObject({ rootDir: "src", outDir: "dist" });
  expect(PACKAGE.bin).toEqual({ s1bridge: "dist/main.js" });
  expect(read("src/main.ts")).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test("docs/configuration.md names the path that the unit and the container use", () => {
  expect(read("docs/configuration.md")).toContain(`\`${CONFIG_PATH}\``);
});

describe("the Dockerfile", () => {
  const lines = read("Dockerfile").replaceAll("\\\n", " ").split("\n");
  const all = (instruction: string): string[] =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1).trim());
  const copies = all("COPY").map((arguments_) => arguments_.split(/\s+/));
  const list = (instruction: string): unknown => JSON.parse(all(instruction).at(-1) ?? "null");

  test("copies only what is in the repository and let through by .dockerignore", () => {
    const sources = copies.filter(([first]) => !first?.startsWith("--from=")).flatMap((words) => words.slice(0, -1));
    const allowed = read(".dockerignore").split("\n");
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect(sources.filter((source) => !allowed.includes(`!${source}`))).toEqual([]);
  });

  test("has a Node that the package accepts", () => {
    const major = Number(/node:(\d+)/.exec(all("ARG")[0] ?? "")?.[1]);
    const least = Number(/^>=(\d+)$/.exec(PACKAGE.engines.node)?.[1]);
    expect(major).toBeGreaterThanOrEqual(least);
    expect(all("FROM").every((image) => image.startsWith(`\${NODE_IMAGE}`))).toBe(true);
  });

  test("starts what the build makes, with package.json and the dependencies beside it", () => {
    const home = "/opt/s1bridge";
    expect(list("ENTRYPOINT")).toEqual(["node", join(home, PACKAGE.bin["s1bridge"] ?? "")]);
    expect(list("CMD")).toEqual(["run", "-c", CONFIG_PATH]);
    const kept = copies.filter(([first]) => first === "--from=build").map((words) => words.at(-1));
    expect(kept).toEqual([`${home}/package.json`, `${home}/node_modules`, `${home}/dist`]);
  });

  test("stands at the defaults of the configuration", () => {
    expect(all("VOLUME")).toEqual([DEFAULTS.spool.directory]);
    expect(all("EXPOSE")).toEqual([String(DEFAULTS.telemetry.listen.port)]);
    expect(all("HEALTHCHECK").join(" ")).toContain(`http://127.0.0.1:${DEFAULTS.telemetry.listen.port}/livez`);
  });

  test("does not run as root", () => {
    expect(all("USER").at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });
});

describe("the systemd unit", () => {
  const entries = read("systemd/s1bridge.service")
    .split("\n")
    .filter((line) => /^\w+=/.test(line));
  const all = (key: string): string[] =>
    entries.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));

  test("checks and runs the configuration where docs/configuration.md says", () => {
    expect(all("ExecStartPre")).toEqual([`/usr/bin/s1bridge check -c ${CONFIG_PATH}`]);
    expect(all("ExecStart")).toEqual([`/usr/bin/s1bridge run -c ${CONFIG_PATH}`]);
  });

  test("has the spool where the configuration has it by default", () => {
    expect(all("StateDirectory").map((name) => join("/var/lib", name))).toEqual([DEFAULTS.spool.directory]);
  });

  test("hands over the token that config.example.yaml names", () => {
    const credentials = all("LoadCredential").map((entry) => entry.split(":")[0]);
    expect(DEFAULTS.consoles.map(({ token }) => token)).toEqual(
      credentials.map((name) => ({ file: `/run/credentials/s1bridge.service/${name}` })),
    );
  });

  test("leaves V8 its compiler and the watchdog its table of connections", () => {
    expect(all("MemoryDenyWriteExecute")).toEqual([]);
    expect(all("ProtectProc")).toEqual(["invisible"]);
    expect(all("PrivateNetwork")).toEqual([]);
  });

  test("offers no reload as long as there is none", () => {
    expect(all("ExecReload")).toEqual([]);
  });
});

describe(".ci/run", () => {
  test("is executable, and runs the README's own test command", () => {
    expect(statSync(join(ROOT, ".ci/run")).mode & 0o111).toBe(0o111);
    const command = "npm ci && npm test";
    expect(read("README.md")).toContain(`\n${command}\n`);
    expect(read(".ci/run")).toContain(`"${command}"`);
  });
});
