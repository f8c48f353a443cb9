import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../scripts/bundle.ts";

let made: Promise<string> | undefined;

/** The program as packages have it: the bundle, made once for a run of the bench. Gives its main.js. */
export function builtProduct(): Promise<string> {
  return (made ??= make());
}

async function make(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-bench-product-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  // A folder deeper, because V8's compile cache comes to lie beside it.
  const folder = join(directory, "s1bridge");
  await bundle(folder);
  return join(folder, "main.js");
}
