import { dictionaryKey, isCustomKey } from "./dictionary.ts";
import type { KeyType } from "./dictionary.ts";
import { cleanText, cutText, escapeExtension, isPlain } from "./escape.ts";
import type { FieldKey } from "./shorten.ts";

/** What there is to know about a key before the first value comes; `prefix` and `suffix` are those of CEF. */
export interface ExtensionKey extends FieldKey {
  /** What `<name>Label` says, for the custom keys of the dictionary. */
  readonly label: string | undefined;
  readonly type: KeyType;
  /** Characters of the unescaped value. */
  readonly maxLength: number;
  readonly isCustom: boolean;
}

/** Custom ids and the names of the trailer: longer ones are not the console's. */
const MAX_NAME_LENGTH = 255;

/** Keys that SentinelOne's own CEF uses and that the dictionary does not know. */
const NATIVE_KEYS = /^(?:activity(?:ID|Type)|siteId|siteName|accountId|accountName|notificationScope|osName)$/;

/** What stays of an event in the last resort, besides the trailer. */
const ESSENTIAL_KEYS = /^(?:cat|externalId|S1eventKey|S1seq|rt)$/;

const ID_KEYS = /^(?:externalId|S1eventKey|S1seq|suid)$|I[dD]$/;

/** Throws for a key that no producer may write: a fault of a table, found when it is compiled. */
export function extensionKey(name: string, label?: string): ExtensionKey {
  const known = dictionaryKey(name);
  const isNative = NATIVE_KEYS.test(name);
  if (known === undefined && !isNative && !(name.startsWith("S1") && isCustomKey(name))) {
    throw new Error(`extension key ${name}: expected a producer key of the CEF dictionary or S1 and letters or digits`);
  }
  const isId = ID_KEYS.test(name);
  return {
    name,
    prefix: label === undefined ? ` ${name}=` : ` ${name}Label=${escapeExtension(label)} ${name}=`,
    suffix: "",
    label,
    type: known?.type ?? "string",
    maxLength: known?.maxLength ?? (isId || isNative ? MAX_NAME_LENGTH : Number.POSITIVE_INFINITY),
    isCustom: known === undefined,
    isFixed: isId || (known !== undefined && known.type !== "string"),
    isEssential: ESSENTIAL_KEYS.test(name),
  };
}

/**
 * The extension of one message, in order: keys with their values, the trailer last.
 *
 * `cef`: values as CEF writes them, escaped and of the dictionary's length. `plain`: as they are, for formats with other
 * rules; they are clean text all the same (`cleanText`).
 */
export class Extension {
  readonly keys: ExtensionKey[] = [];
  readonly values: string[] = [];
  /** Names of the keys whose values were shortened. */
  readonly truncated: string[] = [];
  /** How many keys stand before the trailer. */
  trailerStart = Number.POSITIVE_INFINITY;
  readonly #isPlain: boolean;

  constructor(values: "cef" | "plain" = "cef") {
    this.#isPlain = values === "plain";
  }

  /** False when nothing is left of the text: the key is left out. */
  add(key: ExtensionKey, text: string): boolean {
    const value = this.#value(key, text);
    if (value === "") return false;
    this.keys.push(key);
    this.values.push(value);
    return true;
  }

  /** Writes the value in the place of the one that the key has; without one, before the trailer. */
  put(key: ExtensionKey, text: string): void {
    const known = this.keys.findIndex(({ name }) => name === key.name);
    if (this.truncated.includes(key.name)) this.truncated.splice(this.truncated.indexOf(key.name), 1);
    const value = this.#value(key, text);
    if (value === "") return;
    const at = known === -1 ? Math.min(this.trailerStart, this.keys.length) : known;
    this.keys.splice(at, known === -1 ? 0 : 1, key);
    this.values.splice(at, known === -1 ? 0 : 1, value);
    if (known === -1) this.trailerStart += 1;
  }

  /** Escaped and cut; empty when nothing is left of the text. */
  #value(key: ExtensionKey, text: string): string {
    let value = text;
    if (this.#isPlain) {
      value = cleanText(text);
    } else if (!isPlain(value)) {
      const clean = cleanText(value);
      value = escapeExtension(this.#cut(key, clean));
    } else if (value.length > key.maxLength) {
      value = this.#cut(key, value);
    }
    // Consumers of AdditionalExtensions split the unknown keys at semicolons.
    return key.isCustom && !this.#isPlain && value.includes(";") ? value.replaceAll(";", ",") : value;
  }

  #cut(key: ExtensionKey, text: string): string {
    if (text.length <= key.maxLength) return text;
    this.truncated.push(key.name);
    return cutText(text, key.maxLength);
  }

  startTrailer(): void {
    this.trailerStart = this.keys.length;
  }
}
