import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Daemon } from "./daemon.ts";
import { freePort } from "./free-port.ts";

/**
 * An rsyslogd without any queue of its own: the thread that reads a message also writes it to the file, before it reads
 * on. What it has read when it is killed is therefore written, and whatever is missing was lost on our side. With its
 * ordinary queue in memory it would lose messages that it had confirmed, which no sender can prevent.
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

  /** Resolves when it listens for plain TCP. */
  static async start(): Promise<DirectRsyslog> {
    const directory = await mkdtemp(join(tmpdir(), "s1bridge-rsyslog-"));
    const made = new DirectRsyslog(directory, await freePort());
    await writeFile(join(directory, "rsyslog.conf"), configuration(directory, made));
    await made.daemon.start();
    return made;
  }

  /** How much it has written. */
  async size(): Promise<number> {
    const stats = await stat(this.file).catch(() => undefined);
    return stats?.size ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.daemon.resume();
    await this.daemon.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function configuration(directory: string, { port, file }: { port: number; file: string }): string {
  return [
    `global(workDirectory="${directory}")`,
    'main_queue(queue.type="Direct")',
    'module(load="imtcp")',
    'template(name="raw" type="string" string="%rawmsg%\\n")',
    'ruleset(name="received" queue.type="Direct") {',
    `  action(type="omfile" file="${file}" template="raw" flushOnTXEnd="on" asyncWriting="off")`,
    "}",
    `input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="received")`,
    "",
  ].join("\n");
}
