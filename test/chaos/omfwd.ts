import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import { Daemon } from "../support/daemon.ts";
import { freePort } from "../support/free-port.ts";

/** As long as a message of the bridge is on average. */
const PADDING = "x".repeat(700);

/**
 * rsyslog as a forwarder: `omfwd` over TCP with a disk-assisted queue, as its documentation has it for no loss while the
 * collector is away. It gets as many messages as the bridge gets events, at the same rate.
 */
export class Omfwd {
  readonly #daemon: Daemon;
  readonly #socket: Socket;
  #sent = 0;

  private constructor(daemon: Daemon, socket: Socket) {
    this.#daemon = daemon;
    this.#socket = socket;
    socket.on("error", () => undefined);
  }

  static async start(directory: string, collectorPort: number): Promise<Omfwd> {
    const port = await freePort();
    const queue = join(directory, "forwarder-queue");
    await mkdir(queue, { recursive: true });
    const conf = join(directory, "forwarder.conf");
    await writeFile(conf, configuration(queue, port, collectorPort));
    const daemon = new Daemon(["rsyslogd", "-n", "-f", conf, "-i", join(directory, "forwarder.pid")], port);
    await daemon.start();
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Omfwd(daemon, socket);
  }

  get sent(): number {
    return this.#sent;
  }

  /** Sends messages up to this number; less while the forwarder holds its own source back. */
  feed(upTo: number): void {
    while (this.#sent < upTo && this.#socket.writableLength < 4 << 20) {
      const lines: string[] = [];
      for (let many = 0; many < 500 && this.#sent < upTo; many += 1) {
        lines.push(`<134>Nov 22 00:00:00 chaos CEF:0|chaos|S1eventKey=omfwd/${this.#sent} ${PADDING}\n`);
        this.#sent += 1;
      }
      this.#socket.write(lines.join(""));
    }
  }

  async stop(): Promise<void> {
    this.#socket.destroy();
    await this.#daemon.kill();
  }
}

function configuration(queue: string, port: number, collectorPort: number): string {
  return [
    `global(workDirectory="${queue}" maxMessageSize="64k")`,
    'module(load="imptcp")',
    'template(name="raw" type="string" string="%rawmsg%\\n")',
    'ruleset(name="forward") {',
    `  action(type="omfwd" target="127.0.0.1" port="${collectorPort}" protocol="tcp" template="raw"`,
    '    ResendLastMSGOnReconnect="on" action.resumeRetryCount="-1" action.resumeInterval="1"',
    '    queue.type="LinkedList" queue.filename="omfwd" queue.size="10000" queue.maxDiskSpace="4g"',
    '    queue.saveOnShutdown="on")',
    "}",
    `input(type="imptcp" port="${port}" address="127.0.0.1" ruleset="forward")`,
    "",
  ].join("\n");
}
