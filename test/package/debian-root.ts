import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Result {
  readonly status: number | null;
  readonly output: string;
}

/**
 * An empty Debian 12, to install into: made by debootstrap, or copied from S1BRIDGE_DEBIAN_ROOT, which has to be one. Only root
 * can make it. Programs run in it by chroot; the network is the host's.
 */
export class DebianRoot implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "s1bridge-debian-"));

  constructor() {
    try {
      const kept = process.env["S1BRIDGE_DEBIAN_ROOT"];
      if (kept === undefined) must(spawnSync("debootstrap", ["--variant=minbase", "bookworm", this.path], OPTIONS));
      else must(spawnSync("cp", ["-a", `${kept}/.`, this.path], OPTIONS));
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
    const { status, output } = this.run(...command);
    if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${output}`);
    return output;
  }

  [Symbol.dispose](): void {
    for (const name of ["dev", "proc"]) spawnSync("umount", ["-l", this.at(name)]);
    // Never through a mount that is still there.
    if (spawnSync("mountpoint", ["-q", this.at("dev")]).status !== 0)
      rmSync(this.path, { recursive: true, force: true });
  }
}

const OPTIONS = { encoding: "utf8", maxBuffer: 64 << 20 } as const;

export const ENVIRONMENT = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
  NO_COLOR: "1",
};

function must({ status, stderr, error }: SpawnSyncReturns<string>): void {
  if (status !== 0) throw error ?? new Error(stderr);
}
