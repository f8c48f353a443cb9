import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Result {
  readonly status: number | null;
  readonly output: string;
}

/** A Debian to install into, copied from an empty one. Programs run in it by chroot, as root; the network is the host's. */
export class DebianRoot implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "s1bridge-debian-"));

  constructor(empty: string) {
    try {
      must(spawnSync("cp", ["-a", `${empty}/.`, this.path], OPTIONS));
      for (const name of ["proc", "dev"]) mkdirSync(join(this.path, name), { recursive: true });
      must(spawnSync("mount", ["-t", "proc", "proc", join(this.path, "proc")], OPTIONS));
      must(spawnSync("mount", ["--bind", "/dev", join(this.path, "dev")], OPTIONS));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  at(path: string): string {
    return join(this.path, path);
  }

  /** Copies a package into it, and gives its path there. */
  bring(file: string): string {
    cpSync(file, this.at("root/s1bridge.deb"));
    return "/root/s1bridge.deb";
  }

  run(...command: readonly string[]): Result {
    const { status, stdout, stderr } = spawnSync("chroot", [this.path, ...command], { ...OPTIONS, env: ENVIRONMENT });
    return { status, output: `${stdout}${stderr}` };
  }

  /** As `run`, for what has to succeed. */
  done(...command: readonly string[]): string {
    return output(command, this.run(...command));
  }

  [Symbol.dispose](): void {
    for (const name of ["dev", "proc"]) spawnSync("umount", ["-l", this.at(name)]);
    // Never through a mount that is still there.
    if (spawnSync("mountpoint", ["-q", this.at("dev")]).status !== 0)
      rmSync(this.path, { recursive: true, force: true });
  }
}

export const OPTIONS = { encoding: "utf8", maxBuffer: 64 << 20 } as const;

export const ENVIRONMENT = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
  NO_COLOR: "1",
};

/** What a command wrote that had to succeed. */
export function output(command: readonly string[], { status, output: text }: Result): string {
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${text}`);
  return text;
}

export function must({ status, stdout, stderr, error }: SpawnSyncReturns<string>): void {
  if (status !== 0) throw error ?? new Error(stderr || stdout);
}
