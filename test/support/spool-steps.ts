import { rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { COLLECTORS, DamagedWorld, zero } from "./damaged-spool.ts";

/**
 * A spool's whole life in one process, to be killed at any step of it: made, filled, released, closed and, where it is asked
 * for, damaged, salvaged and gone on with. What a collector confirmed stands on standard output before the spool is told.
 */
const [directory = "", life = "whole"] = process.argv.slice(2);

class ToldWorld extends DamagedWorld {
  protected override confirmed(collector: string, keys: readonly string[]): void {
    super.confirmed(collector, keys);
    writeSync(1, keys.map((key) => `${collector} ${key}\n`).join(""));
  }
}

const world = new ToldWorld(directory);
await world.poll(4, 3);
world.deliver("fast");
world.deliver("slow", 2);
world.close();
if (life === "damaged") {
  writeSync(1, "damaged\n");
  // The root of the ids.
  zero(join(directory, "spool.db"), 4 * 8192, 8192);
  rmSync(join(directory, "spool.db-wal"), { force: true });
  world.reopen();
  for (const name of COLLECTORS) world.deliver(name);
  world.close();
}
