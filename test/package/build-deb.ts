import { execFileSync } from "node:child_process";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export const PACKAGER = "scripts/package-deb.ts";

/** Makes a package of the sources, and gives its path. */
export function buildDeb(folder: string, sources = ROOT, env: Readonly<Record<string, string>> = {}): string {
  return execFileSync(process.execPath, [PACKAGER, folder], {
    cwd: sources,
    encoding: "utf8",
    env: { ...process.env, S1BRIDGE_DEB_COMPRESSION: "fast", ...env },
  }).trim();
}
