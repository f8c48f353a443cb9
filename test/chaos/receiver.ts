import { readFileSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Daemon } from "../support/daemon.ts";
import { freePort } from "../support/free-port.ts";
import type { Certificates } from "../support/tls.ts";
import { Link } from "./link.ts";
import type { Transport } from "./plan.ts";
import type { Tally } from "./tally.ts";

/** A receiver that has been still for so long has written what it has read. */
const STILL_MS = 60;

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
  readonly #file: string;

  private constructor(name: string, parts: { daemon: Daemon; port: number; file: string; link: Link; tally: Tally }) {
    this.name = name;
    this.link = parts.link;
    this.tally = parts.tally;
    this.#daemon = parts.daemon;
    this.#port = parts.port;
    this.#file = parts.file;
  }

  static async start({ name, transport, directory, certificates, tally }: ReceiverOptions): Promise<Receiver> {
    const port = await freePort();
    const place = (ending: string): string => join(directory, `${name}.${ending}`);
    const file = place("received");
    await writeFile(place("conf"), configuration({ directory, port, file, transport, certificates }));
    const daemon = new Daemon(["rsyslogd", "-n", "-f", place("conf"), "-i", place("pid")], port);
    await daemon.start();
    const link = await Link.start(port, { isTls: transport === "tls" });
    return new Receiver(name, { daemon, port, file, link, tally: tally(file) });
  }

  /**
   * `kill -9` when something is left to be read, or when it has been still for a while. In between it may have read what it
   * has not written yet: that would be lost with it.
   */
  async kill(): Promise<void> {
    let size = await this.#size();
    let stillSince = performance.now();
    for (;;) {
      this.#daemon.pause();
      if (unreadBytes(this.#port) > 0 || performance.now() - stillSince > STILL_MS) break;
      this.#daemon.resume();
      await pause(2);
      const now = await this.#size();
      if (now !== size) stillSince = performance.now();
      size = now;
    }
    await this.#daemon.kill();
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

  async #size(): Promise<number> {
    return (await stat(this.#file).catch(() => undefined))?.size ?? 0;
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
