import { MOST_PLACES, PLACES, PLACES_MASK, allocate, isSame, keep } from "./memory";

/** A name that a record may have, below another one or at its top. */
@unmanaged
export class Place {
  parent: usize;
  hash: u32;
  length: u32;
  name: usize;
  /** Where its value is wanted; -1: nowhere. */
  slot: i32;
  hasChildren: bool;
  /** What is told of it as a member of the section; 0: nothing. */
  rules: usize;
  /** The record that had it last: one that has it twice is left to others. */
  seenIn: u32;
  /** What stood behind it in the last record, and mostly does in the next. */
  following: usize;
}

let places: u32 = 0;

export const ROOT: usize = 0;
/** Above words of values, which are kept among the names. */
export const WORDS: usize = 1;

/** 0 when there is no room for it. */
export function addPlace(parent: usize, at: usize, length: u32): usize {
  const known = findPlace(parent, at, length);
  if (known !== 0) return known;
  if (places === MOST_PLACES) return 0;
  const name = keep(at, length);
  const place = allocate(offsetof<Place>());
  if (name === 0 || place === 0) return 0;
  const one = changetype<Place>(place);
  one.parent = parent;
  one.hash = hashOf(parent, at, length);
  one.length = length;
  one.name = name;
  one.slot = -1;
  if (parent > WORDS) changetype<Place>(parent).hasChildren = true;
  let index = one.hash & PLACES_MASK;
  while (load<u32>(PLACES + ((<usize>index) << 2)) !== 0) index = (index + 1) & PLACES_MASK;
  store<u32>(PLACES + ((<usize>index) << 2), <u32>place);
  places += 1;
  return place;
}

/** The place that stood behind this one in the last record, if its name stands at `at`, and `":` behind it; else 0. */
export function expectedAt(previous: usize, at: usize): usize {
  if (previous === 0) return 0;
  const expected = changetype<Place>(previous).following;
  if (expected === 0) return 0;
  const one = changetype<Place>(expected);
  return isSame(one.name, at, one.length) && load<u16>(at + one.length) === 0x3a22 ? expected : 0;
}

/** As `findPlace`, for a name that stands behind another one, and may be expected there from now on. */
export function findFollowing(previous: usize, parent: usize, at: usize, length: u32): usize {
  const place = findPlace(parent, at, length);
  if (previous !== 0 && place !== 0) changetype<Place>(previous).following = place;
  return place;
}

/** 0 for a name that nobody knows. */
export function findPlace(parent: usize, at: usize, length: u32): usize {
  const hash = hashOf(parent, at, length);
  let index = hash & PLACES_MASK;
  while (true) {
    const place = <usize>load<u32>(PLACES + ((<usize>index) << 2));
    if (place === 0) return 0;
    const one = changetype<Place>(place);
    if (one.hash === hash && one.length === length && one.parent === parent && isSame(one.name, at, length))
      return place;
    index = (index + 1) & PLACES_MASK;
  }
}

/** Of its first and last bytes: names that are told apart in the middle only are rare, and compared anyway. */
function hashOf(parent: usize, at: usize, length: u32): u32 {
  let first: u64;
  let last: u64;
  if (length >= 8) {
    first = load<u64>(at);
    last = load<u64>(at + length - 8);
  } else {
    first = load<u64>(at) & (((<u64>1) << ((<u64>length) << 3)) - 1);
    last = 0;
  }
  let mixed = (first ^ rotl<u64>(last, 29) ^ ((<u64>parent) << 40)) + length;
  mixed = (mixed ^ (mixed >> 32)) * 0x9e3779b97f4a7c15;
  return <u32>(mixed >> 32);
}
