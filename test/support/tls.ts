import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, as PEM and as files. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface Certificates extends Disposable {
  readonly ca: string;
  readonly caFile: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: Identity;
  /** Its subject is `s1bridge.example.com`. */
  readonly client: Identity;
  /** Another CA, which has signed nothing here. */
  readonly strangerCa: string;
  /** A client that only the other CA vouches for. */
  readonly stranger: Identity;
}

/** Makes a CA and certificates of it with the `openssl` program, valid for two days. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-tls-"));
  const ca = makeCa(directory, "ca");
  const strangerCa = makeCa(directory, "stranger-ca");
  return {
    ca: ca.cert,
    caFile: ca.certFile,
    server: makeIdentity(directory, "server", ca, "localhost", "DNS:localhost,IP:127.0.0.1"),
    client: makeIdentity(directory, "client", ca, CLIENT_NAME, `DNS:${CLIENT_NAME}`),
    strangerCa: strangerCa.cert,
    stranger: makeIdentity(directory, "stranger", strangerCa, CLIENT_NAME, `DNS:${CLIENT_NAME}`),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export const CLIENT_NAME = "s1bridge.example.com";

function makeCa(directory: string, name: string): Identity {
  const extensions = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
  return makeCertificate(directory, name, ["-subj", `/CN=${name}`, ...extensions.split(" ")]);
}

function makeIdentity(directory: string, name: string, ca: Identity, subject: string, names: string): Identity {
  const signer = ["-CA", ca.certFile, "-CAkey", ca.keyFile];
  const extensions = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", `subjectAltName=${names}`];
  return makeCertificate(directory, name, ["-subj", `/CN=${subject}`, ...signer, ...extensions]);
}

function makeCertificate(directory: string, name: string, options: readonly string[]): Identity {
  const certFile = join(directory, `${name}.pem`);
  const keyFile = join(directory, `${name}.key`);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", keyFile];
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...key, "-out", certFile, ...options], { stdio: "pipe" });
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
