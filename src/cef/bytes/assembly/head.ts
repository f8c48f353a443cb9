import { BODY, HEAD, HEAD_END, allocate } from "./memory";
import { Row, isFound } from "./table";
import { isRoomFor, moveWriteAt, putHeaderText, writeAt, writeTo } from "./write";

/** What stands in front of the rows: it is known when they are written, and is written then. */

/** Of a name: a text, the value of a row, or the mark behind which another way to say it begins. */
@unmanaged
class Step {
  next: usize;
  kind: u32;
  value: usize;
  length: u32;
}

const TEXT: u32 = 0;
const VALUE: u32 = 1;
const OR: u32 = 2;

let messageEnd: usize = 0;

/** A name as cef/name-template.ts has it, with no steps yet; 0 where there is no room. */
export function newName(): usize {
  return allocate(offsetof<Step>());
}

/** Each of these gives the step that it has added, behind which the next one goes; 0 where there is no room. `text`: a kept one. */
export function addText(last: usize, text: usize, length: u32): usize {
  return addStep(last, TEXT, text, length);
}

export function addValue(last: usize, row: usize): usize {
  return addStep(last, VALUE, row, 0);
}

export function or(last: usize): usize {
  return addStep(last, OR, 0, 0);
}

function addStep(last: usize, kind: u32, value: usize, length: u32): usize {
  const at = allocate(offsetof<Step>());
  if (at === 0) return 0;
  const step = changetype<Step>(at);
  step.kind = kind;
  step.value = value;
  step.length = length;
  changetype<Step>(last).next = at;
  return at;
}

export function beginHead(): void {
  messageEnd = writeAt;
  writeTo(HEAD, HEAD_END);
}

/** Writes the first way to say it whose rows all have found something: of at most so many bytes, before their escapes. */
export function putName(name: usize, maxBytes: u32): bool {
  const from = writeAt;
  let first = changetype<Step>(name).next;
  while (first !== 0) {
    const behind = endOfFound(first);
    if (behind === NOT_FOUND) {
      first = behindOr(first);
      continue;
    }
    let bytes: usize = 0;
    for (let at = first; at !== behind; at = changetype<Step>(at).next) {
      const step = changetype<Step>(at);
      const row = changetype<Row>(step.value);
      const start = step.kind === VALUE ? row.foundStart : step.value;
      const end = step.kind === VALUE ? row.foundEnd : step.value + step.length;
      if (!putHeaderText(start, end)) return false;
      bytes += end - start;
    }
    return isField(from, bytes, maxBytes);
  }
  return false;
}

/** A header field with what a row has found; where it has to be cleaned or cut, nothing is written. */
export function putHeaderOf(row: usize, maxBytes: u32): bool {
  const from = writeAt;
  const start = changetype<Row>(row).foundStart;
  const end = changetype<Row>(row).foundEnd;
  if (putHeaderText(start, end) && isField(from, end - start, maxBytes)) return true;
  moveWriteAt(from - writeAt);
  return false;
}

/** Whether it is one as it stands: not empty, not to be cut, and no space at its ends. */
function isField(from: usize, bytes: usize, maxBytes: u32): bool {
  return bytes > 0 && bytes <= <usize>maxBytes && load<u8>(from) !== 0x20 && load<u8>(writeAt - 1) !== 0x20;
}

const NOT_FOUND: usize = usize.MAX_VALUE;

/** The mark behind the steps from `first` on, 0 at their end; `NOT_FOUND` when one of them has no value. */
function endOfFound(first: usize): usize {
  let at = first;
  for (; at !== 0; at = changetype<Step>(at).next) {
    const step = changetype<Step>(at);
    if (step.kind === OR) break;
    if (step.kind === VALUE && !isFound(step.value)) return NOT_FOUND;
  }
  return at;
}

function behindOr(first: usize): usize {
  let at = first;
  while (at !== 0 && changetype<Step>(at).kind !== OR) at = changetype<Step>(at).next;
  return at === 0 ? 0 : changetype<Step>(at).next;
}

/** A whole number from 0 to 2^53, in decimal digits. */
export function putNumber(value: f64): bool {
  if (!isRoomFor(20)) return false;
  let length: usize = 1;
  let rest = <u64>value;
  for (let left = rest / 10; left > 0; left /= 10) length += 1;
  for (let at = writeAt + length - 1; at >= writeAt; at--) {
    store<u8>(at, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  moveWriteAt(length);
  return true;
}

/** Where the message ends. */
export function end(): usize {
  return messageEnd;
}

/** Moves the head to where the body begins; gives where the whole begins. */
export function joinHead(): usize {
  const length = writeAt - HEAD;
  memory.copy(BODY - length, HEAD, length);
  return BODY - length;
}
