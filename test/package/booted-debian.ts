import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/bridge-process.ts";
import { type DebianRoot, ENVIRONMENT, OPTIONS, type Result, must, output } from "./debian-root.ts";

const NAMESPACES = ["--mount", "--pid", "--ipc", "--uts", "--cgroup"];

/** Why no systemd can be process 1 in namespaces of this machine; undefined where it can. */
export function bootIsRefused(): string | undefined {
  const words = [...NAMESPACES, "--fork", "mount", "-t", "cgroup2", "cgroup2", tmpdir()];
  const { status, stderr, error } = spawnSync("unshare", words, OPTIONS);
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** A Debian with its own systemd as process 1, as a machine would have it; network and kernel are the host's. */
export class BootedDebian implements AsyncDisposable {
  readonly #unshare: ChildProcess;
  readonly #cgroup: Cgroup;
  #init = 0;
  #log = "";

  private constructor(root: DebianRoot) {
    this.#cgroup = new Cgroup();
    const boot = ["unshare", ...NAMESPACES, "--fork", join(import.meta.dirname, "boot-systemd.sh"), root.path];
    // The shell joins the cgroup before the namespace makes it a root.
    const joined = ["-c", 'echo $$ >"$0/cgroup.procs"; exec "$@"', this.#cgroup.path, ...boot];
    this.#unshare = spawn("sh", joined, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#unshare.stdout, this.#unshare.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
  }

  /** Resolves when it has started what it starts. */
  static async boot(root: DebianRoot): Promise<BootedDebian> {
    const made = new BootedDebian(root);
    try {
      await eventually(
        async () => made.#hasBooted(),
        () => `a Debian that has booted:\n${made.#log}`,
        120_000,
      );
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  #hasBooted(): boolean {
    const pid = this.#unshare.pid ?? 0;
    this.#init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim());
    if (this.#init === 0) return false;
    return /^(running|degraded)$/m.test(this.run("systemctl", "is-system-running").output);
  }

  run(...command: readonly string[]): Result {
    const words = ["--target", String(this.#init), "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--", ...command];
    const { status, stdout, stderr } = spawnSync("nsenter", words, { ...OPTIONS, env: ENVIRONMENT });
    return { status, output: `${stdout}${stderr}` };
  }

  /** As `run`, for what has to succeed. */
  done(...command: readonly string[]): string {
    return output(command, this.run(...command));
  }

  /** A property of a unit, as systemd has it. */
  property(unit: string, name: string): string {
    return this.done("systemctl", "show", `--property=${name}`, "--value", unit).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isRunning = this.#unshare.exitCode === null && this.#unshare.signalCode === null;
    const exited = once(this.#unshare, "exit");
    // With process 1 everything in its namespace ends.
    if (this.#init !== 0) process.kill(this.#init, "SIGKILL");
    else this.#unshare.kill("SIGKILL");
    if (isRunning) await exited;
    await this.#cgroup.remove();
  }
}

/** A group of the unified hierarchy, which systemd takes for its root. It is mounted here: not all machines have it. */
class Cgroup {
  readonly #mount = mkdtempSync(join(tmpdir(), "s1bridge-cgroup-"));
  readonly path = join(this.#mount, `s1bridge-test-${process.pid}`);

  constructor() {
    must(spawnSync("mount", ["-t", "cgroup2", "cgroup2", this.#mount], OPTIONS));
    mkdirSync(this.path);
  }

  async remove(): Promise<void> {
    // Processes that were killed leave their groups a moment later.
    await eventually(
      async () => removeGroup(this.path),
      () => `${this.path} to be empty`,
      30_000,
    );
    must(spawnSync("umount", [this.#mount], OPTIONS));
    rmSync(this.#mount, { recursive: true });
  }
}

function removeGroup(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroup(join(path, entry.name));
    rmdirSync(path);
    return true;
  } catch {
    // Somebody is still in it.
    return false;
  }
}
