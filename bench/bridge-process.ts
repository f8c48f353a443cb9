import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { end, freePort } from "./processes.ts";
import { builtProduct } from "./product.ts";
import { tokenOf } from "./recorded-console.ts";

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

/** The built bridge as an operator starts it, on a spool of its own. */
export class BridgeProcess implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "s1bridge-bench-"));
  readonly #program: string;
  readonly #telemetryPort: number;
  #child: ChildProcess | undefined;

  private constructor(program: string, { consoles, collectors, feeds, caFile }: BridgeOptions, telemetryPort: number) {
    this.#program = program;
    this.#telemetryPort = telemetryPort;
    const token = join(this.#directory, "token");
    for (const at of consoles.keys()) writeFileSync(`${token}${at}`, tokenOf(at));
    const ca = caFile === undefined ? "" : `, ca_file: ${caFile}`;
    const tls = (address: string): string =>
      caFile !== undefined && address.startsWith("tls:") ? `, tls: { ca_file: ${caFile} }` : "";
    const lines = [
      "version: 1",
      "consoles:",
      ...consoles.map(
        (url, at) =>
          `  - { name: console${at}, url: ${url}, token: { file: ${token}${at} }${ca}, feeds: { ${feeds} } }`,
      ),
      "collectors:",
      ...collectors.map((address, at) => `  - { name: collector${at}, address: "${address}"${tls(address)} }`),
      `spool: { directory: ${this.spool}, max_size: 8GiB }`,
      `telemetry: { listen: "127.0.0.1:${telemetryPort}" }`,
      "log: { level: error }",
      "",
    ];
    writeFileSync(this.#configuration, lines.join("\n"));
  }

  static async start(options: BridgeOptions): Promise<BridgeProcess> {
    const bridge = await BridgeProcess.prepare(options);
    bridge.begin();
    return bridge;
  }

  /** With its files, and not running yet. */
  static async prepare(options: BridgeOptions): Promise<BridgeProcess> {
    return new BridgeProcess(await builtProduct(), options, await freePort());
  }

  get spool(): string {
    return join(this.#directory, "spool");
  }

  begin(): void {
    const args = [this.#program, "run", "-c", this.#configuration];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  }

  /** Ends as an operator ends it. */
  async end(): Promise<void> {
    if (this.#child !== undefined) await end(this.#child, "SIGTERM");
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Resolves when so many events have come into the spool. */
  async spooled(events: number, onLook?: (events: number) => void): Promise<void> {
    for (;;) {
      const spooled = (await this.#status())?.spool.end ?? 0;
      onLook?.(spooled);
      if (spooled >= events) return;
      await sleep(100);
    }
  }

  /** Resolves when it says that it is ready. */
  async ready(): Promise<void> {
    while ((await this.#ask("/readyz"))?.status !== 200) await sleep(2);
  }

  /** Resolves when its commands would find a spool: it is open and asked about. */
  async opened(): Promise<void> {
    while ((await this.#status()) === undefined) await sleep(2);
  }

  /** Bytes of the spool that are in use. */
  async spoolBytes(): Promise<number> {
    return (await this.#status())?.spool.bytes ?? Number.NaN;
  }

  /** The most memory that was resident so far, in bytes (`VmHWM`, proc(5)). */
  get peakBytes(): number {
    return this.#kilobytes("VmHWM") * 1024;
  }

  /** What is resident now, in bytes. */
  get residentBytes(): number {
    return this.#kilobytes("VmRSS") * 1024;
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

  get #configuration(): string {
    return join(this.#directory, "config.yaml");
  }

  #kilobytes(name: string): number {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(this.#proc("status"))?.[1] ?? Number.NaN);
  }

  #proc(file: string): string {
    return readFileSync(`/proc/${this.#child?.pid}/${file}`, "utf8");
  }

  async #status(): Promise<{ spool: { end: number; bytes: number } } | undefined> {
    const answer = await this.#ask("/api/status");
    return answer === undefined ? undefined : ((await answer.json()) as { spool: { end: number; bytes: number } });
  }

  async #ask(path: string): Promise<Response | undefined> {
    if (this.#child?.exitCode !== null) throw new Error(`the bridge ended with ${this.#child?.exitCode}`);
    try {
      return await fetch(`http://127.0.0.1:${this.#telemetryPort}${path}`);
    } catch {
      // Not listening yet.
      return undefined;
    }
  }
}
