import * as z from "zod";
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

const roots = new WeakMap<z.ZodType, KeySchema>();

function rootOf(schema: z.ZodType): KeySchema {
  let root = roots.get(schema);
  if (root === undefined) {
    root = z.toJSONSchema(schema, { io: "input" }) as KeySchema;
    roots.set(schema, root);
  }
  return root;
}

/** The schema of a key; undefined for a path that the configuration, or another file with that schema, does not have. */
export function schemaAt(path: Path, file: z.ZodType = configSchema): KeySchema | undefined {
  let schema: KeySchema | undefined = rootOf(file);
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
export function isSecret(path: Path, file: z.ZodType = configSchema): boolean {
  return path.some((_, index) => schemaAt(path.slice(0, index + 1), file)?.["x-secret"] === true);
}

/** The keys whose values may hold a secret, such as `consoles[*].token`: the form that pino redacts by. */
export function secretPaths(): readonly string[] {
  return [...secretsIn(rootOf(configSchema), "")];
}

function* secretsIn(schema: KeySchema, path: string): Generator<string> {
  if (schema["x-secret"] === true) yield path;
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    yield* secretsIn(child, path === "" ? key : `${path}.${key}`);
  }
  if (schema.items !== undefined) yield* secretsIn(schema.items, `${path}[*]`);
}
