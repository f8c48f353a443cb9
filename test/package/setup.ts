import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { PACKAGER, ROOT, buildDeb } from "./build-deb.ts";
import { must } from "./debian-root.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The package, and one of the oldest commit that had packages. */
    currentDeb: string;
    oldDeb: string;
    /** An empty Debian 12. */
    emptyDebian: string;
  }
}

const directory = mkdtempSync(join(tmpdir(), "s1bridge-packages-"));

export function teardown(): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Makes once what all tests of packages start from. */
export async function setup({ provide }: TestProject): Promise<void> {
  try {
    const kept = process.env["S1BRIDGE_DEBIAN_ROOT"];
    // It mostly waits for its downloads.
    const empty = kept === undefined ? bootstrap(join(directory, "debian")) : Promise.resolve(kept);
    provide("currentDeb", buildDeb(join(directory, "current")));
    provide("oldDeb", process.env["S1BRIDGE_OLD_DEB"] ?? buildOldDeb());
    provide("emptyDebian", await empty);
  } catch (error) {
    teardown();
    throw error;
  }
}

/** Of the commit that brought the packager, whose spools have an older format; without that history, of today's sources. */
function buildOldDeb(): string {
  const env = { S1BRIDGE_DEB_VERSION: "0.0.1" };
  const [commit] = git("log", "--diff-filter=A", "--format=%H", "--", PACKAGER).trim().split("\n").reverse();
  if (commit === undefined || commit === "" || git("rev-parse", "--is-shallow-repository").trim() !== "false") {
    process.stderr.write(
      "the history is not here: the upgrade is tested from today's sources under an older version\n",
    );
    return buildDeb(join(directory, "old"), ROOT, env);
  }
  const sources = join(directory, "sources");
  mkdirSync(sources);
  must(spawnSync("sh", ["-c", `git archive ${commit} | tar -x -C '${sources}'`], { cwd: ROOT, encoding: "utf8" }));
  symlinkSync(join(ROOT, "node_modules"), join(sources, "node_modules"));
  return buildDeb(join(directory, "old"), sources, {
    ...env,
    S1BRIDGE_COMMIT: commit.slice(0, 12),
    SOURCE_DATE_EPOCH: "1",
    // What that commit had in place of S1BRIDGE_DEB_COMPRESSION.
    S1BRIDGE_DEB_LEVEL: "0",
  });
}

function git(...words: readonly string[]): string {
  return spawnSync("git", words, { cwd: ROOT, encoding: "utf8" }).stdout;
}

async function bootstrap(folder: string): Promise<string> {
  await promisify(execFile)("debootstrap", ["--variant=minbase", "bookworm", folder], { maxBuffer: 64 << 20 });
  return folder;
}
