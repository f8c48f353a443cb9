import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { beginThread } from "../../src/spool/thread.ts";

const MODULE = new URL("../../src/spool/thread.ts", import.meta.url).href;

const begun: Worker[] = [];
const note = (worker: Worker): unknown => begun.push(worker);
let directory: string;

beforeEach(() => {
  begun.length = 0;
  process.on("worker", note);
  directory = mkdtempSync(join(tmpdir(), "s1bridge-thread-"));
});
afterEach(() => {
  process.off("worker", note);
  rmSync(directory, { recursive: true, force: true });
});

function open(name: string): Promise<ThreadedSpool> {
  const limits = { maxBytes: 1 << 30, minFreeBytes: 0 };
  return ThreadedSpool.open({ directory: join(directory, name), ...limits, collectors: {} });
}

test("a thread that was begun before its options are known is the one of the next spool, and of no other", async () => {
  beginThread();
  const first = await open("first");
  expect(begun).toHaveLength(1);
  const second = await open("second");
  expect(begun).toHaveLength(2);
  expect([(await first.survey()).end, (await second.survey()).end]).toEqual([0, 0]);
  await Promise.all([first.close(), second.close()]);
});

test("a spool that can not be opened in a thread begun ahead is refused as in any other", async () => {
  beginThread();
  await expect(open("a\0b")).rejects.toMatchObject({ code: "BRIDGE_SPOOL_UNUSABLE" });
  const good = await open("good");
  await good.close();
});

test("a thread that no spool is opened in keeps no process from ending", () => {
  const program = `const { beginThread } = await import("${MODULE}"); beginThread();`;
  const told = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(told).toBe("");
});
