import { isSame } from "./memory";
import { hostCompact, hostConform, hostRead } from "./host";
import { FLAG, LIST, NUMBER, OBJECT, ODD_NUMBER, TEXT } from "./record";
import { keepText, room, roomAt, textEnd, textStart } from "./text";

/** How a value becomes text: the names and rules of cef/reading.ts. */
export const AS_TEXT: u32 = 0;
export const AS_WORD: u32 = 1;
export const AS_LINK: u32 = 2;

/** What a key's type asks of it. */
export const ANY_TEXT: u32 = 0;
export const IPV4: u32 = 1;
export const IPV6: u32 = 2;
export const MAC: u32 = 3;
export const INTEGER: u32 = 4;

/** What became of it: a text, nothing, or a value that is not understood here. */
export const READ: i32 = 1;
export const NONE: i32 = 0;
export const NOT_UNDERSTOOD: i32 = -1;

export let readStart: usize = 0;
export let readEnd: usize = 0;

/** The two times that say "never", as told by `setNever`. */
let never1: usize = 0;
let never2: usize = 0;
const NEVER_LENGTH: usize = 19;

export function setNever(first: usize, second: usize): void {
  never1 = first;
  never2 = second;
}

/** The text of a value. */
export function read(reading: u32, kind: u8, start: usize, end: usize): i32 {
  readStart = start;
  readEnd = end;
  switch (kind) {
    case TEXT:
      if (reading === AS_LINK) {
        readEnd = endOfLink(start, end);
        return READ;
      }
      if (mayBeJson(start)) return ofHost(hostRead(reading, true, start, end, roomAt(), room()));
      return isNever(start, end) ? NONE : READ;
    case NUMBER:
    case FLAG:
      return reading === AS_LINK ? NONE : READ;
    case LIST:
    case OBJECT:
      return reading === AS_TEXT ? ofHost(hostRead(reading, false, start, end, roomAt(), room())) : NONE;
    case ODD_NUMBER:
      return ofHost(hostRead(reading, false, start, end, roomAt(), room()));
    default:
      return NONE;
  }
}

/** A text of JSON may have a secret in it. */
function mayBeJson(start: usize): bool {
  const first = load<u8>(start);
  return first === 0x7b || first === 0x5b;
}

/** The value of a member as compact JSON, not yet escaped. */
export function compact(name: usize, length: u32, kind: u8, start: usize, end: usize): i32 {
  return ofHost(hostCompact(name, length, kind === TEXT, start, end, roomAt(), room()));
}

/** Whether its compact JSON is easily told: a string in quotes, or the value as it stands. */
export function isSimple(kind: u8, start: usize): bool {
  return kind === TEXT ? !mayBeJson(start) : kind === NUMBER || kind === FLAG;
}

function ofHost(length: i32): i32 {
  if (length < 0) return length === -1 ? NONE : NOT_UNDERSTOOD;
  keepText(<usize>length);
  readStart = textStart;
  readEnd = textEnd;
  return READ;
}

/** Where its query or fragment begins. */
export function endOfLink(start: usize, end: usize): usize {
  let at = start;
  while (at < end && load<u8>(at) !== 0x3f && load<u8>(at) !== 0x23) at += 1;
  return at;
}

export function isNever(start: usize, end: usize): bool {
  const length = end - start;
  const first = load<u8>(start);
  if (length < NEVER_LENGTH || (first !== 0x31 && first !== 0x32)) return false;
  if (!isSame(start, never1, NEVER_LENGTH) && !isSame(start, never2, NEVER_LENGTH)) return false;
  return unitsOf(start, end) <= 27;
}

/** UTF-16 code units. */
export function unitsOf(start: usize, end: usize): u32 {
  let units: u32 = 0;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    // Of a character, all bytes but the first; one of four bytes has two code units.
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

/** Brings what was read into the form of the type. A `MAC` has still to be written in its own way. */
export function conform(type: u32): i32 {
  const start = readStart;
  const end = readEnd;
  switch (type) {
    case ANY_TEXT:
      return READ;
    case IPV4:
      if (isIPv4(start, end)) return READ;
      if (!has(start, end, 0x2c) && !has(start, end, 0x25)) return NONE;
      break;
    case IPV6:
      if (!has(start, end, 0x3a)) return NONE;
      break;
    case MAC:
      return isMac(start, end) ? READ : NONE;
    case INTEGER:
      if (isShortInteger(start, end)) return READ;
      break;
  }
  return ofHost(hostConform(type, start, end, roomAt(), room()));
}

function has(start: usize, end: usize, code: u8): bool {
  for (let at = start; at < end; at++) if (load<u8>(at) === code) return true;
  return false;
}

/** Four numbers up to 255, without leading zeros. */
function isIPv4(start: usize, end: usize): bool {
  let at = start;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && (at === end || load<u8>(at++) !== 0x2e)) return false;
    const from = at;
    let value: u32 = 0;
    for (; at < end && isDigit(load<u8>(at)) && at - from < 4; at++) value = value * 10 + (load<u8>(at) - 0x30);
    if (at === from || value > 255 || (load<u8>(from) === 0x30 && at - from > 1)) return false;
  }
  return at === end;
}

/** Six pairs of hexadecimal digits with colons or hyphens between them. */
function isMac(start: usize, end: usize): bool {
  if (end - start !== 17) return false;
  for (let index: usize = 0; index < 17; index++) {
    const code = load<u8>(start + index);
    const lower = code | 0x20;
    if (index % 3 === 2 ? code !== 0x3a && code !== 0x2d : !isDigit(code) && (lower < 0x61 || lower > 0x66))
      return false;
  }
  return true;
}

/** Up to 9 digits, written as JavaScript would. */
function isShortInteger(start: usize, end: usize): bool {
  const length = end - start;
  if (length === 0 || length > 9 || (load<u8>(start) === 0x30 && length > 1)) return false;
  for (let at = start; at < end; at++) if (!isDigit(load<u8>(at))) return false;
  return true;
}

function isDigit(code: u8): bool {
  return code >= 0x30 && code <= 0x39;
}
