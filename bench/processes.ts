import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Starts one of the programs beside this file; its first message tells where it listens. */
export async function start<T>(file: string, ...args: readonly (string | number)[]): Promise<Peer<T>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), { stdio: "inherit" });
  const [told] = (await once(child, "message")) as [T];
  return { told, child, next: async () => ((await once(child, "message")) as [unknown])[0], stop: () => stop(child) };
}

export interface Peer<T> {
  readonly told: T;
  readonly child: ChildProcess;
  next(): Promise<unknown>;
  stop(): Promise<void>;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** The real bridge as an operator starts it, on a spool of its own. */
export class BridgeProcess {
  readonly #directory = mkdtempSync(join(tmpdir(), "s1bridge-bench-"));
  readonly #telemetryPort: number;
  readonly #child: ChildProcess;

  private constructor(url: string, collector: string, telemetryPort: number) {
    this.#telemetryPort = telemetryPort;
    const token = join(this.#directory, "token");
    const config = join(this.#directory, "config.yaml");
    writeFileSync(token, "bench-token");
    writeFileSync(
      config,
      `version: 1
consoles:
  - name: bench
    url: ${url}
    token: { file: ${token} }
    # The documented 10 requests a second would be the only thing measured.
    feeds: { activities: { every: 1s, start: 24h, settle: 0s, requests_per_second: 1000 } }
collectors: [{ name: bench, address: "${collector}" }]
spool: { directory: ${join(this.#directory, "spool")}, max_size: 8GiB }
telemetry: { listen: "127.0.0.1:${telemetryPort}" }
log: { level: error }
`,
    );
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    this.#child = spawn(process.execPath, [main, "run", "-c", config], { stdio: ["ignore", "inherit", "inherit"] });
  }

  static async start(url: string, collector: string): Promise<BridgeProcess> {
    return new BridgeProcess(url, collector, await freePort());
  }

  /** Resolves when so many events have come into the spool. */
  async spooled(events: number): Promise<void> {
    for (;;) {
      const status = await this.#status();
      if (status !== undefined && status.spool.end >= events) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The most memory that was resident so far, in bytes (`VmHWM`, proc(5)). */
  get peakBytes(): number {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(this.#proc("status"))?.[1] ?? Number.NaN) * 1024;
  }

  /** Processor time of all threads so far, in seconds. */
  get cpuSeconds(): number {
    const fields = this.#proc("stat").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.#child.pid}/${file}`, "utf8");
  }

  async #status(): Promise<{ spool: { end: number } } | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#telemetryPort}/api/status`);
      return (await answer.json()) as { spool: { end: number } };
    } catch {
      // Not listening yet.
      return undefined;
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
