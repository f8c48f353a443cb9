import { appendFileSync, closeSync, fsyncSync, openSync } from "node:fs";
import { join } from "node:path";
import type { DeadLetter, FeedKey } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolWriteError } from "./errors.ts";

/** Kept before the checkpoint moves past them: a crash in between keeps one twice, and never none. */
export function appendDeadLetters(directory: string, { console, feed }: FeedKey, letters: readonly DeadLetter[]): void {
  if (letters.length === 0) return;
  const path = join(directory, "dead-letters.ndjson");
  const at = new Date().toISOString();
  const lines = letters.map(({ reason, text }) => `${JSON.stringify({ at, console, feed, reason, text })}\n`).join("");
  try {
    appendFileSync(path, lines, { mode: 0o600 });
    const file = openSync(path, "r");
    fsyncSync(file);
    closeSync(file);
  } catch (error) {
    throw new SpoolWriteError(`${path} can not be written: ${describeError(error)}`, { cause: error });
  }
}
