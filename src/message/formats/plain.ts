import type { CefEvent } from "../../cef/cef-event.ts";
import type { ExtensionKey } from "../../cef/extension.ts";
import type { FieldKey, Fields } from "../../cef/shorten.ts";

/** The keys of one format, made from those of the mapping when they are first met. */
export class FieldKeys {
  readonly #make: (key: ExtensionKey) => FieldKey;
  readonly #made = new Map<ExtensionKey, FieldKey>();

  constructor(affixes: (key: ExtensionKey) => Pick<FieldKey, "prefix" | "suffix">) {
    this.#make = (key) => ({ ...key, ...affixes(key) });
  }

  of(key: ExtensionKey): FieldKey {
    let made = this.#made.get(key);
    if (made === undefined) {
      made = this.#make(key);
      this.#made.set(key, made);
    }
    return made;
  }
}

/** The fields of an event in the writing of a format. A value of which nothing is left goes with its key. */
export function fieldsOf({ extension }: CefEvent, keys: FieldKeys, escape: (value: string) => string): Fields {
  const fields = { keys: [] as FieldKey[], values: [] as string[], truncated: extension.truncated, trailerStart: 0 };
  for (const [index, key] of extension.keys.entries()) {
    if (index === extension.trailerStart) fields.trailerStart = fields.keys.length;
    const value = escape(extension.values[index] ?? "");
    if (value === "") continue;
    fields.keys.push(keys.of(key));
    fields.values.push(value);
  }
  return fields;
}

/** For formats that have no escape for line breaks and none for spaces at the ends. */
export function onOneLine(value: string): string {
  return (value.includes("\n") || value.includes("\r") ? value.replace(/[\n\r]+/g, " ") : value).trim();
}
