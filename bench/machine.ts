import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly node: string;
  readonly linux: string;
  readonly s1bridge: string;
  readonly rsyslog: string | undefined;
}

/** What a figure has to be read with. */
export function machine(): Machine {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1e6),
    node: process.version,
    linux: release(),
    s1bridge: `${version}${commit()}`,
    rsyslog: rsyslogVersion(),
  };
}

function commit(): string {
  const said = attempt("git", ["rev-parse", "--short", "HEAD"]);
  return said === undefined ? "" : ` (${said.trim()})`;
}

/** Undefined when it is not installed. */
export function rsyslogVersion(): string | undefined {
  return /rsyslogd\s+([\d.]+)/.exec(attempt("rsyslogd", ["-v"]) ?? "")?.[1];
}

function attempt(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // Not there: then it is not measured.
    return undefined;
  }
}
