import { stringify } from "yaml";
import { parsePath, schemaAt, type KeySchema } from "./reference.ts";
import { CONFIRMS, DEFAULT_PORTS } from "./schema/address.ts";
import { PROFILES } from "./schema/message.ts";

const HEAD = `<!-- Generated from src/config/schema.ts by \`npm run generate\`: do not edit. -->

# Configuration

One YAML file, \`/etc/s1bridge/config.yaml\` unless \`-c FILE\` names another. [config.example.yaml](../config.example.yaml)
is one to start from. \`s1bridge check -c FILE\` tells every fault at once with its line and column; unknown keys are faults.
\`s1bridge config schema\` prints a JSON Schema for editors.

- Durations: \`500ms\`, \`30s\`, \`5m\`, \`24h\`, \`7d\`. Sizes: \`512MiB\`, \`2GiB\`. Times: ISO 8601, UTC unless they name a zone.
- \`\${NAME}\` in any text is replaced by the environment variable; one that is not set is a fault. \`$\${\` stands for a plain \`\${\`.
- A key with nothing behind it counts as missing and takes its default.
- Ids may stand unquoted: they are read digit by digit, never rounded.
- SIGHUP or \`systemctl reload s1bridge\` reads the file again; a bad one is refused and the running one goes on.
`;

/** Each table of the page: the path of a mapping, and how the page calls it. */
const SECTIONS: readonly { readonly path: string; readonly title?: string }[] = [
  { path: "", title: "Top level" },
  { path: "consoles[]" },
  { path: "consoles[].token" },
  { path: "consoles[].scope" },
  { path: "consoles[].feeds" },
  { path: "consoles[].feeds.activities", title: "`consoles[].feeds.<feed>`" },
  { path: "collectors[]" },
  { path: "collectors[].siem_token" },
  { path: "collectors[].tls" },
  { path: "collectors[].match" },
  { path: "spool" },
  { path: "verify" },
  { path: "heartbeat" },
  { path: "telemetry" },
  { path: "telemetry.tls" },
  { path: "reload" },
  { path: "log" },
];

/** The reference page of the configuration, docs/configuration.md. */
export function configurationPage(): string {
  const sections = SECTIONS.map(({ path, title = `\`${path}\`` }) => section(path, title));
  return [HEAD, ...sections].join("\n");
}

function section(path: string, title: string): string {
  const schema = schemaAt(parsePath(path)) ?? {};
  const rows = Object.entries(schema.properties ?? {}).map(([key, child]) =>
    row(key, child, schema.required?.includes(key) ?? false),
  );
  const about = path.endsWith(".activities") ? "What can be set for each feed." : intro(path, schema);
  const parts = [`## ${title}`, "", about, "", ...tableOf(["key", "values", "default", "description"], rows)];
  return `${[...parts, ...extras(path)].join("\n")}\n`;
}

function intro(path: string, schema: KeySchema): string {
  const description = schema.description ?? schemaAt(parsePath(path.replace(/\[\]$/, "")))?.description;
  return description ?? "The keys of the file.";
}

function row(key: string, schema: KeySchema, required: boolean): readonly string[] {
  return [code(key), valuesOf(schema), defaultOf(schema, required), schema.description ?? ""];
}

function valuesOf(schema: KeySchema): string {
  if (schema["x-form"] !== undefined) return schema["x-form"];
  if (schema.enum !== undefined) return schema.enum.map(code).join(" ");
  if (schema.const !== undefined) return code(schema.const);
  if (schema.type === "boolean") return "`true` `false`";
  if (schema.type === "integer") return `${schema.minimum}-${schema.maximum}`;
  if (schema.type === "array") return "list";
  return schema.type === "object" ? "mapping" : "text";
}

function defaultOf(schema: KeySchema, required: boolean): string {
  if (required) return "required";
  if (schema["x-fallback"] !== undefined) return schema["x-fallback"];
  return schema.default === undefined ? "none" : code(flow(schema.default));
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}

/** Tables of defaults that depend on another key. */
function extras(path: string): readonly string[] {
  if (path !== "collectors[]") return [];
  const keys = Object.keys(PROFILES.sentinel) as (keyof typeof PROFILES.sentinel)[];
  const profiles = Object.entries(PROFILES).map(([name, profile]) => [
    code(name),
    ...keys.map((key) => code(profile[key])),
  ]);
  const transports = Object.entries(CONFIRMS).map(([transport, confirms]) => [
    code(transport),
    transport in DEFAULT_PORTS ? String(DEFAULT_PORTS[transport as keyof typeof DEFAULT_PORTS]) : "none",
    code(confirms[0]),
    confirms.slice(1).map(code).join(" ") || "none",
  ]);
  return [
    "",
    "What a profile sets:",
    "",
    ...tableOf(["`profile`", ...keys.map(code)], profiles),
    "",
    "What an address sets. For `stdout` and `file`, `none` means released after the write (for files, after fsync) is done:",
    "",
    ...tableOf(["address", "port", "`confirm`", "other `confirm` values"], transports),
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
