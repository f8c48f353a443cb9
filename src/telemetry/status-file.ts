import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BridgeStatus } from "./status.ts";

/** What the daemon leaves in the spool's folder for `s1bridge status`: where it listens, and what it knew last. */
export interface LastStatus {
  /** `127.0.0.1:9614`, also where the configuration says port 0. Undefined: it does not listen. */
  readonly telemetry: string | undefined;
  readonly status: BridgeStatus;
}

const FILE = "status.json";

/** Replaces the file as a whole. Not synced: after a power cut an older one is as good. */
export function writeLastStatus(directory: string, last: LastStatus): void {
  const path = join(directory, FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(last)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Undefined when there is none that can be read. */
export function readLastStatus(directory: string): LastStatus | undefined {
  try {
    const last = JSON.parse(readFileSync(join(directory, FILE), "utf8")) as LastStatus;
    return Array.isArray(last.status.feeds) ? last : undefined;
  } catch {
    // Missing, torn, or not ours to read: the spool itself tells the rest.
    return undefined;
  }
}
