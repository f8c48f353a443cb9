import { spawnSync } from "node:child_process";

/**
 * Whether a program that a test needs is missing here. `describe.skipIf(requireProgram("rsyslogd").missing)` leaves the
 * tests out and says so; where CI is set they must run, and it throws instead.
 */
export function requireProgram(name: string): { readonly missing: boolean } {
  const missing = spawnSync("sh", ["-c", 'command -v "$0"', name], { stdio: "ignore" }).status !== 0;
  if (!missing) return { missing };
  if (isSet(process.env["CI"])) throw new Error(`${name} is not installed, and CI must not skip its tests`);
  process.stderr.write(`skipped: ${name} is not installed\n`);
  return { missing };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false";
}
