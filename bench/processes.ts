import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Starts one of the programs beside this file; its first message tells where it listens. */
export async function start<T>(file: string, ...args: readonly (string | number)[]): Promise<Peer<T>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), { stdio: "inherit" });
  const [told] = (await once(child, "message")) as [T];
  return { told, next: async () => ((await once(child, "message")) as [unknown])[0], stop: () => stop(child) };
}

export interface Peer<T> {
  readonly told: T;
  next(): Promise<unknown>;
  stop(): Promise<void>;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

export interface BridgeOptions {
  /** One console for each. */
  readonly consoles: readonly string[];
  /** Addresses, one collector for each. */
  readonly collectors: readonly string[];
  readonly feeds: string;
  /** Trusted at both sides. */
  readonly caFile?: string | undefined;
}

/** The documented 10 requests a second would be the only thing measured. */
export const UNLIMITED = "activities: { every: 1s, start: 24h, settle: 0s, requests_per_second: 1000 }";

/** The real bridge as an operator starts it, on a spool of its own. */
export class BridgeProcess {
  readonly #directory = mkdtempSync(join(tmpdir(), "s1bridge-bench-"));
  readonly #telemetryPort: number;
  #child: ChildProcess;

  private constructor({ consoles, collectors, feeds, caFile }: BridgeOptions, telemetryPort: number) {
    this.#telemetryPort = telemetryPort;
    const token = join(this.#directory, "token");
    writeFileSync(token, "bench-token");
    const ca = caFile === undefined ? "" : `, ca_file: ${caFile}`;
    const tls = caFile === undefined ? "" : `, tls: { ca_file: ${caFile} }`;
    const lines = [
      "version: 1",
      "consoles:",
      ...consoles.map(
        (url, at) => `  - { name: console${at}, url: ${url}, token: { file: ${token} }${ca}, feeds: { ${feeds} } }`,
      ),
      "collectors:",
      ...collectors.map((address, at) => `  - { name: collector${at}, address: "${address}"${tls} }`),
      `spool: { directory: ${join(this.#directory, "spool")}, max_size: 8GiB }`,
      `telemetry: { listen: "127.0.0.1:${telemetryPort}" }`,
      "log: { level: error }",
      "",
    ];
    writeFileSync(join(this.#directory, "config.yaml"), lines.join("\n"));
    this.#child = this.#spawn();
  }

  static async start(options: BridgeOptions): Promise<BridgeProcess> {
    return new BridgeProcess(options, await freePort());
  }

  /** Resolves when so many events have come into the spool. */
  async spooled(events: number): Promise<void> {
    while (((await this.#status())?.spool.end ?? 0) < events) await sleep(100);
  }

  /** Resolves when it says that it is ready. */
  async ready(): Promise<void> {
    while ((await this.#ask("/readyz"))?.status !== 200) await sleep(5);
  }

  /** Resolves when its commands would find a spool: it is open and asked about. */
  async opened(): Promise<void> {
    while ((await this.#status()) === undefined) await sleep(5);
  }

  /** Bytes of the spool that are in use. */
  async spoolBytes(): Promise<number> {
    return (await this.#status())?.spool.bytes ?? Number.NaN;
  }

  /** The most memory that was resident so far, in bytes (`VmHWM`, proc(5)). */
  get peakBytes(): number {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(this.#proc("status"))?.[1] ?? Number.NaN) * 1024;
  }

  /** What was handed to the disk so far, in bytes (`write_bytes`, proc(5)). */
  get writtenBytes(): number {
    return Number(/^write_bytes: (\d+)$/m.exec(this.#proc("io"))?.[1] ?? Number.NaN);
  }

  /** Processor time of all threads so far, in seconds. */
  get cpuSeconds(): number {
    const fields = this.#proc("stat").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Ends it and starts it anew on the same spool. */
  async restart(): Promise<void> {
    await this.#end();
    this.#child = this.#spawn();
  }

  async stop(): Promise<void> {
    await this.#end();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #spawn(): ChildProcess {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    const args = [main, "run", "-c", join(this.#directory, "config.yaml")];
    return spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  }

  async #end(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.#child.pid}/${file}`, "utf8");
  }

  async #status(): Promise<{ spool: { end: number; bytes: number } } | undefined> {
    const answer = await this.#ask("/api/status");
    return answer === undefined ? undefined : ((await answer.json()) as { spool: { end: number; bytes: number } });
  }

  async #ask(path: string): Promise<Response | undefined> {
    try {
      return await fetch(`http://127.0.0.1:${this.#telemetryPort}${path}`);
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
