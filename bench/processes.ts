import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

/** One of the programs beside this file, in a process of its own: what it costs is not counted as the bridge's. */
export class Peer<T> implements AsyncDisposable {
  /** Its first message: where it listens, or what it found. */
  readonly told: T;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, told: T) {
    this.#child = child;
    this.told = told;
  }

  static async start<T>(file: string, options: Readonly<Record<string, unknown>>): Promise<Peer<T>> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(options)], { stdio: "inherit" });
    return new Peer(child, (await nextMessage(child)) as T);
  }

  next(): Promise<unknown> {
    return nextMessage(this.#child);
  }

  /** Asks, and gives the answer; for programs that answer. */
  ask(question: string): Promise<unknown> {
    const answer = this.next();
    this.#child.send(question);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, "SIGKILL");
  }
}

/** What was handed to a program by `Peer.start`. */
export function peerOptions(): unknown {
  return JSON.parse(process.argv[2] ?? "{}");
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const exited = new AbortController();
  const onExit = (code: number | null): void => exited.abort(new Error(`${child.spawnfile} ended with ${code}`));
  child.once("exit", onExit);
  try {
    return ((await once(child, "message", { signal: exited.signal })) as [unknown])[0];
  } catch (error) {
    throw exited.signal.aborted ? exited.signal.reason : error;
  } finally {
    child.off("exit", onExit);
  }
}

/** Resolves when it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
