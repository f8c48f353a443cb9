import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { BridgeHome, BridgeProcess, Exit } from "../support/bridge-process.ts";

/** As `RestartSec` of the service unit, but for the sake of a short run shorter. */
const RESTART_MS = 500;

/** The bridge as a supervisor runs it: one that ends is started again. */
export class SupervisedBridge {
  readonly #home: BridgeHome;
  readonly #logFile: string | undefined;
  #process: BridgeProcess | undefined;
  /** The process that runs, or the one that comes next. */
  #living = Promise.withResolvers<BridgeProcess>();
  #isWanted = true;
  #ended: Promise<void> = Promise.resolve();
  starts = 0;
  /** What it said last each time it ended by itself. */
  readonly gaveUp: string[] = [];
  peakBytes = 0;

  /** `logFile`: where its log is kept. */
  constructor(home: BridgeHome, logFile?: string) {
    this.#home = home;
    this.#logFile = logFile;
  }

  /** Starts it, and again whenever it ends, until it is stopped. */
  start(): void {
    this.#isWanted = true;
    this.#ended = this.#supervise();
  }

  /** `kill -9`; its successor starts after a moment. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    const { code, signal } = await this.#end("SIGTERM");
    // By the signal itself: it had not begun to listen to it.
    if (code !== 0 && signal !== "SIGTERM") this.gaveUp.push(`exit ${code} after SIGTERM: ${lastLines(this.#process)}`);
  }

  /** Ends it for good. */
  async stop(): Promise<Exit | undefined> {
    this.#isWanted = false;
    const process = this.#process;
    process?.process.kill("SIGTERM");
    await this.#ended;
    return await process?.exit;
  }

  /** Looks at its memory. */
  measure(): void {
    try {
      const status = readFileSync(`/proc/${this.#process?.pid ?? 0}/status`, "utf8");
      this.peakBytes = Math.max(this.peakBytes, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // Between two lives.
    }
  }

  #onExit: ((exit: Exit) => void) | undefined;

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<Exit> {
    // Between two lives there is nobody to be ended.
    const { process } = await this.#living.promise;
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.#onExit = resolve;
    process.kill(signal);
    return await promise;
  }

  async #supervise(): Promise<void> {
    while (this.#isWanted) {
      const made = this.#home.run();
      this.#process = made;
      this.#living.resolve(made);
      this.starts += 1;
      const exit = await made.exit;
      this.#living = Promise.withResolvers();
      if (this.#logFile !== undefined) appendFileSync(this.#logFile, made.stderr);
      const asked = this.#onExit;
      this.#onExit = undefined;
      asked?.(exit);
      if (asked === undefined && this.#isWanted)
        this.gaveUp.push(`exit ${exit.code ?? exit.signal}: ${lastLines(made)}`);
      if (this.#isWanted) await pause(RESTART_MS);
    }
  }
}

function lastLines(process: BridgeProcess | undefined): string {
  return process?.stderr.trimEnd().split("\n").slice(-2).join(" ") ?? "";
}
