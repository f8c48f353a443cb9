import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Daemon } from "../../test/support/daemon.ts";
import type { Certificates } from "../../test/support/tls.ts";
import { freePort } from "../processes.ts";

/** `undefined` is plain TCP. */
export type Transport = Certificates | undefined;

/** An rsyslogd with a folder of its own. */
class Rsyslogd implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "s1bridge-peer-"));
  readonly port: number;
  readonly #daemon: Daemon;

  constructor(port: number) {
    this.port = port;
    const files = ["-f", join(this.directory, "rsyslog.conf"), "-i", join(this.directory, "pid")];
    this.#daemon = new Daemon(["rsyslogd", "-n", ...files], port);
  }

  async begin(configuration: readonly string[]): Promise<void> {
    writeFileSync(join(this.directory, "rsyslog.conf"), `${configuration.join("\n")}\n`);
    await this.#daemon.start();
  }

  /** As the service is stopped: what is in a queue on disk stays there. */
  end(): Promise<void> {
    return this.#daemon.stop();
  }

  /** Processor time of all threads so far, in seconds. */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#daemon.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function globals(directory: string, certificates: Transport): string {
  const tls =
    certificates === undefined
      ? ""
      : ` defaultNetstreamDriverCAFile="${certificates.caFile}"` +
        ` defaultNetstreamDriverCertFile="${certificates.server.certFile}"` +
        ` defaultNetstreamDriverKeyFile="${certificates.server.keyFile}"`;
  return `global(workDirectory="${directory}" maxMessageSize="16k"${tls})`;
}

/** What both are drained to: `imptcp`, with TLS `imtcp`. It writes one byte for each message, so that a file's size counts. */
export class RsyslogReceiver extends Rsyslogd {
  static async start(certificates: Transport): Promise<RsyslogReceiver> {
    const made = new RsyslogReceiver(await freePort());
    const input =
      certificates === undefined
        ? 'type="imptcp"'
        : 'type="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"';
    await made.begin([
      globals(made.directory, certificates),
      `module(load="${certificates === undefined ? "imptcp" : "imtcp"}")`,
      'template(name="one" type="string" string="x")',
      'ruleset(name="received") {',
      `  action(type="omfile" file="${made.#file}" template="one" flushOnTXEnd="on")`,
      "}",
      `input(${input} port="${made.port}" address="127.0.0.1" ruleset="received")`,
    ]);
    return made;
  }

  /** Messages that have come. */
  get count(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  get #file(): string {
    return join(this.directory, "received");
  }

  async received(count: number, onLook: (count: number) => void = () => undefined): Promise<void> {
    for (let looks = 0; this.count < count; looks += 1) {
      if (looks % 100 === 0) onLook(this.count);
      await sleep(10);
    }
  }
}

/**
 * rsyslog's own forwarder: what comes in over TCP goes through a queue on disk to a collector. The queue is read in batches of
 * 1,024, the fastest of 128 (its default), 1,024 and 4,096 here.
 */
export class RsyslogForwarder extends Rsyslogd {
  static async prepare(): Promise<RsyslogForwarder> {
    return new RsyslogForwarder(await freePort());
  }

  /** Takes all of it into its queue, for a collector that is away. Resolves when it has ended with it on its disk. */
  async fill(messages: Iterable<string>): Promise<void> {
    await this.beginTo(await freePort(), undefined);
    const socket = connect(this.port, "127.0.0.1");
    await once(socket, "connect");
    let chunk = "";
    for (const message of messages) {
      chunk += `${message}\n`;
      if (chunk.length < 1 << 20) continue;
      if (!socket.write(chunk)) await once(socket, "drain");
      chunk = "";
    }
    socket.end(chunk);
    await once(socket.resume(), "close");
    await this.end();
  }

  /** With the queue of another that has ended. */
  takeQueue(other: RsyslogForwarder): void {
    cpSync(other.directory, this.directory, { recursive: true });
  }

  beginTo(collectorPort: number, certificates: Transport): Promise<void> {
    const tls =
      certificates === undefined
        ? ""
        : ' streamDriver="ossl" streamDriverMode="1" streamDriverAuthMode="x509/name" streamDriverPermittedPeers="localhost"';
    return this.begin([
      globals(this.directory, certificates),
      'module(load="imptcp")',
      'template(name="raw" type="string" string="%rawmsg%\\n")',
      // The main queue would keep in memory what is to be on the disk.
      'ruleset(name="forward" queue.type="Direct") {',
      `  action(type="omfwd" target="127.0.0.1" port="${collectorPort}" protocol="tcp" template="raw"${tls}`,
      '    action.resumeRetryCount="-1" action.resumeInterval="1"',
      '    queue.type="Disk" queue.filename="forward" queue.maxDiskSpace="16g" queue.size="2000000"',
      '    queue.saveOnShutdown="on" queue.timeoutShutdown="10" queue.dequeueBatchSize="1024")',
      "}",
      `input(type="imptcp" port="${this.port}" address="127.0.0.1" ruleset="forward")`,
    ]);
  }
}
