import { readFileSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Daemon } from "../support/daemon.ts";
import { freePort } from "../support/free-port.ts";
import type { Certificates } from "../support/tls.ts";
import { Link } from "./link.ts";
import type { Transport } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** Some seconds: one that never is at such a point is killed all the same. */
const KILL_TRIES = 2000;

export interface ReceiverOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly directory: string;
  readonly certificates: Certificates;
  readonly tally: (file: string) => Tally;
}

/**
 * A real rsyslogd behind a `Link`, without a queue of its own: what it confirms stands in its file. Otherwise a kill would
 * lose what is in its memory, which is no sender's fault.
 */
export class Receiver {
  readonly name: string;
  readonly link: Link;
  readonly tally: Tally;
  readonly #daemon: Daemon;
  readonly #port: number;

  private constructor(name: string, parts: { daemon: Daemon; port: number; link: Link; tally: Tally }) {
    this.name = name;
    this.link = parts.link;
    this.tally = parts.tally;
    this.#daemon = parts.daemon;
    this.#port = parts.port;
  }

  static async start({ name, transport, directory, certificates, tally }: ReceiverOptions): Promise<Receiver> {
    const port = await freePort();
    const place = (ending: string): string => join(directory, `${name}.${ending}`);
    const file = place("received");
    await writeFile(place("conf"), configuration({ directory, port, file, transport, certificates }));
    const daemon = new Daemon(["rsyslogd", "-n", "-f", place("conf"), "-i", place("pid")], port);
    await daemon.start();
    const link = await Link.start(port, { isTls: transport === "tls" });
    return new Receiver(name, { daemon, port, link, tally: tally(file) });
  }

  /**
   * `kill -9` at a moment when nothing of a good end is in its hands: it has read and not written nothing at all, or only
   * of the one connection that carries anything, of which more is to be read, so that it will be reset. What else it holds
   * would be lost with it, and no sender could know.
   */
  async kill(): Promise<void> {
    for (let tries = 0; tries < KILL_TRIES; tries += 1) {
      // All that comes to it comes through us, and not in the middle of this.
      this.#daemon.pause();
      const inHand = unreadBytes(this.#port) > 0 ? this.link.busy : 2;
      if (inHand <= 1) break;
      this.#daemon.resume();
      if (this.#isAsleep() && unreadBytes(this.#port) === 0) break;
      await pause(2);
    }
    await this.#daemon.kill();
  }

  /** Whether every thread of it waits for something. */
  #isAsleep(): boolean {
    const tasks = `/proc/${this.#daemon.pid}/task`;
    return readdirSync(tasks).every((task) =>
      / [S] /.test(readFileSync(`${tasks}/${task}/stat`, "latin1").slice(0, 60)),
    );
  }

  start(): Promise<void> {
    return this.#daemon.start();
  }

  pause(): void {
    this.#daemon.pause();
  }

  resume(): void {
    this.#daemon.resume();
  }

  async stop(): Promise<void> {
    this.link.close();
    this.#daemon.resume();
    await this.#daemon.stop();
    await this.tally.close();
  }
}

/** What has come to a local port and waits to be read (proc(5), rx_queue). */
export function unreadBytes(port: number): number {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "latin1").matchAll(
    new RegExp(`:${local} [0-9A-F]{8}:[0-9A-F]{4} (?!0A)[0-9A-F]{2} [0-9A-F]{8}:([0-9A-F]{8}) `, "g"),
  );
  return [...rows].reduce((sum, [, bytes = ""]) => sum + Number.parseInt(bytes, 16), 0);
}

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly file: string;
  readonly transport: Transport;
  readonly certificates: Certificates;
}

function configuration({ directory, port, file, transport, certificates: { caFile, server } }: Place): string {
  const tls = `defaultNetstreamDriverCAFile="${caFile}" defaultNetstreamDriverCertFile="${server.certFile}" defaultNetstreamDriverKeyFile="${server.keyFile}"`;
  const input = {
    tcp: `type="imtcp" address="127.0.0.1"`,
    tls: `type="imtcp" address="127.0.0.1" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"`,
    relp: `type="imrelp"`,
  }[transport];
  return [
    `global(workDirectory="${directory}" maxMessageSize="64k"${transport === "tls" ? ` ${tls}` : ""})`,
    'main_queue(queue.type="Direct")',
    `module(load="im${transport === "relp" ? "relp" : "tcp"}")`,
    // The key, and when it came: to the file goes no more than is counted.
    'template(name="key" type="string" string="K %rawmsg:R,ERE,1,BLANK:S1eventKey=([^ ]+)--end% %timegenerated:::date-rfc3339%\\n")',
    'ruleset(name="received" queue.type="Direct") {',
    `  action(type="omfile" file="${file}" template="key" flushOnTXEnd="on" asyncWriting="off")`,
    "}",
    `input(${input} port="${port}" ruleset="received")`,
    "",
  ].join("\n");
}
