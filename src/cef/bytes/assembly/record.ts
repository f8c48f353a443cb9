import { ENDS, KINDS, MEMBERS, MEMBER_BYTES, MOST_MEMBERS, MOST_SLOTS, STARTS } from "./memory";
import { Place, ROOT, expectedAt, findFollowing } from "./places";
import { forgetTexts, readString, skipString, textEnd, textStart } from "./text";

/** What stands in a slot. Of nothing, null and the empty text there is no value. */
export const NOTHING: u8 = 0;
export const EMPTY_TEXT: u8 = 1;
export const TEXT: u8 = 2;
/** As JavaScript writes it, too. */
export const NUMBER: u8 = 3;
export const ODD_NUMBER: u8 = 4;
export const FLAG: u8 = 5;
export const LIST: u8 = 6;
export const OBJECT: u8 = 7;

/** A member of the section. */
@unmanaged
export class Member {
  place: usize;
  kind: u32;
  start: usize;
  end: usize;
}

/** The object whose members are collected. */
export let section: usize = usize.MAX_VALUE;
export let memberCount: u32 = 0;
/** A member of the section that nobody has told anything about. */
export let unknownStart: usize = 0;
export let unknownLength: u32 = 0;

let slotCount: u32 = 0;
let record: u32 = 0;

let kind: u8 = 0;
let start: usize = 0;
let end: usize = 0;

export function setSection(place: usize): void {
  section = place;
}

/** -1 when there are too many. */
export function newSlot(): i32 {
  if (slotCount === MOST_SLOTS) return -1;
  slotCount += 1;
  return <i32>slotCount - 1;
}

export function kindOf(slot: i32): u8 {
  return load<u8>(KINDS + <usize>slot);
}

export function startOf(slot: i32): usize {
  return <usize>load<u32>(STARTS + ((<usize>slot) << 2));
}

export function endOf(slot: i32): usize {
  return <usize>load<u32>(ENDS + ((<usize>slot) << 2));
}

export function hasValue(slot: i32): bool {
  return kindOf(slot) > EMPTY_TEXT;
}

/** Reads the record that begins at `at`: false for what is not understood here, with `unknownLength` for an unknown name. */
export function readRecord(at: usize): bool {
  record += 1;
  memberCount = 0;
  unknownLength = 0;
  forgetTexts();
  memory.fill(KINDS, 0, slotCount);
  at = skipSpace(at);
  if (load<u8>(at) !== 0x7b) return false;
  at = readObject(at, ROOT);
  // Behind it stands nothing but the mark of the end.
  return at !== 0 && load<u8>(skipSpace(at)) === 0;
}

/** Gives the place behind the object; 0 for what is not understood. */
function readObject(at: usize, place: usize): usize {
  at = skipSpace(at + 1);
  if (load<u8>(at) === 0x7d) return at + 1;
  let previous: usize = 0;
  while (true) {
    if (load<u8>(at) !== 0x22) return 0;
    const name = at + 1;
    let member = expectedAt(previous, name);
    if (member !== 0) {
      at = readMember(skipSpace(name + changetype<Place>(member).length + 2), place, member);
    } else {
      at = readString(name);
      // A name with escapes may be any.
      if (at === 0 || textStart !== name) return 0;
      const length = <u32>(textEnd - name);
      at = skipSpace(at);
      if (load<u8>(at) !== 0x3a) return 0;
      member = findFollowing(previous, place, name, length);
      at = skipSpace(at + 1);
      at = member === 0 ? skipUnknown(at, place, name, length) : readMember(at, place, member);
    }
    if (at === 0) return 0;
    if (member !== 0) previous = member;
    at = skipSpace(at);
    const code = load<u8>(at);
    at = skipSpace(at + 1);
    if (code === 0x7d) return at;
    if (code !== 0x2c) return 0;
  }
}

function skipUnknown(at: usize, parent: usize, name: usize, length: u32): usize {
  if (parent !== section) return skipValue(at);
  unknownStart = name;
  unknownLength = length;
  return 0;
}

function readMember(at: usize, parent: usize, place: usize): usize {
  const one = changetype<Place>(place);
  if (one.seenIn === record) return 0;
  one.seenIn = record;
  at = readValue(at, one.hasChildren ? place : 0);
  if (at === 0) return 0;
  if (one.slot >= 0) {
    const slot = <usize>one.slot;
    store<u8>(KINDS + slot, kind);
    store<u32>(STARTS + (slot << 2), <u32>start);
    store<u32>(ENDS + (slot << 2), <u32>end);
  }
  if (parent !== section || kind <= EMPTY_TEXT) return at;
  if (memberCount === MOST_MEMBERS) return 0;
  const member = changetype<Member>(MEMBERS + <usize>memberCount * MEMBER_BYTES);
  member.place = place;
  member.kind = kind;
  member.start = start;
  member.end = end;
  memberCount += 1;
  return at;
}

/** What the value is, and where; `place`: where its members are looked at. */
function readValue(at: usize, place: usize): usize {
  const code = load<u8>(at);
  if (code === 0x22) {
    at = readString(at + 1);
    start = textStart;
    end = textEnd;
    kind = start === end ? EMPTY_TEXT : TEXT;
    return at;
  }
  const from = at;
  let is: u8;
  if (code === 0x7b) {
    is = OBJECT;
    at = place === 0 ? skipNested(at) : readObject(at, place);
  } else if (code === 0x5b) {
    is = LIST;
    at = skipNested(at);
  } else {
    at = endOfWord(at);
    is = code === 0x6e ? NOTHING : code === 0x74 || code === 0x66 ? FLAG : numberKind(from, at);
  }
  start = from;
  end = at;
  kind = is;
  return at;
}

function skipValue(at: usize): usize {
  const code = load<u8>(at);
  if (code === 0x22) return skipString(at + 1);
  return code === 0x7b || code === 0x5b ? skipNested(at) : endOfWord(at);
}

function skipNested(at: usize): usize {
  let depth = 0;
  while (true) {
    const code = load<u8>(at);
    at += 1;
    if (code === 0x22) {
      at = skipString(at);
      if (at === 0) return 0;
    } else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 0) return at;
    } else if (code === 0) return 0;
  }
}

function endOfWord(at: usize): usize {
  while (true) {
    const code = load<u8>(at);
    if (code <= 0x20 || code === 0x2c || code === 0x7d || code === 0x5d) return at;
    at += 1;
  }
}

/** Integers of up to 15 digits, and not -0: the rest may be written otherwise by JavaScript. */
function numberKind(at: usize, to: usize): u8 {
  const isNegative = load<u8>(at) === 0x2d;
  if (isNegative) at += 1;
  const digits = to - at;
  if (digits === 0 || digits > 15 || (load<u8>(at) === 0x30 && (digits > 1 || isNegative))) return ODD_NUMBER;
  for (; at < to; at++) {
    const digit = load<u8>(at);
    if (digit < 0x30 || digit > 0x39) return ODD_NUMBER;
  }
  return NUMBER;
}

function skipSpace(at: usize): usize {
  while (true) {
    const code = load<u8>(at);
    // Nearly always.
    if (code > 0x20) return at;
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}
