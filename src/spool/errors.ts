import { BridgeError, describeError } from "../lib/errors.ts";

/** Another process has the spool open. */
export class SpoolHeldError extends BridgeError {
  readonly code = "BRIDGE_SPOOL_HELD";
  readonly retryable = false;
}

/** The spool can not be opened: no permission, no database, or written by a newer release. */
export class SpoolUnusableError extends BridgeError {
  readonly code = "BRIDGE_SPOOL_UNUSABLE";
  readonly retryable = false;
}

/** What SQLite finds in the spool is not what it wrote. The next opening moves the file aside and takes over what can be read. */
export class SpoolDamagedError extends BridgeError {
  readonly code = "BRIDGE_SPOOL_DAMAGED";
  readonly retryable = false;
}

/** The disk refused a write. Nothing of the page was stored, and the console still has it. */
export class SpoolWriteError extends BridgeError {
  readonly code = "BRIDGE_SPOOL_WRITE";
  readonly retryable = true;
}

const SQLITE_PERM = 3;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** SQLite, or the system, says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof BridgeError) return isDiskFull(error.cause);
  return primaryCode(error) === SQLITE_FULL || FULL.has(systemCode(error) ?? "");
}

/** No room on the file system, or in this user's part of it. */
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** SQLite may not write the file. */
export function isReadOnly(error: unknown): boolean {
  if (error instanceof BridgeError) return isReadOnly(error.cause);
  return primaryCode(error) === SQLITE_READONLY;
}

/** SQLite, or the system, could not do what was asked; all else is a bug of ours. */
export function isOfTheDisk(error: unknown): boolean {
  if (error instanceof BridgeError) return isOfTheDisk(error.cause);
  return primaryCode(error) !== undefined || systemCode(error) !== undefined;
}

/** An error of the disk in words, with what an operator can do about it where that is known. */
export function describeDisk(error: unknown): string {
  const cause = error instanceof BridgeError && isOfTheDisk(error.cause) ? error.cause : error;
  const advice = ADVICE.find(({ codes }) => codes.includes(systemCode(cause) ?? primaryCode(cause) ?? ""))?.advice;
  return advice === undefined ? describeError(error) : `${describeError(error)}; ${advice}`;
}

const ADVICE: readonly { readonly codes: readonly (string | number)[]; readonly advice: string }[] = [
  { codes: ["ENOSPC", "EDQUOT", SQLITE_FULL], advice: "it needs room on its file system" },
  {
    codes: ["EROFS", SQLITE_READONLY],
    advice:
      "its file system is read-only: mount it for writing, and look into `dmesg`, for a disk that fails is made so",
  },
  { codes: ["EIO", SQLITE_IOERR], advice: "the disk fails: look into `dmesg`, and at its SMART values" },
  {
    codes: ["EACCES", "EPERM", SQLITE_PERM, SQLITE_CANTOPEN],
    advice: "the folder and all in it have to be writable for the user that runs s1bridge",
  },
];

/** SQLite, or we, say that the file does not hold what was written. */
export function isDamage(error: unknown): boolean {
  if (error instanceof SpoolDamagedError) return true;
  if (error instanceof BridgeError) return isDamage(error.cause);
  const code = primaryCode(error);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return true;
  // Tables that went missing with the page that names them, columns that are called otherwise there, a number in the header.
  return code === SQLITE_ERROR && DAMAGE.test((error as Error).message);
}

const DAMAGE = /no such (table|column)|has no column named|malformed|unsupported file format/;

/** A value of a row is not what its column takes: of the wrong type, too long, missing. */
export function isRefusedRow(error: unknown): boolean {
  const code = primaryCode(error);
  return code === undefined || code === SQLITE_CONSTRAINT || code === SQLITE_MISMATCH || code === SQLITE_TOOBIG;
}

const SQLITE_ERROR = 1;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;

/** Of the operating system, such as ENOENT; not one of Node's own. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** SQLite's result code without its extension. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return undefined;
  return error.errcode & 0xff;
}
