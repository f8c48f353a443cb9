import { createHash } from "node:crypto";
import type { DeadLetter, Page, PageRecord } from "../bridge/ports.ts";
import type { Change, JsonRecord } from "../event/event.ts";
import { type Fingerprint, changedFields, isSameContent, isSameVersion } from "../event/fingerprint.ts";
import type { BlockEntry } from "./block.ts";
import type { DatedIdentity, Identity, NewIdentity } from "./identities.ts";

/** What the database knows of each identity of a page, as a number: a list of words would be cloned one by one. */
export const SIGHT = { none: 0, known: 1, seen: 2 } as const;

export interface Sightings {
  readonly sights: Uint8Array;
  /** What the objects looked like when they were forwarded last, by their place in the page, where that is kept. */
  readonly looks: ReadonlyMap<number, Fingerprint>;
  /** The places of objects that have not been noted as seen for long. */
  readonly longUnnoted?: readonly number[];
}

/** An event to be stored, and what is remembered of it. */
export type NewEntry = BlockEntry & NewIdentity;

/** The overlap brings a dead letter back like any record; what it says is its identity. */
export interface IdentifiedLetter extends DeadLetter {
  readonly id: string;
}

export function identifyLetters({ deadLetters }: Page): IdentifiedLetter[] {
  return deadLetters.map((letter) => ({ ...letter, id: letterId(letter) }));
}

/** What the spool has to be asked about: the records, then the dead letters. */
export function identitiesOf({ records }: Page, letters: readonly IdentifiedLetter[]): readonly DatedIdentity[] {
  return letters.length === 0 ? records : [...records, ...letters.map(({ id }) => ({ id, version: undefined }))];
}

/**
 * What the spool does not have yet of a page, each once. `before`: what the page before it tells, where that one was not stored
 * yet when the spool was asked.
 */
export function unseen(
  { records }: Page,
  letters: readonly IdentifiedLetter[],
  { sights, looks }: Sightings,
  before?: Told,
): { entries: NewEntry[]; letters: IdentifiedLetter[]; told: Told } {
  const told = new Told(before);
  const entries: NewEntry[] = [];
  // Not by `entries()`, which makes a pair for each.
  let place = 0;
  for (const record of records) {
    const sight = Math.max(sights[place] ?? SIGHT.none, told.sight(record));
    const entry = entryOf(record, sight, told.look(record) ?? looks.get(place));
    place += 1;
    if (entry !== undefined && told.add(entry)) entries.push(entry);
  }
  const fresh = letters.filter(
    ({ id }, at) => sights[records.length + at] !== SIGHT.seen && told.add({ id, version: undefined }),
  );
  told.forgetBefore();
  return { entries, letters: fresh, told };
}

/** What the new entries of a page tell of those behind them: what the spool will know once it has them. */
export class Told {
  readonly #identities = new Set<string>();
  /** Ids of what has versions. */
  readonly #objects = new Set<string>();
  readonly #looks = new Map<string, Fingerprint>();
  #before: Told | undefined;

  constructor(before: Told | undefined) {
    this.#before = before;
  }

  /** False for one that has been told. */
  add(identity: NewIdentity): boolean {
    const name = nameOf(identity);
    if (this.#has(name)) return false;
    const { id, version, fingerprint } = identity;
    this.#identities.add(name);
    if (version !== undefined) this.#objects.add(id);
    if (fingerprint !== undefined) this.#looks.set(id, fingerprint);
    return true;
  }

  sight(identity: Identity): number {
    if (this.#has(nameOf(identity))) return SIGHT.seen;
    return identity.version !== undefined && this.#hasObject(identity.id) ? SIGHT.known : SIGHT.none;
  }

  look({ id }: Identity): Fingerprint | undefined {
    return this.#looks.get(id) ?? this.#before?.look({ id, version: undefined });
  }

  /** Otherwise each page would hold all of those before it. */
  forgetBefore(): void {
    this.#before = undefined;
  }

  #has(name: string): boolean {
    return this.#identities.has(name) || (this.#before !== undefined && this.#before.#has(name));
  }

  #hasObject(id: string): boolean {
    return this.#objects.has(id) || (this.#before !== undefined && this.#before.#hasObject(id));
  }
}

/** Of one that has no version the id says it all. */
function nameOf({ id, version }: Identity): string {
  return version === undefined ? id : JSON.stringify([id, version]);
}

/** Undefined for what has been seen before. */
function entryOf(record: PageRecord, sight: number, before: Fingerprint | undefined): NewEntry | undefined {
  const { kind = "entry", fingerprint } = record;
  const isKnown = sight !== SIGHT.none || before !== undefined;
  const isSame = before !== undefined && fingerprint !== undefined && isSameContent(before, fingerprint);
  switch (kind) {
    case "entry": {
      if (sight === SIGHT.seen) return undefined;
      const change = record.version === undefined ? "event" : isKnown ? "updated" : "new";
      return withDifferences(made(record, change), before);
    }
    case "note":
    case "timeline":
      return sight === SIGHT.seen || isSame ? undefined : made(record, kind);
    case "member": {
      if (sight === SIGHT.seen) return undefined;
      const change = isSame ? "listed" : isKnown ? "updated" : "new";
      return withDifferences(made(record, change), before);
    }
    case "mark":
      return isSame ? undefined : made(other(record, sight, before), "snapshot");
    case "state": {
      if (isSame) return undefined;
      // One that was forgotten is new, though the version in which it comes back may have been seen.
      const isForgotten = sight === SIGHT.seen && before === undefined;
      const change = isKnown && !isForgotten ? "changed" : "new";
      return withDifferences(made(other(record, sight, before), change), before);
    }
  }
}

function made(record: PageRecord, change: Change): NewEntry {
  // A page has a thousand of them: none is made twice.
  if (isMade(record, change)) return record;
  const { id, time, version, text, fingerprint } = record;
  return fingerprint === undefined
    ? { id, time, version, text, change }
    : { id, time, version, text, change, fingerprint };
}

function isMade(record: PageRecord, change: Change): record is PageRecord & NewEntry {
  return record.change === change;
}

/** The record with the other version when its content has changed and the console's version has not. */
function other(record: PageRecord, sight: number, before: Fingerprint | undefined): PageRecord {
  const { fingerprint, versionIfSame } = record;
  const isTaken =
    sight === SIGHT.seen || (before !== undefined && fingerprint !== undefined && isSameVersion(before, fingerprint));
  return isTaken && versionIfSame !== undefined ? { ...record, version: versionIfSame } : record;
}

/** What changed, where that is known. */
function withDifferences(entry: NewEntry, before: Fingerprint | undefined): NewEntry {
  const { change, text, fingerprint } = entry;
  if (before === undefined || fingerprint === undefined || change === "new" || change === "listed") return entry;
  const changed = changedFields(before, JSON.parse(String(text)) as JsonRecord);
  return changed.length === 0 ? entry : { ...entry, changed };
}

function letterId({ text }: DeadLetter): string {
  return `dead-letter-${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
}
