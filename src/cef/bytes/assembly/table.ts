import { MEMBERS, MEMBER_BYTES, allocate, isSame } from "./memory";
import { Place } from "./places";
import {
  ANY_TEXT,
  AS_TEXT,
  MAC,
  NONE,
  NOT_UNDERSTOOD,
  READ,
  compact,
  conform,
  endOfLink,
  isNever,
  isSimple,
  read,
  readEnd,
  readStart,
  unitsOf,
} from "./reading";
import { Member, TEXT, endOf, hasValue, kindOf, memberCount, startOf } from "./record";
import { moveWriteAt, putBytes, putJsonString, putValue, writeAt } from "./write";

/** An extension key and where its value comes from: `Row` of cef/mapping/table.ts. */
@unmanaged
export class Row {
  prefix: usize;
  prefixLength: u32;
  reading: u32;
  type: u32;
  maxLength: u32;
  isCustom: bool;
  /** -1: none. */
  onlyWith: i32;
  /** 0: none. */
  unlessIn: usize;
  next: usize;
  /** The first of its slots, in a list. */
  from: usize;
  lastFrom: usize;
  foundIn: u32;
  foundStart: usize;
  foundEnd: usize;
}

/** A slot of a row, or something that tells a member of the section already. */
@unmanaged
class Entry {
  next: usize;
  kind: u32;
  value: usize;
}

const COVERED: u32 = 0;
const TOLD_BY_ROW: u32 = 1;
const SAME_AS: u32 = 2;

/** What there is to know of a member of the section. */
@unmanaged
class Rules {
  isDropped: bool;
  isLink: bool;
  first: usize;
  last: usize;
}

/** Counts the records: a row has found something in the one that it says. */
let opened: u32 = 0;

export function forgetFound(): void {
  opened += 1;
}

/** `prefix`: a kept text. */
export function newRow(
  prefix: usize,
  prefixLength: u32,
  reading: u32,
  type: u32,
  maxLength: u32,
  isCustom: bool,
): usize {
  const row = allocate(offsetof<Row>());
  if (row === 0) return 0;
  const one = changetype<Row>(row);
  one.prefix = prefix;
  one.prefixLength = prefixLength;
  one.reading = reading;
  one.type = type;
  one.maxLength = maxLength;
  one.isCustom = isCustom;
  one.onlyWith = -1;
  return row;
}

export function addFrom(row: usize, slot: u32): bool {
  const one = changetype<Row>(row);
  const entry = newEntry(0, slot);
  if (entry === 0) return false;
  if (one.lastFrom === 0) one.from = entry;
  else changetype<Entry>(one.lastFrom).next = entry;
  one.lastFrom = entry;
  return true;
}

export function newRules(isDropped: bool, isLink: bool): usize {
  const rules = allocate(offsetof<Rules>());
  if (rules === 0) return 0;
  changetype<Rules>(rules).isDropped = isDropped;
  changetype<Rules>(rules).isLink = isLink;
  return rules;
}

export function addRule(rules: usize, kind: u32, value: usize): bool {
  const one = changetype<Rules>(rules);
  const entry = newEntry(kind, value);
  if (entry === 0) return false;
  if (one.last === 0) one.first = entry;
  else changetype<Entry>(one.last).next = entry;
  one.last = entry;
  return true;
}

function newEntry(kind: u32, value: usize): usize {
  const entry = allocate(offsetof<Entry>());
  if (entry === 0) return 0;
  changetype<Entry>(entry).kind = kind;
  changetype<Entry>(entry).value = value;
  return entry;
}

export function isFound(row: usize): bool {
  return changetype<Row>(row).foundIn === opened;
}

/** Writes the rows from `first` on, one after the other, up to the end of their list; false for a value that is not understood here. */
export function writeRows(first: usize): bool {
  for (let row = first; row !== 0; row = changetype<Row>(row).next) if (!writeRow(changetype<Row>(row))) return false;
  return true;
}

function writeRow(row: Row): bool {
  if (row.onlyWith >= 0 && !hasValue(row.onlyWith)) return true;
  for (let from = row.from; from !== 0; from = changetype<Entry>(from).next) {
    const slot = <i32>changetype<Entry>(from).value;
    if (!hasValue(slot)) continue;
    const is = read(row.reading, kindOf(slot), startOf(slot), endOf(slot));
    if (is === NOT_UNDERSTOOD) return false;
    if (is === NONE || (row.unlessIn !== 0 && isFoundText(changetype<Row>(row.unlessIn), readStart, readEnd))) continue;
    const start = readStart;
    const end = readEnd;
    const conforming = conform(row.type);
    if (conforming === NOT_UNDERSTOOD) return false;
    if (conforming === NONE) continue;
    const written = writeValue(row, readStart, readEnd);
    if (written === NOT_UNDERSTOOD) return false;
    if (written === NONE) continue;
    row.foundIn = opened;
    row.foundStart = start;
    row.foundEnd = end;
    return true;
  }
  return true;
}

/** NONE when nothing is left of it without the spaces at its end. */
function writeValue(row: Row, start: usize, end: usize): i32 {
  while (end > start && load<u8>(end - 1) === 0x20) end -= 1;
  if (start === end) return NONE;
  // Shortening is left to others.
  if (end - start > row.maxLength && unitsOf(start, end) > row.maxLength) return NOT_UNDERSTOOD;
  if (!putBytes(row.prefix, row.prefixLength)) return NOT_UNDERSTOOD;
  const from = writeAt;
  if (!putValue(start, end, row.isCustom)) return NOT_UNDERSTOOD;
  if (row.type === MAC) lowerMac(from);
  return READ;
}

function lowerMac(from: usize): void {
  for (let at = from; at < writeAt; at++) {
    const code = load<u8>(at);
    if (code === 0x2d) store<u8>(at, 0x3a);
    else if (code > 0x40) store<u8>(at, code | 0x20);
  }
}

function isFoundText(row: Row, start: usize, end: usize): bool {
  if (row.foundIn !== opened || row.foundEnd - row.foundStart !== end - start) return false;
  return isSame(row.foundStart, start, end - start);
}

/** What no row has told, as ` S1data={…}`: the prefix stands at `prefix`. */
export function writeLeftovers(prefix: usize, prefixLength: usize): bool {
  const before = writeAt;
  if (!putBytes(prefix, prefixLength)) return false;
  const from = writeAt;
  for (let index: u32 = 0; index < memberCount; index++) {
    const member = changetype<Member>(MEMBERS + <usize>index * MEMBER_BYTES);
    const place = changetype<Place>(member.place);
    const told = isTold(changetype<Rules>(place.rules), member);
    if (told === NOT_UNDERSTOOD) return false;
    if (told === READ) continue;
    const written = writeMember(place, member, writeAt === from ? 0x7b : 0x2c);
    if (written === NOT_UNDERSTOOD) return false;
  }
  if (writeAt === from) {
    moveWriteAt(before - writeAt);
    return true;
  }
  store<u8>(writeAt, 0x7d);
  moveWriteAt(1);
  return true;
}

/** READ: it is told already. */
function isTold(rules: Rules, member: Member): i32 {
  if (rules.isDropped) return READ;
  if (rules.first === 0) return NONE;
  for (let at = rules.first; at !== 0; at = changetype<Entry>(at).next) {
    const entry = changetype<Entry>(at);
    if (entry.kind === COVERED) {
      if (isFound(entry.value)) return READ;
      continue;
    }
    const reading = entry.kind === TOLD_BY_ROW ? changetype<Row>(entry.value).reading : AS_TEXT;
    const is = readMember(member, reading);
    if (is === NOT_UNDERSTOOD) return NOT_UNDERSTOOD;
    if (is === NONE) continue;
    if (entry.kind === TOLD_BY_ROW) {
      if (isFoundText(changetype<Row>(entry.value), readStart, readEnd)) return READ;
    } else {
      const same = isSameAs(<i32>entry.value, readStart, readEnd);
      if (same !== NONE) return same;
    }
  }
  return NONE;
}

function readMember(member: Member, reading: u32): i32 {
  return read(reading, <u8>member.kind, member.start, member.end);
}

function isSameAs(slot: i32, start: usize, end: usize): i32 {
  if (!hasValue(slot)) return NONE;
  const is = read(AS_TEXT, kindOf(slot), startOf(slot), endOf(slot));
  if (is !== READ) return is;
  return readEnd - readStart === end - start && isSame(readStart, start, end - start) ? READ : NONE;
}

/** `,"name":value` */
function writeMember(place: Place, member: Member, separator: u8): i32 {
  const kind = <u8>member.kind;
  let start = member.start;
  let end = member.end;
  const simple = isSimple(kind, start);
  if (simple) {
    if (kind === TEXT && isNever(start, end)) return NONE;
    if (kind === TEXT && changetype<Rules>(place.rules).isLink) end = endOfLink(start, end);
  } else {
    const is = compact(place.name, place.length, kind, start, end);
    if (is !== READ) return is;
    start = readStart;
    end = readEnd;
  }
  store<u8>(writeAt, separator);
  moveWriteAt(1);
  if (!putJsonString(place.name, place.name + place.length)) return NOT_UNDERSTOOD;
  store<u8>(writeAt, 0x3a);
  moveWriteAt(1);
  const isWritten = simple && kind === TEXT ? putJsonString(start, end) : putValue(start, end, true);
  return isWritten ? READ : NOT_UNDERSTOOD;
}
