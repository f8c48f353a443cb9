/** The characters of JSON, for those who walk over its text. */

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const LETTER_F = 0x66;
export const LETTER_N = 0x6e;
export const LETTER_T = 0x74;
export const LETTER_U = 0x75;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** 2^53 has 16 digits: an integer with fewer is exact in a `number`. */
export const LONG_INTEGER_DIGITS = 16;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** What a byte of UTF-8 is within a string of JSON. Nearly all are 0: a walk over them compares with nothing else. */
export const IN_STRING = { plain: 0, quote: 1, backslash: 2, control: 3, other: 4 } as const;

/** By the byte. */
export const STRING_BYTES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return IN_STRING.quote;
  if (byte === BACKSLASH) return IN_STRING.backslash;
  if (byte < 0x20) return IN_STRING.control;
  return byte < 0x80 ? IN_STRING.plain : IN_STRING.other;
});
