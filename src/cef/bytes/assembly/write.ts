/** Where the next byte goes, and up to where there is room. */
export let writeAt: usize = 0;
let roomEnd: usize = 0;

export function writeTo(at: usize, end: usize): void {
  writeAt = at;
  roomEnd = end;
}

export function moveWriteAt(by: usize): void {
  writeAt += by;
}

/** 16 more than asked for: so many are written at once. */
export function isRoomFor(bytes: usize): bool {
  return writeAt + bytes + 16 <= roomEnd;
}

/** Bytes as they are, mostly few: to call for a copy of them would cost more than they do. */
export function putBytes(from: usize, length: usize): bool {
  if (!isRoomFor(length)) return false;
  for (let at: usize = 0; at < length; at += 16) v128.store(writeAt + at, v128.load(from + at));
  writeAt += length;
  return true;
}

/** A value of at most this many bytes is written in one go: an escape makes it twice as long, one of JSON six times. */
function hasRoom(from: usize, to: usize, times: usize): bool {
  return isRoomFor((to - from) * times);
}

/**
 * A value of the extension with its escapes; false for one that has to be cleaned. `isCustom`: consumers split these keys at
 * semicolons, which become commas.
 */
export function putValue(from: usize, to: usize, isCustom: bool): bool {
  return hasRoom(from, to, 2) && putEscaped(from, to, i8x16.splat(isCustom ? 0x3b : 0x3d), OF_VALUE);
}

/** A part of a header field, as `headerField` of cef/escape.ts writes it; false for one that has to be cleaned. */
export function putHeaderText(from: usize, to: usize): bool {
  return hasRoom(from, to, 2) && putEscaped(from, to, i8x16.splat(0x7c), OF_HEADER);
}

/** Which escapes there are. */
const OF_VALUE: u32 = 0;
const OF_JSON: u32 = 1;
const OF_HEADER: u32 = 2;

/** A string of JSON, quotes included, inside a value of a custom key: its escapes are escaped once more. */
export function putJsonString(from: usize, to: usize): bool {
  if (!hasRoom(from, to, 7)) return false;
  put1(0x22);
  if (!putEscaped(from, to, i8x16.splat(0x3b), OF_JSON)) return false;
  put1(0x22);
  return true;
}

/** `other`: what is special besides what is so everywhere. */
function putEscaped(from: usize, to: usize, other: v128, escapes: u32): bool {
  let at = from;
  while (true) {
    at = copyPlain(at, to, other);
    if (at === to) return true;
    const code = load<u8>(at);
    if (code >= 0x80) {
      at = copyCharacter(at, code);
      if (at === 0) return false;
      continue;
    }
    if (!putSpecial(code, escapes)) return false;
    at += 1;
  }
}

function putSpecial(code: u8, escapes: u32): bool {
  if (escapes === OF_JSON) return putJsonSpecial(code);
  return escapes === OF_HEADER ? putHeaderSpecial(code) : putValueSpecial(code);
}

function putHeaderSpecial(code: u8): bool {
  switch (code) {
    case 0x5c:
    case 0x7c:
      put2(0x5c, code);
      return true;
    case 0x3d:
      put1(0x3a);
      return true;
    case 0x22:
      put1(code);
      return true;
    default:
      return false;
  }
}

function putValueSpecial(code: u8): bool {
  switch (code) {
    case 0x5c:
    case 0x3d:
      put2(0x5c, code);
      return true;
    case 0x3b:
      put1(0x2c);
      return true;
    case 0x0a:
      put2(0x5c, 0x6e);
      return true;
    case 0x0d:
      put2(0x5c, 0x72);
      return true;
    // In a value a quote is a character like any other.
    case 0x22:
      put1(code);
      return true;
    default:
      return false;
  }
}

function putJsonSpecial(code: u8): bool {
  switch (code) {
    case 0x5c:
      put2(0x5c, 0x5c);
      put2(0x5c, 0x5c);
      return true;
    case 0x22:
      put2(0x5c, 0x5c);
      put1(0x22);
      return true;
    case 0x3d:
      put2(0x5c, 0x3d);
      return true;
    case 0x3b:
      put1(0x2c);
      return true;
    case 0x7f:
      return false;
    default:
      putJsonControl(code);
      return true;
  }
}

function putJsonControl(code: u8): void {
  const letter = shortEscape(code);
  put2(0x5c, 0x5c);
  if (letter !== 0) {
    put1(letter);
    return;
  }
  put1(0x75);
  put2(0x30, 0x30);
  put2(hexDigit(code >> 4), hexDigit(code & 15));
}

function shortEscape(code: u8): u8 {
  switch (code) {
    case 0x08:
      return 0x62;
    case 0x09:
      return 0x74;
    case 0x0a:
      return 0x6e;
    case 0x0c:
      return 0x66;
    case 0x0d:
      return 0x72;
    default:
      return 0;
  }
}

function hexDigit(value: u8): u8 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

/** Copies up to the first byte that may need more than that; gives its place, `to` when there is none. */
function copyPlain(at: usize, to: usize, other: v128): usize {
  while (true) {
    const bytes = v128.load(at);
    v128.store(writeAt, bytes);
    const special = v128.or(
      // Control characters, and all beyond ASCII, which are negative.
      v128.or(i8x16.lt_s(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f))),
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x3d)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        v128.or(i8x16.eq(bytes, other), i8x16.eq(bytes, i8x16.splat(0x22))),
      ),
    );
    const mask = i8x16.bitmask(special);
    const plain: usize = mask === 0 ? 16 : ctz(mask);
    if (at + plain >= to) {
      writeAt += to - at;
      return to;
    }
    writeAt += plain;
    at += plain;
    if (mask !== 0) return at;
  }
}

/** A character of several bytes; 0 for those that no message may have. */
function copyCharacter(at: usize, first: u8): usize {
  const second = load<u8>(at + 1);
  const third = load<u8>(at + 2);
  // U+0080 to U+009F, U+2028 and U+2029, U+FEFF.
  if (first === 0xc2 && second < 0xa0) return 0;
  if (first === 0xe2 && second === 0x80 && (third === 0xa8 || third === 0xa9)) return 0;
  if (first === 0xef && second === 0xbb && third === 0xbf) return 0;
  const length: usize = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  store<u32>(writeAt, load<u32>(at));
  writeAt += length;
  return at + length;
}

function put1(code: u8): void {
  store<u8>(writeAt, code);
  writeAt += 1;
}

function put2(first: u8, second: u8): void {
  store<u8>(writeAt, first);
  store<u8>(writeAt + 1, second);
  writeAt += 2;
}
