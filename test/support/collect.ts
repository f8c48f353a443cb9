import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** How long a test waits for what has to happen: many times as long as a busy machine takes, and less than a test may last. */
export const PATIENCE_MS = 60_000;

/** The promise's value, or an error that names what did not come in time. */
export async function within<T>(promise: Promise<T>, what: string, ms = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The lines of a file that another program writes, as soon as there are `count` complete ones. */
export async function linesOf(path: string, count: number, ms = PATIENCE_MS): Promise<string[]> {
  let lines = await readLines(path);
  const deadline = Date.now() + ms;
  while (lines.length < count) {
    const left = deadline - Date.now();
    if (left <= 0) throw new Error(`not within ${ms} ms: ${count} lines in ${path}, only ${lines.length} came`);
    await changed(path, Math.min(left, RECHECK_MS));
    lines = await readLines(path);
  }
  return lines;
}

/** A change between reading and watching would be missed: look again after this time at the latest. */
const RECHECK_MS = 100;

export async function readLines(path: string): Promise<string[]> {
  try {
    return (await readFile(path, "utf8")).split("\n").slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function changed(path: string, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = watch(dirname(path), done);
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      watcher.close();
      resolve();
    }
  });
}
