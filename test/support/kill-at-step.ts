import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * Loaded before a program (`--import`): kills it with -9 before its n-th step, where a step is a statement of SQLite or a
 * call that changes the file system. `KILL_AT_STEP=0` counts them and says how many there were.
 */
const at = Number(process.env["KILL_AT_STEP"] ?? 0);
let steps = 0;

function step(): void {
  steps += 1;
  if (steps === at) process.kill(process.pid, "SIGKILL");
}

function wrap<T extends object>(owner: T, names: readonly (keyof T)[]): void {
  for (const name of names) {
    const original = owner[name] as (...parameters: unknown[]) => unknown;
    Object.assign(owner, {
      [name](this: unknown, ...parameters: unknown[]): unknown {
        step();
        return original.apply(this, parameters);
      },
    });
  }
}

wrap(DatabaseSync.prototype, ["exec", "close"]);
wrap(StatementSync.prototype, ["run"]);
wrap(fs, ["appendFileSync", "writeFileSync", "writeSync", "fsyncSync", "renameSync", "rmSync", "mkdirSync"]);
syncBuiltinESMExports();

process.on("exit", () => {
  if (at === 0) fs.writeSync(1, `steps ${steps}\n`);
});
