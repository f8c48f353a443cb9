/**
 * The characters of CEF. A message must be one line whatever a record holds, because a raw line break forges a second
 * message at the collector; control characters are rewritten by collectors (`#011`) and break them.
 */

const SPECIAL = /[\u0000-\u001f=\\\u007f-\u009f\u2028\u2029\ud800-\udfff\ufeff]/;

const UNCLEAN = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\ufeff]/;
const CONTROLS = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * True when `cleanText` and `escapeExtension` would both give the text back. Almost always: short ASCII texts, the rule, are
 * looked through here, which takes half the time of the regular expression.
 */
export function isPlain(text: string): boolean {
  const { length } = text;
  if (text.charCodeAt(length - 1) === SPACE) return false;
  if (length > SHORT) return !SPECIAL.test(text);
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > TILDE) return !SPECIAL.test(text);
    if (unit < SPACE || unit === EQUALS || unit === BACKSLASH) return false;
  }
  return true;
}

const SHORT = 64;
const SPACE = 0x20;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;

/**
 * Makes text fit for a message: lone surrogates become U+FFFD, byte order marks go, control characters become spaces,
 * trailing spaces go. Line feed and carriage return stay: they have an escape.
 */
export function cleanText(text: string): string {
  if (!UNCLEAN.test(text)) return trimSpaces(text);
  return trimSpaces(
    text
      .toWellFormed()
      .replace(/\ufeff/g, "")
      .replace(CONTROLS, " "),
  );
}

function trimSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * At most `maxLength` characters of clean text, never half a character. UTF-16 units are counted: there are never fewer
 * of them than characters, so a consumer that counts either way is content.
 */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const end = isHighSurrogate(text.charCodeAt(maxLength - 1)) ? maxLength - 1 : maxLength;
  return trimSpaces(text.slice(0, end));
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Escapes a CEF extension value: backslash, equals sign, and line breaks as `\n` and `\r`. A pipe needs no escape here. */
export function escapeExtension(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("=", "\\=").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** The text of an escaped extension value. */
export function unescapeExtension(value: string): string {
  return value.replace(/\\([\s\S])/g, (_, character: string) => ESCAPED[character] ?? character);
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r" };

/**
 * An escaped value of at most `maxBytes` bytes of UTF-8: never half a character and never half an escape.
 */
export function cutEscaped(value: string, maxBytes: number): string {
  if (value.length * 3 <= maxBytes) return value;
  const bytes = Buffer.from(value);
  if (bytes.length <= maxBytes) return value;
  let end = maxBytes;
  while (end > 0 && isContinuation(bytes[end])) end -= 1;
  const cut = bytes.toString("utf8", 0, end);
  let backslashes = 0;
  while (cut.charCodeAt(cut.length - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return trimSpaces(backslashes % 2 === 1 ? cut.slice(0, -1) : cut);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * A CEF header field of at most `maxLength` characters: backslash and pipe escaped, and as `headerText`.
 *
 * An equals sign becomes a colon. CEF allows it there, but consumers that look for ` key=` anywhere in the message would
 * take `machine x S1eventKey=...`, a name that an endpoint can give itself, for the key.
 */
export function headerField(text: string, maxLength: number): string {
  if (text.length <= maxLength && text.charCodeAt(0) !== SPACE && isPlain(text) && !text.includes("|")) return text;
  return headerText(text, maxLength).replaceAll("=", ":").replace(/[\\|]/g, "\\$&");
}

/** Clean text of at most `maxLength` characters on one line, without spaces at its ends. May be empty. */
export function headerText(text: string, maxLength: number): string {
  return cutText(cleanText(text.replace(/[\n\r]/g, " ")).trimStart(), maxLength);
}
