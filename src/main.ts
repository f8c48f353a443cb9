#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * A daemon that waits for the network most of the time lets V8's heap grow to several times of what it needs. These keep
 * it small; they are only read when the process starts. Measured in bench/: half the memory, no throughput.
 */
const HEAP_OPTIONS = ["--max-semi-space-size=4", "--heap-growing-percent=50"];

// With the cache a start takes half the time and, from TypeScript, 40 MB less. It lies in our own folder, never in a
// shared one, where others could put code; where that can not be written there is none.
const cache =
  process.env["NODE_COMPILE_CACHE"] ?? fileURLToPath(new URL("../node_modules/.cache/s1bridge", import.meta.url));
enableCompileCache(cache);

const isDaemon = process.argv[2] === "run";
const isPrepared = HEAP_OPTIONS.every((option) => process.execArgv.includes(option));
if (isDaemon && !isPrepared && process.execve !== undefined) {
  const options = [...process.execArgv, ...HEAP_OPTIONS];
  // The same process, so that its supervisor sees no other.
  process.execve(process.execPath, [process.execPath, ...options, ...process.argv.slice(1)], {
    ...process.env,
    NODE_COMPILE_CACHE: cache,
  });
}
const { runProgram } = await import("./cli/program.ts");
process.exitCode = await runProgram(process.argv);
