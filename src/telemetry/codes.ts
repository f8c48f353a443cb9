import { BridgeError } from "../lib/errors.ts";

/** The stable code of an error of ours; what is not ours is a bug. */
export function codeOf(error: unknown): string {
  return error instanceof BridgeError ? error.code : "BRIDGE_BUG";
}

const PARKED = new Set([
  "BRIDGE_FEED_UNAUTHORIZED",
  "BRIDGE_FEED_FORBIDDEN",
  "BRIDGE_FEED_MISSING",
  "BRIDGE_FEED_REFUSED",
]);

/** Whether the console refuses the feed, so that it is only looked at now and then. */
export function isParked(code: string): boolean {
  return PARKED.has(code);
}

/** Whether the fault does not go away by itself. */
export function isForTheOperator(code: string): boolean {
  return isParked(code) || code === "BRIDGE_SPOOL_WRITE";
}
