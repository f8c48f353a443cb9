import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DeadLetter, FeedKey } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolWriteError } from "./errors.ts";

/** Kept before the checkpoint moves past them: a crash in between keeps one twice, and never none. */
export function appendDeadLetters(directory: string, { console, feed }: FeedKey, letters: readonly DeadLetter[]): void {
  const path = join(directory, FILE);
  const at = new Date().toISOString();
  const lines = letters.map(({ reason, text }) => `${JSON.stringify({ at, console, feed, reason, text })}\n`).join("");
  try {
    const file = openSync(path, "a+", 0o600);
    try {
      // What a crash or a full disk has torn must not take the next line with it.
      writeFileSync(file, endsTorn(file) ? `\n${lines}` : lines);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new SpoolWriteError(`${path} can not be written: ${describeError(error)}`, { cause: error });
  }
}

function endsTorn(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
}

const FILE = "dead-letters.ndjson";

/** A dead letter as it stands in the file. */
export interface KeptLetter extends DeadLetter, FeedKey {
  readonly at: string;
}

/** The dead letters in their order, a line at a time; a line that a crash tore is passed over. */
export async function* readDeadLetters(directory: string): AsyncGenerator<KeptLetter & { readonly time: number }> {
  const path = join(directory, FILE);
  if (!existsSync(path)) return;
  for await (const line of createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Infinity })) {
    let letter: KeptLetter;
    try {
      letter = JSON.parse(line) as KeptLetter;
    } catch {
      continue;
    }
    yield { ...letter, time: Date.parse(letter.at) * 1000 };
  }
}

/** How many there are, read through in small parts. */
export function deadLetterLines(directory: string): number {
  const path = join(directory, FILE);
  if (!existsSync(path)) return 0;
  const file = openSync(path, "r");
  const chunk = Buffer.alloc(64 << 10);
  try {
    let lines = 0;
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      for (let at = 0; at < read; at++) if (chunk[at] === NEWLINE) lines += 1;
    }
    return lines;
  } finally {
    closeSync(file);
  }
}

const NEWLINE = 10;
