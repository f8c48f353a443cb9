import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** rsyslog as a forwarder: what comes in over TCP goes through a queue on disk to a collector over TCP. */
export class RsyslogForwarder {
  readonly #directory = mkdtempSync(join(tmpdir(), "s1bridge-peer-"));
  readonly #port: number;
  readonly #process: ReturnType<typeof spawn>;

  constructor(port: number, collectorPort: number) {
    this.#port = port;
    const queue = 'queue.type="Disk" queue.filename="forward" queue.maxDiskSpace="8g" queue.saveOnShutdown="on"';
    const configuration = [
      `global(workDirectory="${this.#directory}" maxMessageSize="16k")`,
      'module(load="imtcp")',
      'template(name="raw" type="string" string="%rawmsg%\\n")',
      'ruleset(name="forward") {',
      `  action(type="omfwd" target="127.0.0.1" port="${collectorPort}" protocol="tcp" template="raw"`,
      `    action.resumeRetryCount="-1" action.resumeInterval="1" ${queue})`,
      "}",
      `input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="forward")`,
      "",
    ];
    const file = join(this.#directory, "rsyslog.conf");
    writeFileSync(file, configuration.join("\n"));
    const args = ["-n", "-f", file, "-i", join(this.#directory, "pid")];
    this.#process = spawn("rsyslogd", args, { stdio: "ignore" });
  }

  /** Resolves when it has read all of it and its queue no longer grows. */
  async fill(messages: Iterable<string>): Promise<void> {
    const socket = await this.#connect();
    let chunk = "";
    for (const message of messages) {
      chunk += `${message}\n`;
      if (chunk.length < 1 << 20) continue;
      if (!socket.write(chunk)) await once(socket, "drain");
      chunk = "";
    }
    socket.end(chunk);
    await once(socket.resume(), "close");
    for (let before = -1; before !== this.#queueBytes(); await sleep(1000)) before = this.#queueBytes();
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #queueBytes(): number {
    return readdirSync(this.#directory).reduce((sum, name) => sum + statSync(join(this.#directory, name)).size, 0);
  }

  async #connect(): Promise<Socket> {
    for (;;) {
      const socket = connect(this.#port, "127.0.0.1");
      try {
        await once(socket, "connect");
        return socket;
      } catch {
        // It is still starting.
        await sleep(100);
      }
    }
  }
}
