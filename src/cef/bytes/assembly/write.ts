import { BODY, BODY_END } from "./memory";

/** Where the body ends so far. */
export let bodyEnd: usize = BODY;

export function clearBody(): void {
  bodyEnd = BODY;
}

export function moveBodyEnd(by: usize): void {
  bodyEnd += by;
}

/** Bytes as they are. */
export function putBytes(from: usize, length: usize): bool {
  if (bodyEnd + length > BODY_END) return false;
  memory.copy(bodyEnd, from, length);
  bodyEnd += length;
  return true;
}

/** A value of at most this many bytes is written in one go: an escape makes it twice as long, one of JSON six times. */
function hasRoom(from: usize, to: usize, times: usize): bool {
  return bodyEnd + (to - from) * times + 16 <= BODY_END;
}

/**
 * A value of the extension with its escapes; false for one that has to be cleaned. `isCustom`: consumers split these keys at
 * semicolons, which become commas.
 */
export function putValue(from: usize, to: usize, isCustom: bool): bool {
  return hasRoom(from, to, 2) && putEscaped(from, to, i8x16.splat(isCustom ? 0x3b : 0x3d), false);
}

/** A string of JSON, quotes included, inside a value of a custom key: its escapes are escaped once more. */
export function putJsonString(from: usize, to: usize): bool {
  if (!hasRoom(from, to, 7)) return false;
  put1(0x22);
  if (!putEscaped(from, to, i8x16.splat(0x3b), true)) return false;
  put1(0x22);
  return true;
}

function putEscaped(from: usize, to: usize, semicolon: v128, isJson: bool): bool {
  let at = from;
  while (true) {
    at = copyPlain(at, to, semicolon);
    if (at === to) return true;
    const code = load<u8>(at);
    if (code >= 0x80) {
      at = copyCharacter(at, code);
      if (at === 0) return false;
      continue;
    }
    if (!(isJson ? putJsonSpecial(code) : putSpecial(code))) return false;
    at += 1;
  }
}

function putSpecial(code: u8): bool {
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
function copyPlain(at: usize, to: usize, semicolon: v128): usize {
  while (true) {
    const bytes = v128.load(at);
    v128.store(bodyEnd, bytes);
    const special = v128.or(
      // Control characters, and all beyond ASCII, which are negative.
      v128.or(i8x16.lt_s(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f))),
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x3d)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        v128.or(i8x16.eq(bytes, semicolon), i8x16.eq(bytes, i8x16.splat(0x22))),
      ),
    );
    const mask = i8x16.bitmask(special);
    const plain: usize = mask === 0 ? 16 : ctz(mask);
    if (at + plain >= to) {
      bodyEnd += to - at;
      return to;
    }
    bodyEnd += plain;
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
  store<u32>(bodyEnd, load<u32>(at));
  bodyEnd += length;
  return at + length;
}

function put1(code: u8): void {
  store<u8>(bodyEnd, code);
  bodyEnd += 1;
}

function put2(first: u8, second: u8): void {
  store<u8>(bodyEnd, first);
  store<u8>(bodyEnd + 1, second);
  bodyEnd += 2;
}
