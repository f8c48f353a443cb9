import type { Fingerprint } from "../event/fingerprint.ts";
import type { Micros } from "../event/time.ts";
import { ZERO, isDigit } from "../lib/json-text.ts";
import { Output } from "./output.ts";

/** What makes a record the one it is: its id and, for mutable objects, its version. */
export interface Identity {
  readonly id: string;
  readonly version: string | undefined;
}

/** An identity with its time, where that is known. */
export interface DatedIdentity extends Identity {
  readonly time?: Micros | undefined;
}

/** An identity to be remembered. */
export interface NewIdentity extends DatedIdentity {
  readonly fingerprint?: Fingerprint;
}

/**
 * Identities as SQLite takes them. The list is made where the identities are known: to the other thread a text goes for the
 * price of its bytes, and a thousand objects for much more.
 */
export interface IdentityList {
  readonly json: string;
  readonly count: number;
  /** Of what their objects look like. */
  readonly lookBytes: number;
  readonly hasVersions: boolean;
}

/** `withLooks`: false for a list that only asks about them. */
export function listIdentities(identities: readonly NewIdentity[], withLooks = true): IdentityList {
  return {
    json: sqlList(identities, withLooks),
    count: identities.length,
    lookBytes: withLooks ? identities.reduce((sum, { fingerprint }) => sum + (fingerprint?.length ?? 0), 0) : 0,
    hasVersions: identities.some(({ version }) => version !== undefined),
  };
}

/** Identities as a JSON list, each `[id, version, time, what it looks like in hexadecimal]`. */
export function sqlList(identities: readonly NewIdentity[], withLooks = true): string {
  OUTPUT.addAscii("[");
  for (const [at, { id, version = "", time = 0, fingerprint }] of identities.entries()) {
    OUTPUT.addAscii(at === 0 ? "[" : ",[");
    if (isInt64(id)) OUTPUT.addAscii(id);
    else OUTPUT.add(sqlText(id));
    OUTPUT.addAscii(",");
    if (version === "") OUTPUT.addAscii('""');
    else OUTPUT.add(sqlText(version));
    OUTPUT.addAscii(",");
    OUTPUT.addAscii(String(time));
    if (withLooks && fingerprint !== undefined) OUTPUT.addAscii(`,"${Buffer.from(fingerprint).toString("hex")}"`);
    OUTPUT.addAscii("]");
  }
  OUTPUT.addAscii("]");
  return OUTPUT.takeText();
}

/** One for the whole thread: a list is written in one go. */
const OUTPUT = new Output(64 << 10);

/** Whether an id is a number of 64 bits, written as it always is: nearly all are, and take a third of the room as such. */
export function isInt64(id: string): boolean {
  const { length } = id;
  if (length === 0 || length > 19 || id.charCodeAt(0) === ZERO) return false;
  for (let at = 0; at < length; at++) if (!isDigit(id.charCodeAt(at))) return false;
  return length < 19 || id <= "9223372036854775807";
}

/** SQLite keeps Unicode only, and texts up to a NUL: others are told apart by their escaped form. */
function sqlText(text: string): string {
  const json = JSON.stringify(text);
  return text.isWellFormed() && !text.includes("\0") ? json : JSON.stringify(json);
}
