/** Finds where values stand in a JSON text, so that a record can be cut out as it was sent, long integers and all. */

/** The values of an array's text, each as its own text. Throws `SyntaxError` when the text is no array. */
export function elementTexts(text: string): string[] {
  const elements: string[] = [];
  eachValue(text, skipSpace(text, 0), "[", (start, end) => elements.push(text.slice(start, end)));
  return elements;
}

/** The members of an object's text, each as its own text. */
export function memberTexts(text: string): Map<string, string> {
  const members = new Map<string, string>();
  eachValue(text, skipSpace(text, 0), "{", (start, end, key) => members.set(key, text.slice(start, end)));
  return members;
}

type Visit = (start: number, end: number, key: string) => void;

/** Visits what stands in the array or object at `open`, and returns where it ends. */
function eachValue(text: string, open: number, bracket: "[" | "{", visit: Visit): number {
  const close = bracket === "[" ? "]" : "}";
  if (text[open] !== bracket) throw unexpected(text, open);
  let at = skipSpace(text, open + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    let key = "";
    if (bracket === "{") {
      const keyEnd = endOfString(text, at);
      key = JSON.parse(text.slice(at, keyEnd)) as string;
      at = skipSpace(text, keyEnd);
      if (text[at] !== ":") throw unexpected(text, at);
      at = skipSpace(text, at + 1);
    }
    const end = endOfValue(text, at);
    visit(at, end, key);
    at = skipSpace(text, end);
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") throw unexpected(text, at);
    at = skipSpace(text, at + 1);
  }
}

function endOfValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first === "[" || first === "{") return eachValue(text, at, first, ignore);
  SCALAR.lastIndex = at;
  if (!SCALAR.test(text)) throw unexpected(text, at);
  return SCALAR.lastIndex;
}

function endOfString(text: string, at: number): number {
  if (text[at] !== '"') throw unexpected(text, at);
  for (let index = at + 1; index < text.length; index += 1) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === '"') return index + 1;
  }
  throw unexpected(text, text.length);
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
}

function ignore(): void {}

function unexpected(text: string, at: number): SyntaxError {
  return new SyntaxError(`unexpected ${JSON.stringify(text[at] ?? "end of text")} at ${at}`);
}

const SCALAR = /[^\s,\]}]+/y;
const SPACE = /[ \t\r\n]*/y;
