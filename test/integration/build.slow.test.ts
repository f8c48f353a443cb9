import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { statusPage } from "../../src/telemetry/status-page.ts";
import { within } from "../support/collect.ts";

const ROOT = join(import.meta.dirname, "../..");
const EPOCH = "1700000000";

let directory: string;

function build(script: "build" | "bundle", name: string): string {
  const folder = join(directory, name);
  const env = { ...process.env, SOURCE_DATE_EPOCH: EPOCH };
  execFileSync(process.execPath, [`scripts/${script}.ts`, folder], { cwd: ROOT, env, stdio: "inherit" });
  return folder;
}

function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
  return Object.fromEntries(
    files
      .filter((path) => statSync(path).isFile())
      .sort()
      .map((path) => [relative(folder, path), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

/** Far away from the checkout's node_modules. */
function s1bridge(folder: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(folder, "main.js"), ...words], { cwd: folder, encoding: "utf8" });
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-bundle-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the bundle", () => {
  test("is the same, byte for byte, when it is made again", () => {
    const first = digests(build("bundle", "first"));
    expect(Object.keys(first)).toEqual(
      expect.arrayContaining(["main.js", "main.js.map", "spool/worker.js", "LICENSES.txt", "lib/build.json"]),
    );
    expect(digests(build("bundle", "second"))).toEqual(first);
  });

  test("runs the whole bridge with nothing beside it, its threads included", () => {
    const { status, stdout, stderr } = s1bridge(join(directory, "first"), "demo", "--events", "500");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/lost 0, duplicates 0/);
  });

  test("serves the status page", async () => {
    const program = join(directory, "first/main.js");
    const child = spawn(process.execPath, [program, "demo", "--follow"], { stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      let told = "";
      const url = new Promise<string>((resolve) => {
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          told += text;
          const [, found] = /^status page: (\S+)$/m.exec(told) ?? [];
          if (found !== undefined) resolve(found);
        });
      });
      const page = await fetch(await within(url, "the demo tells where its page is"));
      expect(await page.text()).toBe(statusPage());
    } finally {
      child.kill();
      await ended;
    }
  });

  test("says version, commit and date", () => {
    const { stdout } = s1bridge(join(directory, "first"), "--version");
    expect(stdout).toMatch(/^\d+\.\d+\.\d+ \(commit [0-9a-f]{12}\+?, 2023-11-14T22:13:20\.000Z\)\n$/);
  });

  test("carries the licence of every package in it", () => {
    const text = readFileSync(join(directory, "first/LICENSES.txt"), "utf8");
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(dependencies)) expect(text).toContain(`${name} ${version}: `);
    expect(text).not.toContain("undefined");
  });
});

describe("dist", () => {
  test("is the same, byte for byte, when it is made again", () => {
    const first = digests(build("build", "app/dist"));
    expect(Object.keys(first)).toEqual(expect.arrayContaining(["main.js", "main.js.map", "build.json"]));
    // At the same depth: the maps say where the sources are from there.
    expect(digests(build("build", "again/dist"))).toEqual(first);
  });

  test("runs the whole bridge with the production dependencies of the lock file beside it, and no other", () => {
    const app = join(directory, "app");
    for (const file of ["package.json", "config.example.yaml"]) copyFileSync(join(ROOT, file), join(app, file));
    const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
      packages: Record<string, { dev?: boolean; optional?: boolean }>;
    };
    const production = Object.keys(packages).filter((path) => path !== "" && packages[path]?.dev !== true);
    for (const path of production) cpSync(join(ROOT, path), join(app, path), { recursive: true });
    expect(existsSync(join(app, "node_modules/typescript"))).toBe(false);

    expect(s1bridge(join(app, "dist"), "--version").stdout).toMatch(/^\d+\.\d+\.\d+ \(commit [0-9a-f]{12}/);
    expect(s1bridge(join(app, "dist"), "check", "-c", join(app, "config.example.yaml"))).toMatchObject({ status: 0 });
    const { status, stdout, stderr } = s1bridge(join(app, "dist"), "demo", "--events", "500");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/lost 0, duplicates 0/);
  });
});
