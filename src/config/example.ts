import { stringify } from "yaml";
import { schemaAt, type KeySchema } from "./reference.ts";

const WIDTH = 110;

const HEAD = `Configuration of s1bridge. Generated from src/config/schema.ts by \`npm run generate\`: do not edit, copy it.
What is set here is required or stands at its default. A key behind # can be set by taking the # away.
\${NAME} in any text takes an environment variable. docs/configuration.md has every key.`;

/** A commented configuration that is valid and runs, for `config.example.yaml` and `s1bridge config example`. */
export function exampleConfig(): string {
  const lines = [...comment(HEAD), "", ...entries(schemaAt([]) ?? {}, "")];
  return `${lines.join("\n").trimEnd()}\n`;
}

function entries(schema: KeySchema, path: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const lines = entry(key, child, path === "" ? key : `${path}.${key}`, schema.required?.includes(key) ?? false);
    return path === "" && lines.length > 0 ? [...lines, ""] : lines;
  });
}

/** The description of a key, and the key itself: set, behind a #, or not at all when there is nothing to show. */
function entry(key: string, schema: KeySchema, path: string, required: boolean): readonly string[] {
  const lines = valueLines(key, schema, path);
  if (lines === undefined) return [];
  const set = schema["x-shown"] ?? (required || schema.default !== undefined || exampleOfSet(path));
  const about = `${schema.description ?? ""}${choices(schema)}`;
  return [...comment(about), ...(set ? lines : lines.map((line) => `#${line}`))];
}

/** The feeds that are read by default are written out. */
function exampleOfSet(path: string): boolean {
  const name = /^consoles\[\]\.feeds\.(\w+)$/.exec(path)?.[1];
  const defaults = schemaAt(["consoles", 0, "feeds"])?.default as Record<string, unknown> | undefined;
  return name !== undefined && defaults !== undefined && name in defaults;
}

function valueLines(key: string, schema: KeySchema, path: string): readonly string[] | undefined {
  const example = schema["x-example"];
  if (example !== undefined) return [`${key}: ${flow(example)}`];
  if (schema.properties !== undefined) return [`${key}:`, ...indent(entries(schema, path))];
  if (schema.items?.properties !== undefined) return [`${key}:`, ...listEntry(entries(schema.items, `${path}[]`))];
  return schema.default === undefined ? undefined : [`${key}: ${flow(schema.default)}`];
}

/** Lines as the only entry of a list: the dash stands before the first key, not before its comment. */
function listEntry(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => !line.startsWith("#"));
  return lines.map((line, index) => `${index < first ? "  " : index === first ? "  - " : "    "}${line}`);
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}

function choices({ enum: values = [] }: KeySchema): string {
  return values.length === 0 ? "" : ` One of ${values.join(", ")}.`;
}

function comment(text: string): readonly string[] {
  return text.split("\n").flatMap((paragraph) => wrap(paragraph).map((line) => `# ${line}`));
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(" ")) {
    if (current !== "" && current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}
