import { join } from "node:path";
import { FileReceiver, type ReceiverPlace } from "./file-receiver.ts";
import { CLIENT_NAME } from "./tls.ts";
import type { Certificates } from "./tls.ts";

export interface RsyslogOptions {
  readonly transport: "tcp" | "tls" | "relp" | "relp+tls";
  /** Needed for the transports with TLS. */
  readonly certificates?: Certificates;
  readonly driver?: "gtls" | "ossl";
  /** Only the certificates' client may connect. */
  readonly clientAuth?: boolean;
  /** What is written of each message, its end included; the message as it came unless given. */
  readonly template?: string;
  /** rsyslog's own default is 8k. */
  readonly maxMessageSize?: string;
}

/** A real rsyslogd. Control characters of a message appear as `#ooo`. */
export class Rsyslog extends FileReceiver {
  /** Resolves when it listens. */
  static async start(options: RsyslogOptions): Promise<Rsyslog> {
    const place = await FileReceiver.place("rsyslog", (at) => configuration(options, at));
    const pidFile = join(place.directory, "pid");
    const made = new Rsyslog(place, ["rsyslogd", "-n", "-f", place.configuration, "-i", pidFile]);
    await made.daemon.start();
    return made;
  }
}

function configuration(options: RsyslogOptions, { directory, port, file }: ReceiverPlace): string {
  const { certificates, maxMessageSize } = options;
  const global = [
    `workDirectory="${directory}"`,
    ...(maxMessageSize === undefined ? [] : [`maxMessageSize="${maxMessageSize}"`]),
    ...(certificates === undefined
      ? []
      : [
          `defaultNetstreamDriverCAFile="${certificates.caFile}"`,
          `defaultNetstreamDriverCertFile="${certificates.server.certFile}"`,
          `defaultNetstreamDriverKeyFile="${certificates.server.keyFile}"`,
        ]),
  ];
  return [
    `global(${global.join(" ")})`,
    moduleOf(options),
    `template(name="raw" type="string" string="${options.template ?? "%rawmsg%\\n"}")`,
    'ruleset(name="received") {',
    `  action(type="omfile" file="${file}" template="raw" flushOnTXEnd="on")`,
    "}",
    `input(${input(options, port)} ruleset="received")`,
    "",
  ].join("\n");
}

function moduleOf({ transport, driver = "ossl" }: RsyslogOptions): string {
  if (transport === "relp+tls") return `module(load="imrelp" tls.tlslib="${driver === "ossl" ? "openssl" : "gnutls"}")`;
  return `module(load="${transport === "relp" ? "imrelp" : "imtcp"}")`;
}

function input({ transport, driver = "ossl", clientAuth = false, certificates }: RsyslogOptions, port: number): string {
  const peer = clientAuth ? ` permittedPeer=["${CLIENT_NAME}"]` : "";
  switch (transport) {
    case "tcp":
      return `type="imtcp" port="${port}" address="127.0.0.1"`;
    case "tls":
      return (
        `type="imtcp" port="${port}" address="127.0.0.1" streamDriver.name="${driver}" streamDriver.mode="1"` +
        ` streamDriver.authMode="${clientAuth ? "x509/name" : "anon"}"${peer}`
      );
    case "relp":
      return `type="imrelp" port="${port}"`;
    case "relp+tls":
      return (
        `type="imrelp" port="${port}" tls="on" tls.caCert="${certificates?.caFile}"` +
        ` tls.myCert="${certificates?.server.certFile}" tls.myPrivKey="${certificates?.server.keyFile}"` +
        (clientAuth ? ` tls.authMode="name" tls.permittedPeer=["${CLIENT_NAME}"]` : "")
      );
    default:
      return transport satisfies never;
  }
}
