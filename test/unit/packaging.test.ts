import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exampleConfig } from "../../src/config/example.ts";
import { parseConfig } from "../../src/config/load.ts";
import { requireProgram } from "../support/requires.ts";

const ROOT = join(import.meta.dirname, "../..");
const PACKAGE = JSON.parse(read("package.json")) as {
  bin: Record<string, string>;
  engines: { node: string };
  files: readonly string[];
  license: string;
  version: string;
  description: string;
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

test("the licence is the same wherever it is named", () => {
  expect(PACKAGE.license).toBe("Apache-2.0");
  expect(read("LICENSE")).toMatch(/Apache License\s+Version 2\.0/);
  expect(read("README.md")).toContain("Licence: [Apache-2.0](LICENSE)");
  expect(read("deploy/debian/copyright")).toContain("\nLicense: Apache-2.0\n");
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

  const [node, digest, runtime] = all("ARG");

  test("has a Node that the package accepts, by a digest if one is given", () => {
    const major = Number(/^NODE_IMAGE=node:(\d+)/.exec(node ?? "")?.[1]);
    const least = Number(/^>=(\d+)$/.exec(PACKAGE.engines.node)?.[1]);
    expect(major).toBeGreaterThanOrEqual(least);
    const base = `\${NODE_IMAGE}\${NODE_DIGEST:+@\${NODE_DIGEST}}`;
    expect([digest, runtime]).toEqual(["NODE_DIGEST=", `RUNTIME_IMAGE=${base}`]);
    expect(all("FROM")).toEqual([`${base} AS build`, "${RUNTIME_IMAGE}"]);
  });

  test("what runs needs no shell", () => {
    const last = lines.findLastIndex((line) => line.startsWith("FROM "));
    expect(lines.slice(last).filter((line) => /^(RUN|SHELL) |^(CMD|ENTRYPOINT) +[^[]/.test(line))).toEqual([]);
    expect(all("HEALTHCHECK").join(" ")).toContain("CMD [");
  });

  test("says in its labels what it is, of which version, and under which licence", () => {
    const labels = Object.fromEntries(
      [
        ...all("LABEL")
          .join(" ")
          .matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g),
      ].map(([, key, value]) => [key, value]),
    );
    expect(labels).toEqual({
      title: "s1bridge",
      description: PACKAGE.description,
      licenses: PACKAGE.license,
      version: "${S1BRIDGE_VERSION}",
      revision: "${S1BRIDGE_COMMIT}",
      created: "${S1BRIDGE_DATE}",
      source: "${S1BRIDGE_SOURCE}",
    });
    expect(all("ARG")).toContain(`S1BRIDGE_VERSION=${PACKAGE.version}`);
  });

  test("starts the bundle, which needs nothing beside it", () => {
    const kept = copies.filter(([first]) => first === "--from=build").map((words) => words.slice(-2));
    expect(kept).toEqual([
      ["/build/bundle", "/opt/s1bridge"],
      ["/build/spool", DEFAULTS.spool.directory],
    ]);
    expect(list("ENTRYPOINT")).toEqual(["node", "/opt/s1bridge/main.js"]);
    expect(list("CMD")).toEqual(["run", "-c", CONFIG_PATH]);
  });

  test("stands at the defaults of the configuration", () => {
    expect(all("VOLUME")).toEqual([DEFAULTS.spool.directory]);
    expect(all("EXPOSE")).toEqual([String(DEFAULTS.telemetry.listen.port)]);
    expect(all("HEALTHCHECK").join(" ")).toContain(`"/opt/s1bridge/main.js", "healthcheck", "-c", "${CONFIG_PATH}"`);
  });

  test("does not run as root", () => {
    expect(all("USER").at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });
});

const UNITS = [
  { unit: "s1bridge.service", home: "/etc/s1bridge", state: "" },
  { unit: "s1bridge@.service", home: "/etc/s1bridge/%i", state: "/%i" },
];

describe.each(UNITS)("systemd/$unit", ({ unit, home, state }) => {
  const text = read(`systemd/${unit}`);
  const entries = text.split("\n").filter((line) => /^\w+=/.test(line));
  const all = (key: string): string[] =>
    entries.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));

  test("checks and runs the configuration where docs/configuration.md says, and reloads it by SIGHUP", () => {
    const config = CONFIG_PATH.replace("/etc/s1bridge", home);
    expect(all("ConditionPathExists")).toEqual([config]);
    expect(all("ExecStartPre")).toEqual([`/usr/bin/s1bridge check -c ${config}`]);
    expect(all("ExecStart")).toEqual([`/usr/bin/s1bridge run -c ${config}`]);
    expect(all("ExecReload")).toEqual([`/usr/bin/s1bridge check -c ${config}`, `/bin/sh -c 'kill -HUP "$MAINPID"'`]);
  });

  test("has the spool where the configuration has it by default", () => {
    expect(all("StateDirectory").map((name) => join("/var/lib", name))).toEqual([DEFAULTS.spool.directory + state]);
  });

  test("hands over the token that config.example.yaml names", () => {
    const credentials = all("LoadCredential").map((entry) => entry.split(":")[0]);
    expect(DEFAULTS.consoles.map(({ token }) => token)).toEqual(
      credentials.map((name) => ({ file: `/run/credentials/s1bridge.service/${name}` })),
    );
    expect(all("LoadCredential")).toEqual(credentials.map((name) => `${name}:${home}/${name}`));
  });

  test("is told by a child of the service, and has a watchdog", () => {
    expect([all("Type"), all("NotifyAccess"), all("WatchdogSec")]).toEqual([["notify"], ["all"], ["3min"]]);
  });

  test("starts again for ever, with a pause", () => {
    expect([all("Restart"), all("StartLimitIntervalSec"), all("RestartSec")]).toEqual([["always"], ["0"], ["10s"]]);
  });

  test("leaves no core dump, V8 its compiler and the watchdog of connections its table", () => {
    expect(all("LimitCORE")).toEqual(["0"]);
    expect(all("MemoryDenyWriteExecute")).toEqual([]);
    expect(all("ProtectProc")).toEqual(["invisible"]);
    expect(all("PrivateNetwork")).toEqual([]);
  });

  test.skipIf(requireProgram("systemd-analyze").missing)(
    "is clean for systemd, with an exposure of 1.5 at most",
    () => {
      const directory = mkdtempSync(join(tmpdir(), "s1bridge-unit-"));
      try {
        // systemd wants the programs to be there.
        const path = join(directory, unit);
        writeFileSync(path, text.replaceAll("/usr/bin/s1bridge", "/bin/true"));
        const analyze = (...words: string[]): object => {
          const { status, stderr } = spawnSync("systemd-analyze", words, { encoding: "utf8" });
          return { status, stderr };
        };
        expect(analyze("verify", "--man=no", path)).toEqual({ status: 0, stderr: "" });
        // In tenths.
        expect(analyze("security", "--offline=true", "--no-pager", "--threshold=15", path)).toMatchObject({
          status: 0,
        });
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );
});

test("a machine may run several instances beside each other", () => {
  const template = read("systemd/s1bridge@.service");
  for (const key of ["StateDirectory", "CacheDirectory"]) expect(template).toContain(`\n${key}=s1bridge/%i\n`);
});

describe(".ci/run", () => {
  test("is executable, and runs the README's own test command", () => {
    expect(statSync(join(ROOT, ".ci/run")).mode & 0o111).toBe(0o111);
    const command = "npm ci && npm test";
    expect(read("README.md")).toContain(`\n${command}\n`);
    expect(read(".ci/run")).toContain(`"${command}"`);
  });
});
