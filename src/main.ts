#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * V8 and glibc let a process that handles megabytes at a time grow to several times of what it needs. These keep the
 * daemon small; they are only read when a process starts. Measured in bench/: 150 MB in place of 390 MB.
 *
 * The loops of our WebAssembly are long, and to unroll them takes 15 MB while they are compiled, and gives nothing.
 *
 * One arena, in which the buffers of batches, 200 kB each, are used again: as mappings of their own they were 1.6 page faults an
 * event, a tenth of the processor time. Pages and unpacked blocks are larger, and are given back to the kernel: in the arena others
 * came to lie between them, and with four consoles and collectors it was 144 to 152 MB in place of 143 to 146.
 */
const HEAP_OPTIONS = [
  "--max-semi-space-size=1",
  "--min-semi-space-size=1",
  "--heap-growing-percent=15",
  "--no-wasm-loop-unrolling",
];
// Otherwise this signal opens a debugger on the loopback, where everybody on the machine could read tokens out of the memory.
const DAEMON_OPTIONS = [...HEAP_OPTIONS, "--disable-sigusr1"];
const MALLOC_OPTIONS = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: String(320 << 10),
  MALLOC_TRIM_THRESHOLD_: String(2 << 20),
};

// With the cache a start takes half the time and, from TypeScript, 40 MB less. It lies in our own folder, never in a
// shared one, where others could put code; where that can not be written there is none.
const NODE_COMPILE_CACHE =
  process.env["NODE_COMPILE_CACHE"] ?? fileURLToPath(new URL("../node_modules/.cache/s1bridge", import.meta.url));
enableCompileCache(NODE_COMPILE_CACHE);

const isDaemon = process.argv[2] === "run";
const isPrepared = DAEMON_OPTIONS.every((option) => process.execArgv.includes(option));
if (isDaemon && !isPrepared && process.execve !== undefined) {
  const argv = [process.execPath, ...process.execArgv, ...DAEMON_OPTIONS, ...process.argv.slice(1)];
  // The same process, so that its supervisor sees no other.
  process.execve(process.execPath, argv, { ...MALLOC_OPTIONS, ...process.env, NODE_COMPILE_CACHE });
}
// For `systemctl status`, `ps` and `top`, which show a thread's name of Node's own otherwise.
if (isDaemon) process.title = ["s1bridge", ...process.argv.slice(2)].join(" ");
// The spool's thread has much to load, and needs nothing of what is loaded here: both at once.
if (isDaemon) (await import("./spool/thread.ts")).beginThread();
const { runProgram } = await import("./cli/program.ts");
process.exitCode = await runProgram(process.argv);
