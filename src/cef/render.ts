import { cefHeader } from "./cef-event.ts";
import type { CefEvent } from "./cef-event.ts";
import { cutEscaped } from "./escape.ts";
import type { ExtensionKey } from "./extension.ts";

/**
 * Writes a CEF event into a given number of bytes.
 *
 * What does not fit is shortened by whole fields, the longest first: they are cut to the same length, just short enough.
 * When that would leave only stumps, fields are dropped, the last first. Ids, numbers, times, addresses and the trailer
 * stay whole; only in a record that no console sends can they be the trouble, and then everything else goes.
 * `S1truncated` names what was shortened or dropped, `*` for everything.
 */
export function renderCef(event: CefEvent, maxBytes: number): string {
  const header = cefHeader(event);
  const { keys, values, truncated, trailerStart } = event.extension;
  const text = header + join({ keys, values, trailerStart }, truncated);
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  return shorten(event, header, maxBytes) ?? lastResort(event);
}

/** Whatever the record holds, a message of this size can be made of it, syslog header included. */
export const MIN_MESSAGE_BYTES = 2048;

/** A value shorter than this is worth less than its key. */
const MIN_VALUE_BYTES = 24;

/** In the last resort, what is left of each value and of the name. Ids of the console have at most 36 characters. */
const STUMP_BYTES = 90;

const TRUNCATED = " S1truncated=";

interface Fields {
  readonly keys: readonly ExtensionKey[];
  readonly values: readonly string[];
  readonly trailerStart: number;
}

function join({ keys, values, trailerStart }: Fields, truncated: readonly string[]): string {
  let text = "";
  for (let index = 0; index < keys.length; index += 1) {
    if (index === trailerStart) text += truncatedField(truncated);
    text += (keys[index]?.prefix ?? "") + (values[index] ?? "");
  }
  return text.slice(1);
}

function truncatedField(names: readonly string[]): string {
  return names.length === 0 ? "" : TRUNCATED + names.join(",");
}

interface Sized {
  readonly index: number;
  readonly key: ExtensionKey;
  readonly bytes: number;
}

/** Undefined when the ids and the trailer alone are too long. */
function shorten(event: CefEvent, header: string, maxBytes: number): string | undefined {
  const { keys, values, truncated, trailerStart } = event.extension;
  const shortenable = keys
    .map((key, index): Sized => ({ index, key, bytes: Buffer.byteLength(values[index] ?? "") }))
    // Half an id, address or time is a wrong one.
    .filter(({ key, index }) => index < trailerStart && key.type === "string" && !key.isId);
  const room = maxBytes - Buffer.byteLength(header + join(event.extension, []));
  const dropped: Sized[] = [];
  for (;;) {
    const freed = dropped.reduce((sum, { key, bytes }) => sum + bytes + Buffer.byteLength(key.prefix), 0);
    const names = new Set([...truncated, ...dropped.map(({ key }) => key.name)]);
    const cut = level(shortenable, room + freed, names);
    if (cut !== undefined) {
      const gone = new Set(dropped.map(({ index }) => index));
      return header + join(without(event, gone, cut), [...names, ...cut.names]);
    }
    const last = shortenable.pop();
    if (last === undefined) return undefined;
    dropped.push(last);
  }
}

interface Cut {
  /** The keys whose values are cut, besides those that are named already. */
  readonly names: readonly string[];
  readonly indexes: ReadonlySet<number>;
  readonly maxBytes: number;
}

/** To which length the longest values have to come down; undefined when that would be too short. */
function level(fields: readonly Sized[], room: number, named: ReadonlySet<string>): Cut | undefined {
  const longestFirst = [...fields].sort((left, right) => right.bytes - left.bytes);
  const names: string[] = [];
  let bytes = 0;
  let nameBytes =
    named.size === 0 ? 0 : TRUNCATED.length - 1 + [...named].reduce((sum, name) => sum + name.length + 1, 0);
  if (room >= nameBytes) return { names, indexes: new Set(), maxBytes: 0 };
  if (named.size === 0) nameBytes = TRUNCATED.length - 1;
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

function without(event: CefEvent, gone: ReadonlySet<number>, cut: Cut): Fields {
  const keys: ExtensionKey[] = [];
  const values: string[] = [];
  let trailerStart = 0;
  for (const [index, key] of event.extension.keys.entries()) {
    if (index === event.extension.trailerStart) trailerStart = keys.length;
    if (gone.has(index)) continue;
    const value = event.extension.values[index] ?? "";
    keys.push(key);
    values.push(cut.indexes.has(index) ? cutEscaped(value, cut.maxBytes) : value);
  }
  return { keys, values, trailerStart };
}

/** The ids that make an event one event, and the trailer. */
const ESSENTIAL: ReadonlySet<string> = new Set(["cat", "externalId", "S1eventKey", "rt"]);

function lastResort(event: CefEvent): string {
  const { keys, trailerStart } = event.extension;
  const gone = new Set(
    [...keys.keys()].filter((index) => index < trailerStart && !ESSENTIAL.has(keys[index]?.name ?? "")),
  );
  const all = new Set(keys.keys());
  const fields = without(event, gone, { names: [], indexes: all, maxBytes: STUMP_BYTES });
  return cefHeader(event, STUMP_BYTES / 3) + join(fields, ["*"]);
}
