import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { configSchema } from "./schema.ts";
import type { Environment } from "./yaml-file.ts";

/**
 * Where the spool of a configuration stands that can not be used: what can be read of its text says so, else it is the default.
 * For a look at a bridge that runs on, on an earlier one.
 */
export function spoolDirectoryIn(file: string, env: Environment = process.env): string {
  const named = namedIn(file)?.replace(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? "");
  return named === undefined || named === "" ? configSchema.shape.spool.parse({}).directory : named;
}

function namedIn(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Why it can not be read is one of its faults, and told there.
    return undefined;
  }
  const document = parseDocument(text, { strict: false, logLevel: "silent", uniqueKeys: false });
  const directory = document.getIn(["spool", "directory"]);
  return typeof directory === "string" ? directory : undefined;
}
