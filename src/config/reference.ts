import { z } from "zod";
import { configSchema } from "./schema.ts";
import type { Path } from "./values.ts";

/** A part of the configuration's JSON Schema, with the notes of `values.ts` as `x-` keywords. */
export interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly required?: readonly string[];
  readonly items?: KeySchema;
  readonly additionalProperties?: boolean | KeySchema;
  readonly "x-form"?: string;
  readonly "x-fallback"?: string;
  readonly "x-example"?: unknown;
  readonly "x-shown"?: boolean;
  readonly "x-secret"?: boolean;
}

/** The JSON Schema of the configuration file, for editors and for `s1bridge config schema`. */
export function jsonSchema(): Record<string, unknown> {
  return { title: "s1bridge configuration", ...z.toJSONSchema(configSchema, { io: "input" }) };
}

let cached: KeySchema | undefined;

function rootSchema(): KeySchema {
  cached ??= z.toJSONSchema(configSchema, { io: "input" }) as KeySchema;
  return cached;
}

/** The schema of a key; undefined for a path that the configuration does not have. */
export function schemaAt(path: Path): KeySchema | undefined {
  let schema: KeySchema | undefined = rootSchema();
  for (const step of path) {
    schema = typeof step === "number" ? schema?.items : childOf(schema, String(step));
  }
  return schema;
}

/** Reads `collectors[].tls`; any index stands for all. */
export function parsePath(key: string): Path {
  return key
    .replaceAll("[]", ".[]")
    .split(".")
    .filter((step) => step !== "")
    .map((step) => (step === "[]" ? 0 : step));
}

function childOf(schema: KeySchema | undefined, key: string): KeySchema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** Whether the value at the path, or something that it is part of, may hold a secret. */
export function isSecret(path: Path): boolean {
  return path.some((_, index) => schemaAt(path.slice(0, index + 1))?.["x-secret"] === true);
}

/** The keys whose values may hold a secret, such as `consoles[*].token`: the form that pino redacts by. */
export function secretPaths(): readonly string[] {
  return [...secretsIn(rootSchema(), "")];
}

function* secretsIn(schema: KeySchema, path: string): Generator<string> {
  if (schema["x-secret"] === true) yield path;
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    yield* secretsIn(child, path === "" ? key : `${path}.${key}`);
  }
  if (schema.items !== undefined) yield* secretsIn(schema.items, `${path}[*]`);
}
