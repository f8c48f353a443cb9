/**
 * Writes every generated file; with `--check` it writes nothing, names the stale ones and exits 1.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleConfig } from "../src/config/example.ts";
import { configurationPage } from "../src/config/page.ts";
import { scenarioPage } from "../src/demo/scenario/page.ts";
import { mappingPage } from "../src/message/mapping-doc.ts";
import { ASSEMBLIES, assemblyModule } from "./assembly.ts";
import { compatibilityPage } from "./compatibility/page.ts";
import { feedsPage } from "./feeds-page.ts";
import { metricsPage } from "./metrics-page.ts";
import { adviceModule, pageModule } from "./status-page.ts";

const ROOT = join(import.meta.dirname, "..");

/** Each generated file, and what gives its content. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  "config.example.yaml": exampleConfig,
  "docs/compatibility.md": compatibilityPage,
  "docs/configuration.md": configurationPage,
  "docs/feeds.md": feedsPage,
  "docs/mapping.md": mappingPage,
  "docs/metrics.md": metricsPage,
  "docs/scenarios.md": scenarioPage,
  ...Object.fromEntries(
    ASSEMBLIES.map((source) => [`${source.folder}/module.generated.ts`, () => assemblyModule(source)]),
  ),
  "src/telemetry/advice.generated.ts": adviceModule,
  "src/telemetry/page.generated.ts": pageModule,
};

/** The generated files that differ from what is generated now. */
export function staleFiles(): readonly string[] {
  return Object.entries(GENERATED)
    .filter(([path, content]) => readIfPresent(path) !== content())
    .map(([path]) => path);
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function main(): void {
  const stale = staleFiles();
  if (process.argv.includes("--check")) {
    for (const path of stale) console.error(`${path} is stale: run npm run generate`);
    process.exitCode = stale.length === 0 ? 0 : 1;
    return;
  }
  for (const path of stale) {
    writeFileSync(join(ROOT, path), GENERATED[path]?.() ?? "");
    console.log(`${path} written`);
  }
}

if (import.meta.main) main();
