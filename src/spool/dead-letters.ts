import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { DeadLetter, DroppedLetters, FeedKey } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolWriteError } from "./errors.ts";

/**
 * The records that can not become events, one a line. A console that sends such for ever must not fill the disk: when
 * `dead-letters.ndjson` has half of the room, it becomes `dead-letters.ndjson.1` in place of the one before, whose letters
 * are gone with that. So there is never more than `maxBytes`, or the last letter of each file where these are larger still.
 * What is dropped is counted before: a crash in between counts it twice, and none is ever dropped in silence.
 */
export const LETTER_FILES = ["dead-letters.ndjson.1", "dead-letters.ndjson"] as const;
const [OLDER, NEWER] = LETTER_FILES;

export interface LetterOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Makes it durable how many are about to be dropped. */
  readonly beforeDrop: (dropped: readonly DroppedLetters[]) => void;
}

/** Kept before the checkpoint moves past them: a crash in between keeps one twice, and never none. */
export function appendDeadLetters(
  { directory, maxBytes, beforeDrop }: LetterOptions,
  { console, feed }: FeedKey,
  letters: readonly DeadLetter[],
): void {
  const path = join(directory, NEWER);
  const at = new Date().toISOString();
  try {
    let room = maxBytes / 2 - sizeOf(path);
    let lines: string[] = [];
    for (const { reason, text } of letters) {
      const line = `${JSON.stringify({ at, console, feed, reason, text })}\n`;
      const bytes = Buffer.byteLength(line);
      if (bytes > room) {
        appendLines(path, lines);
        makeOlder(directory, beforeDrop);
        lines = [];
        room = maxBytes / 2;
      }
      lines.push(line);
      room -= bytes;
    }
    appendLines(path, lines);
  } catch (error) {
    if (error instanceof SpoolWriteError) throw error;
    throw new SpoolWriteError(`${path} can not be written: ${describeError(error)}`, { cause: error });
  }
}

/** All of the lines or, but for a crash, none: what a full disk has taken of them is given back. */
function appendLines(path: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const file = openSync(path, "a+", 0o600);
  try {
    const { size } = fstatSync(file);
    try {
      // What a crash has torn must not take the next line with it.
      writeFileSync(file, `${endsTorn(file, size) ? "\n" : ""}${lines.join("")}`);
      fsyncSync(file);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
  } finally {
    closeSync(file);
  }
}

function endsTorn(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
}

function makeOlder(directory: string, beforeDrop: LetterOptions["beforeDrop"]): void {
  const [older, newer] = [join(directory, OLDER), join(directory, NEWER)];
  if (!existsSync(newer)) return;
  const dropped = countLetters(older);
  if (dropped.length > 0) beforeDrop(dropped);
  renameSync(newer, older);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** A dead letter as it stands in the file. */
export interface KeptLetter extends DeadLetter, FeedKey {
  readonly at: string;
}

/** The dead letters in their order, a line at a time; a line that a crash tore is passed over. */
export async function* readDeadLetters(directory: string): AsyncGenerator<KeptLetter & { readonly time: number }> {
  // Both are open before one is read, the newer one first: the bridge may make it the older one meanwhile.
  await using newer = await opened(join(directory, NEWER));
  await using older = await opened(join(directory, OLDER));
  const isOne = newer !== undefined && (await newer.stat()).ino === (await older?.stat())?.ino;
  for (const file of isOne ? [newer] : [older, newer]) {
    for await (const line of file?.readLines({ autoClose: false }) ?? []) {
      let letter: KeptLetter;
      try {
        letter = JSON.parse(line) as KeptLetter;
      } catch {
        continue;
      }
      yield { ...letter, time: Date.parse(letter.at) * 1000 };
    }
  }
}

async function opened(path: string): Promise<FileHandle | undefined> {
  return existsSync(path) ? await open(path) : undefined;
}

/** How many there are. */
export function countDeadLetters(directory: string): number {
  const counted = LETTER_FILES.flatMap((name) => countLetters(join(directory, name)));
  return counted.reduce((sum, { letters }) => sum + letters, 0);
}

/** How many letters of each feed stand in a file, which is read through in small parts. */
function countLetters(path: string): DroppedLetters[] {
  if (!existsSync(path)) return [];
  const counts = new Map<string, number>();
  for (const begin of beginsOfLines(path)) {
    const [whose] = WHOSE.exec(begin) ?? [];
    if (whose !== undefined) counts.set(whose, (counts.get(whose) ?? 0) + 1);
  }
  return [...counts].map(([whose, letters]) => ({ ...(JSON.parse(`{${whose}}`) as FeedKey), letters }));
}

/** The part of a line that says whose letter it is; torn lines have none. */
const WHOSE = /(?<=^\{"at":"[^"]*",)"console":"(?:[^"\\]|\\.)*","feed":"[^"]*"(?=,)/;

function* beginsOfLines(path: string): Generator<string> {
  const file = openSync(path, "r");
  const chunk = Buffer.alloc(64 << 10);
  try {
    let begin = "";
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      for (let at = 0, end = 0; at < read; at = end + 1) {
        const newline = chunk.indexOf(NEWLINE, at);
        end = newline === -1 || newline >= read ? read : newline;
        if (begin.length < BEGIN_LENGTH) begin += chunk.toString("latin1", at, Math.min(end, at + BEGIN_LENGTH));
        if (end === read) break;
        yield begin;
        begin = "";
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Longer than the time and the names. */
const BEGIN_LENGTH = 512;
const NEWLINE = 10;
