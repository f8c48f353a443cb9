import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { within } from "./collect.ts";

/** A program that listens on a port, for as long as a test needs it. */
export class Daemon {
  readonly #command: readonly [program: string, ...parameters: string[]];
  readonly #port: number;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #output = "";

  constructor(command: readonly [program: string, ...parameters: string[]], port: number, env: NodeJS.ProcessEnv = {}) {
    this.#command = command;
    this.#port = port;
    this.#env = env;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What it wrote to its standard output and error. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it accepts connections; rejects with its output when it ends before. */
  async start(): Promise<void> {
    const [program, ...parameters] = this.#command;
    const child = spawn(program, parameters, {
      env: { ...process.env, ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("close", () => resolve()));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    await within(this.#listening(child), `${program} listens on ${this.#port}: ${this.#output}`);
  }

  /** Asks it to end, and waits until it has. */
  stop(): Promise<void> {
    return this.signal("SIGTERM");
  }

  /** `kill -9`. */
  kill(): Promise<void> {
    return this.signal("SIGKILL");
  }

  async signal(name: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#child?.kill(name);
    await this.#exited;
  }

  /** Soon it neither reads nor answers, until `resume()`. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Whether each of its threads stands still (state `T`, proc(5)): until then a call may go on and read. */
  get isPaused(): boolean {
    const tasks = `/proc/${this.pid}/task`;
    return readdirSync(tasks).every((id) => /\) T /.test(readFileSync(`${tasks}/${id}/stat`, "latin1")));
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Nothing tells when another program listens: try until it does. */
  async #listening(child: ChildProcess): Promise<void> {
    while (!(await accepts(this.#port))) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended at once: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.end();
      socket.resume();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
