import { cutEscaped } from "./escape.ts";

/**
 * Brings a message into a given number of bytes, whatever its format.
 *
 * What does not fit is shortened by whole fields, the longest first: they are cut to the same length, just short enough.
 * When that would leave only stumps, fields are dropped, the last first. Ids, numbers, times, addresses and the trailer
 * stay whole; only in a record that no console sends can they be the trouble, and then everything else goes.
 * `S1truncated` names what was shortened or dropped, `*` for everything.
 */

/** A field as it is written: prefix, value, suffix. */
export interface FieldKey {
  readonly name: string;
  readonly prefix: string;
  readonly suffix: string;
  /** Half an id, address or time is a wrong one. */
  readonly isFixed: boolean;
  /** Part of what makes an event one event: there whatever happens. */
  readonly isEssential: boolean;
}

export interface Fields {
  readonly keys: readonly FieldKey[];
  /** With the escapes of the format. */
  readonly values: readonly string[];
  /** Names of the keys whose values were cut before. */
  readonly truncated: readonly string[];
  /** How many keys stand before the trailer. */
  readonly trailerStart: number;
}

/** What stands around the fields of a message. */
export interface Envelope {
  /** The name of the event in it is cut to so many characters. */
  readonly head: (maxNameLength?: number) => string;
  readonly tail: (maxNameLength?: number) => string;
  /** How the names of shortened keys are written. */
  readonly truncatedKey: Pick<FieldKey, "prefix" | "suffix">;
  /** Whether the first field goes without the first character of its prefix, a separator. */
  readonly skipsFirst: boolean;
}

/** Whatever the record holds, a message of this size can be made of it, syslog header included. */
export const MIN_MESSAGE_BYTES = 2048;

/** A value shorter than this is worth less than its key. */
const MIN_VALUE_BYTES = 24;

/** In the last resort, what is left of each value and of the name. Ids of the console have at most 36 characters. */
const STUMP_BYTES = 90;

export function writeFields(envelope: Envelope, fields: Fields, maxBytes: number): string {
  const text = assemble(envelope, fields);
  return fits(text, maxBytes) ? text : shorten(envelope, fields, maxBytes);
}

export function fits(text: string, maxBytes: number): boolean {
  return text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes;
}

/** The message with its longest values shortened; in the last resort with nothing but ids and trailer. */
export function shorten(envelope: Envelope, fields: Fields, maxBytes: number): string {
  const { keys, values, truncated, trailerStart } = fields;
  const shortenable = keys
    .map((key, index): Sized => ({ index, key, bytes: Buffer.byteLength(values[index] ?? "") }))
    .filter(({ key, index }) => index < trailerStart && !key.isFixed && !key.isEssential);
  const room = maxBytes - Buffer.byteLength(assemble(envelope, { ...fields, truncated: [] }));
  const dropped: Sized[] = [];
  for (;;) {
    const freed = dropped.reduce((sum, { key, bytes }) => sum + bytes + affixBytes(key), 0);
    const names = new Set([...truncated, ...dropped.map(({ key }) => key.name)]);
    const cut = level(shortenable, room + freed, names, affixBytes(envelope.truncatedKey));
    if (cut !== undefined) {
      const gone = new Set(dropped.map(({ index }) => index));
      return assemble(envelope, { ...without(fields, gone, cut), truncated: [...names, ...cut.names] });
    }
    const last = shortenable.pop();
    if (last === undefined) return lastResort(envelope, fields);
    dropped.push(last);
  }
}

interface Sized {
  readonly index: number;
  readonly key: FieldKey;
  readonly bytes: number;
}

function affixBytes({ prefix, suffix }: Pick<FieldKey, "prefix" | "suffix">): number {
  return Buffer.byteLength(prefix) + suffix.length;
}

function assemble(envelope: Envelope, { keys, values, truncated, trailerStart }: Fields, maxName?: number): string {
  let text = "";
  for (let index = 0; index < keys.length; index += 1) {
    if (index === trailerStart) text += truncatedField(envelope, truncated);
    const key = keys[index];
    text += (key?.prefix ?? "") + (values[index] ?? "") + (key?.suffix ?? "");
  }
  if (trailerStart >= keys.length) text += truncatedField(envelope, truncated);
  return envelope.head(maxName) + (envelope.skipsFirst ? text.slice(1) : text) + envelope.tail(maxName);
}

function truncatedField({ truncatedKey }: Envelope, names: readonly string[]): string {
  return names.length === 0 ? "" : truncatedKey.prefix + names.join(",") + truncatedKey.suffix;
}

interface Cut {
  /** The keys whose values are cut, besides those that are named already. */
  readonly names: readonly string[];
  readonly indexes: ReadonlySet<number>;
  readonly maxBytes: number;
}

/** To which length the longest values have to come down; undefined when that would be too short. */
function level(fields: readonly Sized[], room: number, named: ReadonlySet<string>, ownBytes: number): Cut | undefined {
  const longestFirst = [...fields].sort((left, right) => right.bytes - left.bytes);
  const names: string[] = [];
  let bytes = 0;
  // A comma stands between the names, so one less than there are.
  let nameBytes = named.size === 0 ? 0 : ownBytes - 1 + [...named].reduce((sum, name) => sum + name.length + 1, 0);
  if (room >= nameBytes) return { names, indexes: new Set(), maxBytes: 0 };
  if (named.size === 0) nameBytes = ownBytes - 1;
  for (const [count, { key, bytes: size }] of longestFirst.entries()) {
    bytes += size;
    if (!named.has(key.name)) {
      names.push(key.name);
      nameBytes += key.name.length + 1;
    }
    const maxBytes = Math.floor((bytes + room - nameBytes) / (count + 1));
    if (maxBytes < MIN_VALUE_BYTES) continue;
    if (maxBytes >= (longestFirst[count + 1]?.bytes ?? 0)) {
      return { names, indexes: new Set(longestFirst.slice(0, count + 1).map(({ index }) => index)), maxBytes };
    }
  }
  return undefined;
}

type Kept = Omit<Fields, "truncated">;

function without(fields: Fields, gone: ReadonlySet<number>, cut: Cut): Kept {
  const keys: FieldKey[] = [];
  const values: string[] = [];
  let trailerStart = Number.POSITIVE_INFINITY;
  for (const [index, key] of fields.keys.entries()) {
    if (index === fields.trailerStart) trailerStart = keys.length;
    if (gone.has(index)) continue;
    const value = fields.values[index] ?? "";
    keys.push(key);
    values.push(cut.indexes.has(index) ? cutEscaped(value, cut.maxBytes) : value);
  }
  return { keys, values, trailerStart };
}

function lastResort(envelope: Envelope, fields: Fields): string {
  const { keys, trailerStart } = fields;
  const gone = new Set([...keys.keys()].filter((index) => index < trailerStart && keys[index]?.isEssential !== true));
  const all = new Set(keys.keys());
  const kept = without(fields, gone, { names: [], indexes: all, maxBytes: STUMP_BYTES });
  return assemble(envelope, { ...kept, truncated: ["*"] }, STUMP_BYTES / 3);
}
