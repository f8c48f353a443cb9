import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A file system in memory of its own; see `requireMounts`. */
export class SmallDisk implements Disposable {
  readonly directory: string;

  /** `size` as mount takes it, such as 32m. */
  constructor(directory: string, size: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", directory]);
  }

  get #ballast(): string {
    return join(this.directory, "ballast");
  }

  /** Takes all of its room but so much. */
  fill(freeBytes = 0): void {
    for (let bytes = 1 << 20; bytes >= 4096;) {
      try {
        writeFileSync(this.#ballast, Buffer.alloc(bytes), { flag: "a" });
      } catch {
        bytes /= 2;
      }
    }
    truncateSync(this.#ballast, Math.max(0, statSync(this.#ballast).size - freeBytes));
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(this.#ballast);
  }

  remount(mode: "ro" | "rw"): void {
    execFileSync("mount", ["-o", `remount,${mode}`, this.directory]);
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["-l", this.directory]);
  }
}
