import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FileReceiver, type ReceiverPlace } from "./file-receiver.ts";
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

/** A real syslog-ng. */
export class SyslogNg extends FileReceiver {
  /** Resolves when it listens. */
  static async start(options: SyslogNgOptions): Promise<SyslogNg> {
    const place = await FileReceiver.place("syslog-ng", (at) => configuration(options, at));
    const modules = join(ROOT, "usr/lib/syslog-ng");
    const own = (name: string): string => join(place.directory, name);
    const program = [`--module-path=${modulePath(modules)}`, "-f", place.configuration];
    const state = ["-R", own("persist"), "-p", own("pid"), "-c", own("control")];
    const made = new SyslogNg(place, [PROGRAM, "-F", "--no-caps", ...program, ...state], { LD_LIBRARY_PATH: modules });
    await made.daemon.start();
    return made;
  }
}

/** The modules stand in a folder named after the version. */
function modulePath(modules: string): string {
  const version = existsSync(modules) ? readdirSync(modules).find((name) => /^\d/.test(name)) : undefined;
  return join(modules, version ?? "3.38");
}

function configuration(
  { framing, certificates, clientAuth = false }: SyslogNgOptions,
  { port, file }: ReceiverPlace,
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
