import { DECODED, DECODED_BYTES, INPUT, INPUT_BYTES } from "./memory";

/** The text of a JSON string, without its escapes: where it was read to, and what it is. */
export let textStart: usize = 0;
export let textEnd: usize = 0;

let decodedTop: usize = DECODED;

export function forgetTexts(): void {
  decodedTop = DECODED;
}

/** Where a text of others may be put. */
export function roomAt(): usize {
  return decodedTop;
}

export function room(): usize {
  return DECODED + DECODED_BYTES - decodedTop;
}

/** So many bytes were put there, and stay. */
export function keepText(length: usize): void {
  textStart = decodedTop;
  decodedTop += length;
  textEnd = decodedTop;
}

/** Reads the string whose first character stands at `at`; gives the place behind its closing quote, 0 if it has none. */
export function readString(at: usize): usize {
  const end = endOfPlain(at);
  if (load<u8>(end) === 0x22) {
    textStart = at;
    textEnd = end;
    return end + 1;
  }
  return load<u8>(end) === 0x5c ? readEscaped(at, end) : 0;
}

/** The same for a string of which nobody wants to know. */
export function skipString(at: usize): usize {
  while (true) {
    at = endOfPlain(at);
    const byte = load<u8>(at);
    if (byte === 0x22) return at + 1;
    if (byte !== 0x5c) return 0;
    at += 2;
  }
}

/** The next quote, backslash or control character; behind the record stands one. */
function endOfPlain(at: usize): usize {
  while (true) {
    const bytes = v128.load(at);
    const special = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_u(bytes, i8x16.splat(0x20)),
    );
    const mask = i8x16.bitmask(special);
    if (mask !== 0) return at + ctz(mask);
    at += 16;
  }
}

function readEscaped(start: usize, escape: usize): usize {
  // Without its escapes it is shorter, or as long.
  if (INPUT + INPUT_BYTES - start > room() && endOfString(escape) - start > room()) return 0;
  textStart = decodedTop;
  let to = decodedTop;
  let from = start;
  let at = escape;
  while (true) {
    memory.copy(to, from, at - from);
    to += at - from;
    if (load<u8>(at) === 0x22) break;
    if (load<u8>(at) !== 0x5c) return 0;
    const code = load<u8>(at + 1);
    if (code === 0x75) {
      const unit = hex4(at + 2);
      at += 6;
      if (unit < 0) return 0;
      to = putUnit(to, <u32>unit, at);
      if (to === 0) return 0;
      if ((unit & 0xf800) === 0xd800) at += 6;
    } else {
      const byte = unescaped(code);
      if (byte === 0) return 0;
      store<u8>(to, byte);
      to += 1;
      at += 2;
    }
    from = at;
    at = endOfPlain(at);
  }
  textEnd = to;
  decodedTop = to;
  return at + 1;
}

function endOfString(at: usize): usize {
  const end = skipString(at);
  return end === 0 ? usize.MAX_VALUE : end;
}

/** Of half a pair of surrogates there is no UTF-8: 0. The other half is looked for at `next`. */
function putUnit(to: usize, unit: u32, next: usize): usize {
  if (unit < 0x80) {
    store<u8>(to, <u8>unit);
    return to + 1;
  }
  if (unit < 0x800) {
    store<u8>(to, <u8>(0xc0 | (unit >> 6)));
    store<u8>(to + 1, <u8>(0x80 | (unit & 0x3f)));
    return to + 2;
  }
  if ((unit & 0xf800) !== 0xd800) {
    store<u8>(to, <u8>(0xe0 | (unit >> 12)));
    store<u8>(to + 1, <u8>(0x80 | ((unit >> 6) & 0x3f)));
    store<u8>(to + 2, <u8>(0x80 | (unit & 0x3f)));
    return to + 3;
  }
  if (unit >= 0xdc00 || load<u8>(next) !== 0x5c || load<u8>(next + 1) !== 0x75) return 0;
  const low = hex4(next + 2);
  if (low < 0xdc00 || low > 0xdfff) return 0;
  const character = 0x10000 + ((unit - 0xd800) << 10) + (<u32>low - 0xdc00);
  store<u8>(to, <u8>(0xf0 | (character >> 18)));
  store<u8>(to + 1, <u8>(0x80 | ((character >> 12) & 0x3f)));
  store<u8>(to + 2, <u8>(0x80 | ((character >> 6) & 0x3f)));
  store<u8>(to + 3, <u8>(0x80 | (character & 0x3f)));
  return to + 4;
}

/** -1 when it is no number of four hexadecimal digits. */
function hex4(at: usize): i32 {
  let value: i32 = 0;
  for (let index: usize = 0; index < 4; index++) {
    const byte = <i32>load<u8>(at + index);
    const lower = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

/** 0 for what is no escape of JSON. */
function unescaped(code: u8): u8 {
  switch (code) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return code;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}
