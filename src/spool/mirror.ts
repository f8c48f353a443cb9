import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Checkpoint, FeedKey } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolWriteError } from "./errors.ts";

/**
 * What has to outlive the database: `checkpoints.json`, beside it and replaced as a whole. A feed that begins at one of
 * these checkpoints reads everything again that some collector had not confirmed when this was written. An old one is as
 * good as a new one, but for the duplicates; without any, a feed whose checkpoint is lost begins at `start`, with a gap.
 */
export interface Mirrored {
  /** The position of the next event. */
  readonly end: number;
  readonly feeds: readonly (FeedKey & Checkpoint)[];
}

const FILE = "checkpoints.json";

/** Undefined when there is none, or none that is whole. */
export function readMirror(directory: string): Mirrored | undefined {
  try {
    const { sha256, ...mirrored } = JSON.parse(readFileSync(join(directory, FILE), "utf8")) as Mirrored & {
      sha256: string;
    };
    return sha256 === digest(mirrored) ? mirrored : undefined;
  } catch {
    // Missing, torn or not readable: as good as none, and the database is looked at first in any case.
    return undefined;
  }
}

/** Durable when it returns, and never half written. */
export function writeMirror(directory: string, mirrored: Mirrored): void {
  const path = join(directory, FILE);
  try {
    const file = openSync(`${path}.new`, "w", 0o600);
    try {
      writeSync(file, `${JSON.stringify({ ...mirrored, sha256: digest(mirrored) })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new SpoolWriteError(`${path} can not be written: ${describeError(error)}`, { cause: error });
  }
}

function digest({ end, feeds }: Mirrored): string {
  const rows = feeds.map(({ console, feed, time, floor }) => [console, feed, time, floor]);
  return createHash("sha256")
    .update(JSON.stringify([end, rows]))
    .digest("hex");
}
