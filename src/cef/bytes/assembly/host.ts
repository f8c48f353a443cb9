/**
 * What is rare, and asked of the other side (`../byte-table.ts`). Each writes its text at `at` and gives its length in bytes;
 * -1: there is none; -2: it does not fit into `room`.
 */

/** A value as the reading gives it: JSON, or a text when it is one. */
export declare function hostRead(reading: u32, isText: bool, start: usize, end: usize, at: usize, room: usize): i32;

/** A text in the form that a type asks for. */
export declare function hostConform(type: u32, start: usize, end: usize, at: usize, room: usize): i32;

/** What is left of a value without secrets and nothings, as compact JSON. */
export declare function hostCompact(
  name: usize,
  length: u32,
  isText: bool,
  start: usize,
  end: usize,
  at: usize,
  room: usize,
): i32;
