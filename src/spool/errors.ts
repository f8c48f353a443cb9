import { BridgeError } from "../lib/errors.ts";

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

/** The disk refused a write. Nothing of the page was stored, and the console still has it. */
export class SpoolWriteError extends BridgeError {
  readonly code = "BRIDGE_SPOOL_WRITE";
  readonly retryable = true;
}

const SQLITE_FULL = 13;

/** SQLite says that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
}
