import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from "yaml";
import { formatPath, shorten } from "./fault.ts";
import type { Path } from "./values.ts";

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A fault of the text itself: its syntax, or a variable that is not set. */
export interface TextProblem {
  readonly path: string;
  readonly message: string;
  readonly position: Position;
}

/** A YAML text as plain values, with the place of each. */
export interface ConfigText {
  /** Nothing behind a key is undefined, as if the key were missing. Integers beyond 2^53 are bigint. */
  readonly value: unknown;
  readonly problems: readonly TextProblem[];
  readonly places: Places;
}

interface Place {
  readonly key: number | undefined;
  readonly value: number;
  readonly shown: string | undefined;
}

/** Where each key and value stands in the text. */
export class Places {
  readonly #places = new Map<string, Place>();
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  add(path: Path, place: Place): void {
    this.#places.set(formatPath(path), place);
  }

  has(path: Path): boolean {
    return this.#places.has(formatPath(path));
  }

  /** The place of the value, or of the closest parent that stands in the text. */
  value(path: Path): Position {
    const place = this.#places.get(formatPath(path));
    if (place === undefined) return path.length === 0 ? { line: 1, column: 1 } : this.#parent(path.slice(0, -1));
    return this.at(place.shown === undefined ? (place.key ?? place.value) : place.value);
  }

  key(path: Path): Position {
    const offset = this.#places.get(formatPath(path))?.key;
    return offset === undefined ? this.value(path) : this.at(offset);
  }

  /** A missing key is reported at the key of the mapping that lacks it, an entry of a list at its first key. */
  #parent(path: Path): Position {
    return this.has(path) ? this.key(path) : this.value(path);
  }

  /** The value as it stands in the text, before variables are replaced, shortened. Undefined when there is none. */
  shown(path: Path): string | undefined {
    return this.#places.get(formatPath(path))?.shown;
  }

  at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** Aliases may repeat a part, not multiply it without end. */
const MAX_ALIASES = 200;

/** Reads YAML 1.2 and replaces `${NAME}` in its strings. Never throws: what is wrong stands in `problems`. */
export function readText(text: string, env: Readonly<Record<string, string | undefined>>): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    intAsBigInt: true,
    merge: false,
    prettyErrors: false,
    strict: true,
    stringKeys: true,
    uniqueKeys: true,
  });
  const places = new Places(lines);
  const complaints = [...document.errors, ...document.warnings];
  const problems = complaints.map((error) => ({
    path: "",
    message: describe(error),
    position: places.at(error.pos[0]),
  }));
  // A key that stands twice leaves the rest readable; other faults of syntax would bring faults that are none.
  if (complaints.some(({ code }) => code !== "DUPLICATE_KEY")) return { value: undefined, problems, places };
  const reader = new Reader(document, places, env);
  const value = reader.read(document.contents, []);
  return { value, problems: [...problems, ...reader.problems], places };
}

/** YAML's own message without the piece of text that it quotes: it may be a secret. */
function describe(error: YAMLError): string {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return "this key stands here twice";
    case "MULTIPLE_DOCS":
      return "expected one YAML document, got several";
    case "TAB_AS_INDENT":
      return "YAML takes no tabs as indentation";
    case "BLOCK_AS_IMPLICIT_KEY":
      return 'not YAML: a value that contains ": " or ends with ":" needs quotes';
    case "TAG_RESOLVE_FAILED":
      return "not YAML: unknown tag; a value that begins with ! needs quotes";
    case "BAD_ALIAS":
      return "not YAML: a value that begins with & or * needs quotes";
    default:
      return `not YAML: ${error.message.replace(/:? *["'`].*$/s, "").replace(/: [^:]*$/s, "")}`;
  }
}

/** Turns nodes into values and notes their places on the way. */
class Reader {
  readonly problems: TextProblem[] = [];
  readonly #document: Document;
  readonly #places: Places;
  readonly #env: Readonly<Record<string, string | undefined>>;
  #aliases = 0;

  constructor(document: Document, places: Places, env: Readonly<Record<string, string | undefined>>) {
    this.#document = document;
    this.#places = places;
    this.#env = env;
  }

  read(node: unknown, path: Path, key?: number): unknown {
    const offset = (node as Node | null)?.range?.[0] ?? key ?? 0;
    const target = this.#resolve(node, path, offset);
    this.#places.add(path, { key, value: offset, shown: show(target) });
    if (isMap(target)) {
      const entries = target.items.map(({ key: name, value }) => {
        const text = isScalar(name) ? String(name.value) : String(name);
        const value_ = this.read(value, [...path, text], (name as Node).range?.[0]);
        return [text, value_ === null ? undefined : value_];
      });
      return Object.fromEntries(entries);
    }
    if (isSeq(target)) return target.items.map((item, index) => this.read(item, [...path, index]));
    return isScalar(target) ? this.#scalar(target.value, path, offset) : null;
  }

  #resolve(node: unknown, path: Path, offset: number): unknown {
    if (!isAlias(node)) return node;
    this.#aliases += 1;
    if (this.#aliases > MAX_ALIASES) {
      if (this.#aliases === MAX_ALIASES + 1) this.#report(path, offset, `expected at most ${MAX_ALIASES} aliases`);
      return undefined;
    }
    const target = node.resolve(this.#document);
    if (target === undefined)
      this.#report(path, offset, "alias without anchor; a value that begins with * needs quotes");
    return target;
  }

  #scalar(value: unknown, path: Path, offset: number): unknown {
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    return typeof value === "string" ? this.#substitute(value, path, offset) : value;
  }

  #substitute(text: string, path: Path, offset: number): string {
    return text.replace(/\$\$\{|\$\{([^}]*)\}?/g, (whole, name: string | undefined) => {
      if (name === undefined) return "${";
      if (!whole.endsWith("}") || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        this.#report(
          path,
          offset,
          "expected ${NAME} with the name of an environment variable; write $${ for a plain ${",
        );
        return "";
      }
      const value = this.#env[name];
      if (value === undefined) this.#report(path, offset, `the environment variable ${name} is not set`);
      return value ?? "";
    });
  }

  #report(path: Path, offset: number, message: string): void {
    this.problems.push({ path: formatPath(path), message, position: this.#places.at(offset) });
  }
}

function show(node: unknown): string | undefined {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined;
  const { value } = node;
  const text = typeof value === "bigint" ? value.toString() : JSON.stringify(value);
  return shorten(text.replace(/\/\/[^/@]*@/, "//[redacted]@"));
}
