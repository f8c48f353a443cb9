import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { ROOT } from "./build-facts.ts";

const FOLDER = join(ROOT, "src/telemetry/page");

/** In the order in which they override each other. */
const STYLES = ["base", "overview", "tables", "errors", "narrow"];

/** src/telemetry/page.generated.ts: markup, style and script of the status page, so that it comes along wherever the program goes. */
export function pageModule(): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [join(FOLDER, "main.ts")],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
  const script = outputFiles[0]?.text ?? "";
  // Between its tags a script is taken as it stands, up to the first of these.
  if (/<\/script|<!--/i.test(script)) throw new Error("the script of the page has a text that ends it");
  return [
    "// GENERATED from src/telemetry/page by scripts/status-page.ts.\n",
    asConstant("MARKUP", read("page.html")),
    asConstant("STYLE", STYLES.map((name) => read(`style/${name}.css`)).join("\n")),
    asConstant("SCRIPT", script),
  ].join("\n");
}

/** src/telemetry/advice.generated.ts: what docs/errors.md says of each code. */
export function adviceModule(): string {
  const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(BRIDGE_\w+)` \| (.*) \| (.*) \|$/gm)];
  const entries = rows.map(
    ([, code, meaning = "", action = ""]) =>
      `  ${code}: {\n    meaning: ${JSON.stringify(withoutLinks(meaning))},\n    action: ${JSON.stringify(withoutLinks(action))},\n  },\n`,
  );
  return `// GENERATED from docs/errors.md by scripts/status-page.ts.

/** What an operator should know of an error and do about it; \`code\` stands between back quotes. */
export interface Advice {
  readonly meaning: string;
  readonly action: string;
}

export type AdviceByCode = Readonly<Record<string, Advice>>;

export const ADVICE: AdviceByCode = {
${entries.join("")}};
`;
}

/** Where the text is shown there is no page to go to: a link becomes the name of its file. */
function withoutLinks(markdown: string): string {
  return markdown.replaceAll(/\[[^\]]+\]\(([^)#]+)[^)]*\)/g, "docs/$1");
}

function read(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

/** Line by line, so that a change of the page is a change of its lines. */
function asConstant(name: string, text: string): string {
  const lines = text.split("\n").map((line) => `  ${JSON.stringify(line)},\n`);
  return `export const ${name}: string = [\n${lines.join("")}].join("\\n");\n`;
}
