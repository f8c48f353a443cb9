import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./build-facts.ts";

const LINE_LENGTH = 100;

/** A module of WebAssembly: the folder that its `assembly` lies in, and the pages of memory that it has. */
interface AssemblySource {
  readonly folder: string;
  readonly pages: number;
}

/** The modules, so that they come along wherever the program goes and nobody needs a compiler to run it. */
export const ASSEMBLIES: readonly AssemblySource[] = [
  { folder: "src/cef/bytes", pages: 20 },
  { folder: "src/lib/record-scan", pages: 3 },
];

/** `module.generated.ts` of the folder. */
export function assemblyModule({ folder, pages }: AssemblySource): string {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-assembly-"));
  try {
    const file = join(directory, "module.wasm");
    const source = `${folder}/assembly/index.ts`;
    const options = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"];
    const memory = ["--initialMemory", String(pages), "--maximumMemory", String(pages)];
    execFileSync(
      process.execPath,
      [join(ROOT, "node_modules/assemblyscript/bin/asc.js"), source, ...options, ...memory, "-o", file],
      { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
    );
    const lines = readFileSync(file, "base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
    return [
      `// GENERATED from ${folder}/assembly by scripts/assembly.ts.\n`,
      "/** WebAssembly, in base64. */",
      `export const MODULE: string = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`,
    ].join("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
