import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

/** What two builds have in common when they are the same: nothing of the machine, the folder or the hour. */
export interface BuildFacts {
  readonly version: string;
  readonly commit: string;
  /** `SOURCE_DATE_EPOCH`, else when the commit was made. */
  readonly date: string;
  readonly epoch: number;
}

export function buildFacts(): BuildFacts {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  // An archive without its history, as in the container's build, hands them over.
  const commit = process.env["S1BRIDGE_COMMIT"] || (git("rev-parse", "--short=12", "HEAD") ?? "unknown");
  const epoch = Number(process.env["SOURCE_DATE_EPOCH"] || (git("log", "-1", "--format=%ct") ?? 0));
  const isDirty = process.env["S1BRIDGE_COMMIT"] === undefined && (git("status", "--porcelain") ?? "") !== "";
  return { version, commit: isDirty ? `${commit}+` : commit, date: new Date(epoch * 1000).toISOString(), epoch };
}

/** The content of build.json, which src/version.ts reads. */
export function buildJson({ commit, date }: BuildFacts = buildFacts()): string {
  return `${JSON.stringify({ commit, date })}\n`;
}

function git(...words: readonly string[]): string | undefined {
  try {
    return execFileSync("git", words, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    // No git, or no history: the facts come from the environment then, or are not known.
    return undefined;
  }
}
