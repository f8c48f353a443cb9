/**
 * The mapping of a record to the extension of its message, from bytes to bytes: what cef/mapping/table.ts does with parsed
 * records. It may not understand a record, and is never wrong about one. In AssemblyScript, for in JavaScript a loop over
 * bytes costs five times as much; `../byte-table.ts` is the other side.
 */
import { addText, addValue, beginHead, end, joinHead, newName, or, putHeaderOf, putName, putNumber } from "./head";
import { BODY, BODY_END, INPUT, INPUT_BYTES, SCRATCH, keep } from "./memory";
import { Place, ROOT, WORDS, addPlace, findPlace } from "./places";
import { setNever } from "./reading";
import { kindOf, newSlot, readRecord, setSection, startOf, endOf, unknownLength, unknownStart } from "./record";
import { Row, addFrom, addRule, forgetFound, isFound, newRow, newRules, writeLeftovers, writeRows } from "./table";
import { isRoomFor, moveWriteAt, putBytes, writeAt, writeTo } from "./write";

export { addPlace, newSlot, kindOf, startOf, endOf, setSection, setNever, keep };
export { newName, addText, addValue, or, beginHead, putName, putHeaderOf, putNumber, joinHead, end };
export { newRow, addFrom, newRules, addRule, isFound, writeRows, writeLeftovers };

export function inputAt(): usize {
  return INPUT;
}

export function inputBytes(): usize {
  return INPUT_BYTES;
}

export function root(): usize {
  return ROOT;
}

export function slotOf(place: usize): i32 {
  return changetype<Place>(place).slot;
}

export function setSlot(place: usize, slot: i32): void {
  changetype<Place>(place).slot = slot;
}

export function setRules(place: usize, rules: usize): void {
  changetype<Place>(place).rules = rules;
}

export function setNextRow(row: usize, next: usize): void {
  changetype<Row>(row).next = next;
}

export function setOnlyWith(row: usize, slot: i32): void {
  changetype<Row>(row).onlyWith = slot;
}

export function setUnlessIn(row: usize, other: usize): void {
  changetype<Row>(row).unlessIn = other;
}

/** Reads the record of so many bytes that stands in the input. */
export function open(length: usize): bool {
  // The mark of the end, at which every loop stops.
  store<u8>(INPUT + length, 0);
  writeTo(BODY, BODY_END);
  forgetFound();
  return readRecord(INPUT);
}

export function unknownNameAt(): usize {
  return unknownStart;
}

export function unknownNameLength(): u32 {
  return unknownLength;
}

export function foundStart(row: usize): usize {
  return changetype<Row>(row).foundStart;
}

export function foundEnd(row: usize): usize {
  return changetype<Row>(row).foundEnd;
}

/** Where the value that a row has found is kept; 0 where it is not. */
export function foundWord(row: usize): usize {
  const start = changetype<Row>(row).foundStart;
  return findPlace(WORDS, start, <u32>(changetype<Row>(row).foundEnd - start));
}

/** Keeps it, if there is room. */
export function keepWord(row: usize): usize {
  const start = changetype<Row>(row).foundStart;
  return addPlace(WORDS, start, <u32>(changetype<Row>(row).foundEnd - start));
}

/** A kept text. */
export function put(text: usize, length: usize): bool {
  return putBytes(text, length);
}

/** Where the other side may write so many bytes itself, before it tells how many there were; 0 where there is no room. */
export function placeFor(bytes: usize): usize {
  return isRoomFor(bytes) ? writeAt : 0;
}

export function wrote(bytes: usize): void {
  moveWriteAt(bytes);
}

/** Where the other side puts what it tells of the table. */
export function scratchAt(): usize {
  return SCRATCH;
}
