import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";

/** How a disk refuses, in the words of the system and of SQLite. */
export const DISK_FAULTS = {
  ENOSPC: { errno: "ENOSPC", errcode: 13 },
  EROFS: { errno: "EROFS", errcode: 8 },
  EACCES: { errno: "EACCES", errcode: 14 },
  EIO: { errno: "EIO", errcode: 778 },
} as const;

export type DiskFault = keyof typeof DISK_FAULTS;

const CALLS = [
  "copyFileSync",
  "fsyncSync",
  "mkdirSync",
  "openSync",
  "readSync",
  "renameSync",
  "rmSync",
  "statSync",
  "statfsSync",
  "writeFileSync",
  "writeSync",
] as const;

/**
 * Does work with a disk that refuses its n-th step; a step is a statement of SQLite or a call of the file system. Gives how
 * many steps there were.
 */
export function withDiskFault(work: () => void, { fault, at }: { fault: DiskFault; at: number }): number {
  const { errno, errcode } = DISK_FAULTS[fault];
  let steps = 0;
  const step = (make: () => Error): void => {
    steps += 1;
    if (steps === at) throw make();
  };
  const ofSystem = (): Error => Object.assign(new Error(`${errno}: refused`), { code: errno, syscall: "test" });
  const ofSqlite = (): Error =>
    Object.assign(new Error(`sqlite refused (${errcode})`), { code: "ERR_SQLITE_ERROR", errcode });
  const undo = [
    wrap(fs, CALLS, () => step(ofSystem)),
    wrap(DatabaseSync.prototype, ["exec", "prepare"], () => step(ofSqlite)),
    wrap(StatementSync.prototype, ["run", "get", "all"], () => step(ofSqlite)),
  ];
  syncBuiltinESMExports();
  try {
    work();
  } finally {
    for (const one of undo) one();
    syncBuiltinESMExports();
  }
  return steps;
}

function wrap<T extends object>(owner: T, names: readonly (keyof T)[], before: () => void): () => void {
  const originals = names.map((name) => [name, owner[name]] as const);
  for (const [name, original] of originals) {
    Object.assign(owner, {
      [name](this: unknown, ...parameters: unknown[]): unknown {
        before();
        return (original as (...given: unknown[]) => unknown).apply(this, parameters);
      },
    });
  }
  return () => Object.assign(owner, Object.fromEntries(originals));
}
