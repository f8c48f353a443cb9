import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThreadedSpool } from "../../src/spool/spool.ts";
import { jsonCollectors } from "../support/json-renderer.ts";
import { spoolContract } from "./spool.contract.ts";

spoolContract({
  newPlace: async () => {
    const directory = await mkdtemp(join(tmpdir(), "s1bridge-spool-"));
    return {
      open: (collectors, { maxBytes = 1 << 30 } = {}) =>
        ThreadedSpool.open({ directory, maxBytes, minFreeBytes: 0, collectors: jsonCollectors(...collectors) }),
      remove: () => rm(directory, { recursive: true }),
    };
  },
  // No text, and found out only when the blocks are written, behind the ids.
  poison: { consoleVersion: {} as never },
  smallBytes: 1 << 20,
  isFull: (spool) => spool instanceof ThreadedSpool && spool.isFull,
});
