/**
 * What lies where in the module's memory. The other side knows the addresses that it is given and no others.
 *
 *     PLACES    names of members, as a hash table
 *     KINDS …   what the open record has, by slot
 *     MEMBERS   the members of the open record's section, in order
 *     INPUT     the record
 *     DECODED   its texts that had escapes
 *     SCRATCH   names while a table is told
 *     HEAD      what stands in front of the body, until it is moved there
 *     BODY      the message, and room before it
 *     heap      what was told of the table
 */

export const PLACES: usize = 0x1000;
export const PLACES_MASK: u32 = 4095;
/** So that a search ends soon. */
export const MOST_PLACES: u32 = 2800;

export const MOST_SLOTS: u32 = 1024;
export const KINDS: usize = 0x6000;
export const STARTS: usize = 0x7000;
export const ENDS: usize = 0x8000;

export const MOST_MEMBERS: u32 = 1024;
export const MEMBER_BYTES: usize = 16;
export const MEMBERS: usize = 0x9000;

/** Behind each area, so that 16 bytes may be read or written at once at its end. */
const SLACK: usize = 64;

export const INPUT: usize = 0x10000;
export const INPUT_BYTES: usize = 0x10000 - SLACK;
export const DECODED: usize = 0x20000;
export const DECODED_BYTES: usize = 0x10000 - SLACK;
export const SCRATCH: usize = 0x30000;
export const HEAD: usize = 0x31000;
export const HEAD_END: usize = 0x33000 - SLACK;
export const BODY: usize = 0x35000;
export const BODY_END: usize = 0x55000 - SLACK;
const HEAP: usize = 0x55000;

let heapTop: usize = HEAP;

/** Of bytes that are 0; 0 when there is no more room. */
export function allocate(bytes: usize): usize {
  const at = heapTop;
  const top = (at + bytes + 7) & ~7;
  if (top > (<usize>memory.size()) << 16) return 0;
  heapTop = top;
  return at;
}

/** A copy of a text, which may be read 16 bytes at a time. */
export function keep(text: usize, length: usize): usize {
  const at = allocate(length + 16);
  if (at !== 0) memory.copy(at, text, length);
  return at;
}

/** Behind both stand at least 8 bytes that may be read. */
export function isSame(left: usize, right: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 8 <= length; at += 8) if (load<u64>(left + at) !== load<u64>(right + at)) return false;
  const rest = length - at;
  // The first byte is the lowest: those behind the end are shifted out.
  return rest === 0 || (load<u64>(left + at) ^ load<u64>(right + at)) << ((8 - rest) << 3) === 0;
}
