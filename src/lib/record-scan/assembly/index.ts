/**
 * What `../scanner.ts` does, for the same bytes: goes behind an object of JSON, makes sure that `JSON.parse` would take it, and
 * finds single values of its top level. It may not understand a record, and is never wrong about one.
 *
 *     NAMES     address and length of each name that is wanted
 *     VALUES    where the value of each stands, behind it, and what it is
 *     RUNS      where long runs of digits begin
 *     TEXTS     the names
 *     INPUT     the part of the text that is looked at, with a 0 behind it
 */

const MOST_NAMES: u32 = 16;
const NAMES: usize = 0x400;
const VALUES: usize = 0x500;
const VALUE_BYTES: usize = 12;
const RUNS: usize = 0x1000;
const MOST_RUNS: u32 = 0x1000;
const TEXTS: usize = 0x8000;
const INPUT: usize = 0x10000;
/** Less than two pages, so that 16 bytes may be read at its end. */
const INPUT_BYTES: usize = 0x20000 - 64;

/** What a value is. Of a text that is ASCII every byte is a character. */
const NOTHING: u32 = 0;
const ASCII: u32 = 1;
const TEXT: u32 = 2;
const INTEGER: u32 = 3;

const MAX_DEPTH: u32 = 32;
const LONG_INTEGER_DIGITS: usize = 16;

let nameCount: u32 = 0;
let textsTop: usize = TEXTS;

let escapes: u32 = 0;
let extra: i32 = 0;
let runs: u32 = 0;

export function inputAt(): usize {
  return INPUT;
}

export function inputBytes(): usize {
  return INPUT_BYTES;
}

export function valuesAt(): usize {
  return VALUES;
}

export function runsAt(): usize {
  return RUNS;
}

/** How many bytes there were more than UTF-16 code units, in the record that was read last. */
export function extraBytes(): i32 {
  return extra;
}

export function runCount(): u32 {
  return runs;
}

export function forgetNames(): void {
  nameCount = 0;
  textsTop = TEXTS;
}

/** Where the next name of so many bytes is to be written, and wanted from then on; 0 when there are too many. */
export function placeForName(length: u32): usize {
  if (nameCount === MOST_NAMES || textsTop + length + 16 > INPUT) return 0;
  const at = textsTop;
  store<u32>(NAMES + ((<usize>nameCount) << 3), <u32>at);
  store<u32>(NAMES + ((<usize>nameCount) << 3) + 4, length);
  textsTop += length;
  nameCount += 1;
  return at;
}

/** Gives the place behind the object that begins at `at`; 0 for anything else, and for any doubt. */
export function read(at: usize): usize {
  extra = 0;
  runs = 0;
  memory.fill(VALUES, 0, <usize>nameCount * VALUE_BYTES);
  if (load<u8>(at) !== 0x7b) return 0;
  const end = readTop(at);
  if (end === 0 || nameCount === 0) return end;
  // One that has nothing of what was expected is another thing.
  for (let index: u32 = 0; index < nameCount; index++) if (load<u32>(valueAt(index) + 8) !== NOTHING) return end;
  return 0;
}

function valueAt(index: u32): usize {
  return VALUES + <usize>index * VALUE_BYTES;
}

function readTop(at: usize): usize {
  at += 1;
  if (load<u8>(at) === 0x7d) return at + 1;
  while (true) {
    if (load<u8>(at) !== 0x22) return 0;
    const key = at + 1;
    const before = escapes;
    at = readString(key);
    // A name with an escape may be any.
    if (at === 0 || (escapes !== before && nameCount > 0) || load<u8>(at) !== 0x3a) return 0;
    const wanted = indexOf(key, <u32>(at - 1 - key));
    const start = at + 1;
    const escapesBefore = escapes;
    const extraBefore = extra;
    at = readValue(start, 0);
    if (at === 0) return 0;
    if (wanted >= 0 && !pick(<u32>wanted, start, at, escapes === escapesBefore, extra === extraBefore)) return 0;
    const code = load<u8>(at);
    at += 1;
    if (code === 0x7d) return at;
    if (code !== 0x2c) return 0;
  }
}

/** Which of the names it is; -1 for none of them. */
function indexOf(name: usize, length: u32): i32 {
  for (let index: u32 = 0; index < nameCount; index++) {
    const entry = NAMES + ((<usize>index) << 3);
    if (load<u32>(entry + 4) === length && isSame(<usize>load<u32>(entry), name, length)) return <i32>index;
  }
  return -1;
}

function isSame(left: usize, right: usize, length: u32): bool {
  for (let at: usize = 0; at < <usize>length; at++) if (load<u8>(left + at) !== load<u8>(right + at)) return false;
  return true;
}

/** Only what needs no parser: texts without an escape, and integers that are exact. */
function pick(index: u32, start: usize, end: usize, isPlain: bool, isAscii: bool): bool {
  const code = load<u8>(start);
  const value = valueAt(index);
  if (code === 0x22 && isPlain) {
    store<u32>(value, <u32>(start + 1));
    store<u32>(value + 4, <u32>(end - 1));
    store<u32>(value + 8, isAscii ? ASCII : TEXT);
    return true;
  }
  if (!isDigit(code) || end - start >= LONG_INTEGER_DIGITS) return false;
  store<u32>(value, <u32>start);
  store<u32>(value + 4, <u32>end);
  store<u32>(value + 8, INTEGER);
  return true;
}

function readObject(at: usize, depth: u32): usize {
  if (depth > MAX_DEPTH) return 0;
  at += 1;
  if (load<u8>(at) === 0x7d) return at + 1;
  while (true) {
    if (load<u8>(at) !== 0x22) return 0;
    at = readString(at + 1);
    if (at === 0 || load<u8>(at) !== 0x3a) return 0;
    at = readValue(at + 1, depth);
    if (at === 0) return 0;
    const code = load<u8>(at);
    at += 1;
    if (code === 0x7d) return at;
    if (code !== 0x2c) return 0;
  }
}

function readArray(at: usize, depth: u32): usize {
  if (depth > MAX_DEPTH) return 0;
  at += 1;
  if (load<u8>(at) === 0x5d) return at + 1;
  while (true) {
    at = readValue(at, depth);
    if (at === 0) return 0;
    const code = load<u8>(at);
    at += 1;
    if (code === 0x5d) return at;
    if (code !== 0x2c) return 0;
  }
}

function readValue(at: usize, depth: u32): usize {
  switch (load<u8>(at)) {
    case 0x22:
      return readString(at + 1);
    case 0x7b:
      return readObject(at, depth + 1);
    case 0x5b:
      return readArray(at, depth + 1);
    case 0x6e: // null
      return load<u32>(at) === 0x6c6c_756e ? at + 4 : 0;
    case 0x74: // true
      return load<u32>(at) === 0x6575_7274 ? at + 4 : 0;
    case 0x66: // false
      return load<u32>(at + 1) === 0x6573_6c61 ? at + 5 : 0;
    default:
      return readInteger(at);
  }
}

/** Other numbers are rare, and left to whoever knows their rules. */
function readInteger(at: usize): usize {
  if (load<u8>(at) === 0x2d) at += 1;
  const start = at;
  while (isDigit(load<u8>(at))) at += 1;
  const digits = at - start;
  const code = load<u8>(at);
  if (digits === 0 || (digits > 1 && load<u8>(start) === 0x30)) return 0;
  if (code !== 0x2c && code !== 0x7d && code !== 0x5d) return 0;
  if (digits < LONG_INTEGER_DIGITS) return at;
  if (runs === MOST_RUNS) return 0;
  store<u32>(RUNS + ((<usize>runs) << 2), <u32>start);
  runs += 1;
  return at;
}

/** From its first character on; gives the place behind its closing quote. */
function readString(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    // As signed numbers, bytes from 0x80 on are less than a space, too.
    const special = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(special);
    if (mask === 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    const byte = load<u8>(at);
    at += 1;
    if (byte === 0x22) return at;
    if (byte >= 0x80) {
      // Of a character, all bytes but the first; one of four bytes has two code units.
      if (byte < 0xc0) extra += 1;
      else if (byte >= 0xf0) extra -= 1;
      continue;
    }
    // A control character; or the end, behind which there is nothing.
    if (byte !== 0x5c) return 0;
    const code = load<u8>(at);
    at += 1;
    if (code === 0x75) {
      if (!isHex4(at)) return 0;
      at += 4;
    } else if (!isEscape(code)) return 0;
    escapes += 1;
  }
}

function isEscape(code: u8): bool {
  switch (code) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}

function isHex4(at: usize): bool {
  for (let index: usize = 0; index < 4; index++) {
    const byte = load<u8>(at + index);
    const lower = byte | 0x20;
    if (!isDigit(byte) && (lower < 0x61 || lower > 0x66)) return false;
  }
  return true;
}

function isDigit(code: u8): bool {
  return code >= 0x30 && code <= 0x39;
}
