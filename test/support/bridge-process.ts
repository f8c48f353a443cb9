import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DemoConsole } from "../../src/demo/console/console.ts";
import { PATIENCE_MS, within } from "./collect.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A configuration as a tree: it is written as JSON, which is YAML. */
export type ConfigTree = Readonly<Record<string, unknown>>;

/** A line of the daemon's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a program ended. `code` is null when a signal ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A feed that reads everything there is, at once and without the limits that are meant for the real console. */
export const EAGER_FEED: ConfigTree = { every: "1s", start: "1990-01-01", settle: "0s", requests_per_second: 1000 };

/** Looks again and again until the condition holds: for what another program does without telling. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string | (() => string),
  ms = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`not within ${ms} ms: ${typeof what === "string" ? what : what()}`);
    await pause(RECHECK_MS);
  }
}

const RECHECK_MS = 20;

/** What `s1bridge status` prints, as soon as it fits. */
export async function statusSays(home: BridgeHome, pattern: RegExp, ms = PATIENCE_MS): Promise<string> {
  let text = "";
  await eventually(
    async () => {
      text = (await home.command("status", "-c", home.configFile)).stdout;
      return pattern.test(text);
    },
    () => `status says ${String(pattern)}:\n${text}`,
    ms,
  );
  return text;
}

/**
 * A folder with what one bridge needs: configuration, token, spool. The real program runs on it as a child process, as
 * often as a test wants. Disposing of it ends what still runs and removes the folder.
 */
export class BridgeHome implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "s1bridge-home-"));
  readonly configFile = join(this.directory, "config.yaml");
  readonly tokenFile = join(this.directory, "token");
  readonly spool = join(this.directory, "spool");
  readonly #children: Child[] = [];
  readonly #env: NodeJS.ProcessEnv;

  constructor({ token = "demo-token", env = {} }: { token?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.#env = env;
    writeFileSync(this.tokenFile, token, { mode: 0o600 });
  }

  /** Writes the configuration; what is left out stands at a value that suits a test. */
  configure({ spool = {}, ...others }: ConfigTree & { readonly spool?: ConfigTree }): void {
    const tree = {
      version: 1,
      telemetry: { listen: "127.0.0.1:0" },
      ...others,
      spool: { directory: this.spool, min_free: "1MiB", ...spool },
    };
    this.writeConfig(JSON.stringify(tree, undefined, 2));
  }

  /** The text of the configuration as it is, faults included. */
  writeConfig(text: string): void {
    writeFileSync(this.configFile, text);
  }

  /** An entry for `consoles`: both feeds, eager, with our token. */
  console({ url }: Pick<DemoConsole, "url">, { name = "acme", feed = {}, ...more }: ConsoleParts = {}): ConfigTree {
    const feeds = { activities: { ...EAGER_FEED, ...feed }, threats: { ...EAGER_FEED, ...feed } };
    return { name, url, token: { file: this.tokenFile }, feeds, ...more };
  }

  /** Starts `s1bridge run`. */
  run(): BridgeProcess {
    const made = new BridgeProcess(["run", "-c", this.configFile], this.#environment());
    this.#children.push(made);
    return made;
  }

  /** Starts `s1bridge run`, and resolves when it has opened its spool and runs. */
  async start(): Promise<BridgeProcess> {
    const made = this.run();
    await made.started();
    return made;
  }

  /** Runs one command to its end. */
  async command(...parameters: string[]): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
    const child = new Child(parameters, this.#environment());
    this.#children.push(child);
    const exit = await within(child.exit, `s1bridge ${parameters.join(" ")} ends`, 60_000);
    return { ...exit, stdout: child.stdout, stderr: child.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What the machine sets for its own purposes must not steer what is tested. */
  #environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(https?_proxy|no_proxy|NODE_OPTIONS)$/i.test(name),
    );
    return { ...Object.fromEntries(inherited), NO_COLOR: "1", ...this.#env };
  }
}

export interface ConsoleParts {
  readonly name?: string;
  /** Put over both feeds' own options. */
  readonly feed?: ConfigTree;
  readonly [key: string]: unknown;
}

const running = new Set<ChildProcess>();

// A test that fails while it is set up must not leave a daemon behind.
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** The program as a child process, with everything that it prints. */
class Child {
  readonly exit: Promise<Exit>;
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";

  constructor(parameters: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [MAIN, ...parameters], { env, stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    running.add(child);
    this.exit = once(child, "close").then(([code, signal]) => {
      running.delete(child);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.onStderr(text));
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error("the program was not started");
    return this.process.pid;
  }

  /** `kill -9`. */
  kill(): Promise<Exit> {
    return this.signal("SIGKILL");
  }

  /** Sends the signal, and resolves when the program has ended. */
  async signal(name: NodeJS.Signals): Promise<Exit> {
    this.process.kill(name);
    return await this.exit;
  }

  protected onStderr(text: string): void {
    this.stderr += text;
  }
}

interface Waiter {
  readonly fits: (line: LogLine) => boolean;
  readonly resolve: (line: LogLine) => void;
}

/** A daemon under test. */
export class BridgeProcess extends Child {
  /** What it has logged, oldest first. */
  readonly log: LogLine[] = [];
  #rest = "";
  #waiters: Waiter[] = [];

  /** The line that says that it runs; rejects when it gives up before. */
  async started(): Promise<LogLine> {
    const ended = this.exit.then(({ code, signal }): never => {
      throw new Error(`ended with ${code ?? signal} before it ran: ${this.stderr}`);
    });
    // Only what comes first is of interest.
    ended.catch(() => undefined);
    return await Promise.race([this.logged(({ msg }) => msg === "started", "started"), ended]);
  }

  /** The first line that fits, be it past or future. */
  async logged(fits: (line: LogLine) => boolean, what: string, ms?: number): Promise<LogLine> {
    const past = this.log.find(fits);
    if (past !== undefined) return past;
    return await this.logs(fits, what, ms);
  }

  /** The next line that fits, from now on. */
  async logs(fits: (line: LogLine) => boolean, what: string, ms?: number): Promise<LogLine> {
    const line = new Promise<LogLine>((resolve) => this.#waiters.push({ fits, resolve }));
    return await within(line, `the log says ${what}`, ms).catch((error: Error) => {
      throw new Error(`${error.message}; it says:\n${this.stderr}`, { cause: error });
    });
  }

  /** Asks its telemetry. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const { telemetry } = await this.started();
    const response = await fetch(`http://${String(telemetry)}${path}`, { headers: { connection: "close" } });
    return { status: response.status, text: await response.text() };
  }

  /** All samples of a metric by their labels as they are printed: `{collector="siem"}`, or the empty text. */
  async metric(name: string): Promise<ReadonlyMap<string, number>> {
    const { text } = await this.get("/metrics");
    const samples = [...text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)].filter(([, sample]) => sample === name);
    return new Map(samples.map(([, , labels = "", value]) => [labels, Number(value)]));
  }

  /** The sum of a metric over all its labels. */
  async total(name: string): Promise<number> {
    return [...(await this.metric(name)).values()].reduce((sum, value) => sum + value, 0);
  }

  /** Resolves when so many events are confirmed, by all collectors together, since this process began. */
  async confirmed(count: number, ms = PATIENCE_MS): Promise<void> {
    let last = 0;
    const enough = async (): Promise<boolean> =>
      (last = await this.total("s1bridge_collector_events_confirmed_total")) >= count;
    await eventually(enough, () => `${count} events confirmed, only ${last} are:\n${this.stderr}`, ms);
  }

  protected override onStderr(text: string): void {
    super.onStderr(text);
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }

  #onLine(text: string): void {
    if (!text.startsWith("{")) return;
    const line = JSON.parse(text) as LogLine;
    this.log.push(line);
    const answered = this.#waiters.filter(({ fits }) => fits(line));
    this.#waiters = this.#waiters.filter((waiter) => !answered.includes(waiter));
    for (const { resolve } of answered) resolve(line);
  }
}
