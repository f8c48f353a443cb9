import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./build-facts.ts";

const LINE_LENGTH = 100;

/**
 * src/cef/bytes/module.generated.ts: the WebAssembly of src/cef/bytes/assembly, so that it comes along wherever the program
 * goes and nobody needs a compiler to run it.
 */
export function assemblyModule(): string {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-assembly-"));
  try {
    const file = join(directory, "module.wasm");
    const source = "src/cef/bytes/assembly/index.ts";
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"];
    const memory = ["--initialMemory", "20", "--maximumMemory", "20"];
    execFileSync(
      process.execPath,
      [join(ROOT, "node_modules/assemblyscript/bin/asc.js"), source, ...options, ...memory, "-o", file],
      { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
    );
    const lines = readFileSync(file, "base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
    return [
      "// GENERATED from src/cef/bytes/assembly by scripts/assembly.ts.\n",
      "/** WebAssembly, in base64. */",
      `export const MODULE: string = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`,
    ].join("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
