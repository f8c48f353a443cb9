import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { staleFiles } from "../../scripts/generate.ts";
import { METRICS, type MetricSpec } from "../../src/telemetry/metric-list.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }).toSorted();

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What the first group of `pattern` finds in a text, each once. */
function found(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, group]) => group ?? ""))].toSorted();
}

describe("docs/errors.md", () => {
  const rows = Array.from(read("docs/errors.md").matchAll(/^\| `(BRIDGE_\w+)` \|/gm), ([, code = ""]) => code);

  test("has one row for every code of the sources, and no other", () => {
    const sources = globSync("src/**/*.ts", { cwd: ROOT }).map(read).join("\n");
    expect(rows.toSorted()).toEqual(found(sources, /"(BRIDGE_[A-Z_]*[A-Z])"/g));
  });
});

describe.each(PAGES)("%s", (page) => {
  const text = read(page);

  test("its relative links lead to files and headings", () => {
    const targets = found(text, /\]\(((?!https?:)[^)\s]+)\)/g);
    expect(targets.filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });

  test("the npm scripts that it names exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    expect(found(text, /npm run ([\w:]+)/g).filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test("the metrics that it names exist", () => {
    expect(found(text, /\b(s1bridge_[a-z_]*[a-z])\b/g).filter((name) => !METRIC_NAMES.has(name))).toEqual([]);
  });
});

test("the generated files are current", () => {
  expect(staleFiles()).toEqual([]);
});

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchors(read(file)).includes(anchor);
}

/** The headings of a page as a browser addresses them. */
function anchors(markdown: string): string[] {
  return Array.from(markdown.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** As Prometheus knows them. */
const METRIC_NAMES = new Set(
  Object.values<MetricSpec>(METRICS).flatMap(({ name, kind }) =>
    kind === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
