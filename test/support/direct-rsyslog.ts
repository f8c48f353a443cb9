import { readFileSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Daemon } from "./daemon.ts";
import { freePort } from "./free-port.ts";

/** The buffer of imtcp (rsyslog 8.2302, tcpsrv.c). */
export const READ_BYTES = 128 << 10;

/**
 * An rsyslogd without any queue of its own: the thread that reads messages also writes them to the file, before it reads
 * on. With its ordinary queue in memory it would lose thousands that it had confirmed, which no sender can prevent. What
 * remains is what it has read at once, `READ_BYTES`, and not yet written when it is killed.
 */
export class DirectRsyslog implements AsyncDisposable {
  readonly port: number;
  readonly daemon: Daemon;
  readonly file: string;
  readonly #directory: string;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
    this.file = join(directory, "received.log");
    this.daemon = new Daemon(
      ["rsyslogd", "-n", "-f", join(directory, "rsyslog.conf"), "-i", join(directory, "pid")],
      port,
    );
  }

  /** Resolves when it listens for plain TCP or RELP. */
  static async start(transport: "tcp" | "relp" = "tcp"): Promise<DirectRsyslog> {
    const directory = await mkdtemp(join(tmpdir(), "s1bridge-rsyslog-"));
    const made = new DirectRsyslog(directory, await freePort());
    await writeFile(join(directory, "rsyslog.conf"), configuration(directory, made, transport));
    await made.daemon.start();
    return made;
  }

  /** How much it has written. */
  async size(): Promise<number> {
    const stats = await stat(this.file).catch(() => undefined);
    return stats?.size ?? 0;
  }

  /**
   * `kill -9` at a moment when something is left to be read. Then the window in flight can not be confirmed, and whatever
   * is missing was lost by its sender. Had it read everything, what it holds in its memory would be lost as well.
   */
  async killBeforeTheEnd(): Promise<void> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      this.daemon.pause();
      while (!this.daemon.isPaused) await pause(1);
      if (unreadBytes(this.port) > 0) break;
      this.daemon.resume();
      if (performance.now() > deadline) throw new Error("rsyslogd always reads faster than it is written to");
      await pause(1);
    }
    await this.daemon.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.daemon.resume();
    await this.daemon.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/**
 * What has come to a local port and waits to be read (proc(5), rx_queue). The end of a connection (state CLOSE_WAIT, 08) counts
 * as a byte there: who has only that left to read has read everything.
 */
function unreadBytes(port: number): number {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "latin1").matchAll(
    new RegExp(`:${local} [0-9A-F]{8}:[0-9A-F]{4} (?!0A)([0-9A-F]{2}) [0-9A-F]{8}:([0-9A-F]{8}) `, "g"),
  );
  return [...rows].reduce((sum, [, state, bytes = ""]) => {
    const queued = Number.parseInt(bytes, 16);
    return sum + (state === "08" && queued > 0 ? queued - 1 : queued);
  }, 0);
}

function configuration(
  directory: string,
  { port, file }: { readonly port: number; readonly file: string },
  transport: "tcp" | "relp",
): string {
  return [
    `global(workDirectory="${directory}")`,
    'main_queue(queue.type="Direct")',
    `module(load="im${transport}")`,
    'template(name="raw" type="string" string="%rawmsg%\\n")',
    'ruleset(name="received" queue.type="Direct") {',
    `  action(type="omfile" file="${file}" template="raw" flushOnTXEnd="on" asyncWriting="off")`,
    "}",
    `input(type="im${transport}" port="${port}" address="127.0.0.1" ruleset="received")`,
    "",
  ].join("\n");
}
