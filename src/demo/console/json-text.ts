/**
 * JSON with integers of any size: the console's records hold some beyond 2^53, which a `number` would round. Such an
 * integer is kept as its own text; `JSON.stringify` writes it back as a number, untouched.
 */
export type ExactJson = string | number | boolean | null | IntegerText | readonly ExactJson[] | ExactRecord;

export interface ExactRecord {
  readonly [key: string]: ExactJson | undefined;
}

/** What `JSON.rawJSON` makes. */
interface IntegerText {
  readonly rawJSON: string;
}

/** Of ES2026; TypeScript does not know them yet. */
interface ExactJsonApi {
  rawJSON(text: string): IntegerText;
  parse(text: string, reviver: (key: string, value: unknown, context: { source: string }) => unknown): unknown;
}

const exactJson = JSON as unknown as ExactJsonApi;

export function integer(value: bigint): ExactJson {
  return exactJson.rawJSON(String(value));
}

export function parseExact(text: string): ExactJson {
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? exactJson.rawJSON(source)
      : value,
  ) as ExactJson;
}

/** Without spaces, as the console does. */
export function writeExact(value: ExactRecord): string {
  return JSON.stringify(value);
}
