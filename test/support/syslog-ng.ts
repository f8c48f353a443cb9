import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf, readLines } from "./collect.ts";
import { Daemon } from "./daemon.ts";
import { freePort } from "./free-port.ts";
import { requireProgram } from "./requires.ts";
import type { Certificates } from "./tls.ts";

/** As a package syslog-ng conflicts with rsyslog: scripts/install-test-collectors.sh unpacks it here. */
const ROOT = process.env["S1BRIDGE_SYSLOG_NG_ROOT"] ?? "/opt/syslog-ng-root";
const PROGRAM = join(ROOT, "usr/sbin/syslog-ng");

/** Whether it is missing here; throws where CI is set. */
export function requireSyslogNg(): { readonly missing: boolean } {
  return requireProgram(PROGRAM);
}

export interface SyslogNgOptions {
  readonly framing: "newline" | "octet_counting";
  /** Speaks TLS when given. */
  readonly certificates?: Certificates;
  /** Only clients with a certificate of the CA may connect. */
  readonly clientAuth?: boolean;
}

/** A real syslog-ng on a free port that writes every message as it came, one a line. */
export class SyslogNg implements AsyncDisposable {
  readonly port: number;
  readonly daemon: Daemon;
  readonly #directory: string;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
    const modules = join(ROOT, "usr/lib/syslog-ng");
    const state = ["-R", join(directory, "persist"), "-p", join(directory, "pid"), "-c", join(directory, "control")];
    const program = [`--module-path=${modulePath(modules)}`, "-f", join(directory, "syslog-ng.conf")];
    const command = [PROGRAM, "-F", "--no-caps", ...program, ...state] as const;
    this.daemon = new Daemon(command, port, { LD_LIBRARY_PATH: modules });
  }

  /** Resolves when it listens. */
  static async start(options: SyslogNgOptions): Promise<SyslogNg> {
    const directory = await mkdtemp(join(tmpdir(), "s1bridge-syslog-ng-"));
    const port = await freePort();
    const made = new SyslogNg(directory, port);
    await writeFile(join(directory, "syslog-ng.conf"), configuration(options, port, made.file));
    await made.daemon.start();
    return made;
  }

  get file(): string {
    return join(this.#directory, "received.log");
  }

  /** Waits until it has written so many lines. */
  lines(count: number, ms?: number): Promise<string[]> {
    return linesOf(this.file, count, ms);
  }

  linesNow(): Promise<string[]> {
    return readLines(this.file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.daemon.resume();
    await this.daemon.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The modules stand in a folder named after the version. */
function modulePath(modules: string): string {
  const version = existsSync(modules) ? readdirSync(modules).find((name) => /^\d/.test(name)) : undefined;
  return join(modules, version ?? "3.38");
}

function configuration(
  { framing, certificates, clientAuth = false }: SyslogNgOptions,
  port: number,
  file: string,
): string {
  const driver = framing === "newline" ? "network" : "syslog";
  const peerVerify = clientAuth ? "required-trusted" : "optional-untrusted";
  const transport =
    certificates === undefined
      ? 'transport("tcp")'
      : `transport("tls") tls(key-file("${certificates.server.keyFile}") cert-file("${certificates.server.certFile}")` +
        ` ca-file("${certificates.caFile}") peer-verify(${peerVerify}))`;
  return [
    "@version: 3.38",
    "options { log-msg-size(65536); stats-freq(0); };",
    `source received { ${driver}(ip("127.0.0.1") port(${port}) ${transport} flags(no-parse)); };`,
    `destination file { file("${file}" template("\${MESSAGE}\\n")); };`,
    "log { source(received); destination(file); };",
    "",
  ].join("\n");
}
