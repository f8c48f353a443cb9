import { readFileSync, statSync } from "node:fs";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { Config, SecretSource } from "./schema.ts";
import { readSiemToken, readToken } from "./secret.ts";

/** A file that the configuration names can not be used. */
export class ConfigFileError extends BridgeError {
  readonly code = "BRIDGE_CONFIG_FILE";
  readonly retryable = false;
}

/** Reads a PEM file. Throws a `ConfigFileError` when it can not be read or holds nothing of the kind. */
export function readPem(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ConfigFileError(`the file can not be read: ${describeError(error)}`, { cause: error });
  }
  if (!bytes.includes("-----BEGIN "))
    throw new ConfigFileError(`${path} is not a PEM file: no line begins with -----BEGIN`);
  return bytes;
}

/** What is wrong with the files and variables that the configuration names: they are read, and nothing of them is kept. */
export function fileFaults(
  config: Config,
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly string[] {
  const reads: Record<string, () => unknown> = {};
  for (const { name, token, ca_file: ca } of config.consoles) {
    reads[`consoles.${name}.token`] = () => readToken(token, env);
    if (ca !== undefined) reads[`consoles.${name}.ca_file`] = () => readPem(ca);
  }
  for (const { name, tls, siem_token: siemToken } of config.collectors) {
    if (siemToken !== undefined) reads[`collectors.${name}.siem_token`] = () => readSiemToken(siemToken, env);
    for (const key of ["ca_file", "cert_file", "key_file"] as const) {
      const path = tls?.[key];
      if (path !== undefined) reads[`collectors.${name}.tls.${key}`] = () => readPem(path);
    }
  }
  const { token, tls } = config.telemetry;
  if (token !== undefined) reads["telemetry.token"] = () => readToken(token, env);
  for (const key of ["cert_file", "key_file", "client_ca_file"] as const) {
    const path = tls?.[key];
    if (path !== undefined) reads[`telemetry.tls.${key}`] = () => readPem(path);
  }
  return Object.entries(reads).flatMap(([key, read]) => {
    try {
      read();
      return [];
    } catch (error) {
      return [`${key}: ${describeError(error)}`];
    }
  });
}

/** Files of tokens and private keys that every user of this machine can read, with the key that names each. */
export function exposedSecrets(config: Config): readonly string[] {
  const files: Record<string, string | undefined> = {};
  const note = (key: string, source: SecretSource | undefined): void => {
    if (source !== undefined && "file" in source) files[key] = source.file;
  };
  for (const { name, token } of config.consoles) note(`consoles.${name}.token`, token);
  for (const { name, tls, siem_token: siemToken } of config.collectors) {
    note(`collectors.${name}.siem_token`, siemToken);
    files[`collectors.${name}.tls.key_file`] = tls?.key_file;
  }
  note("telemetry.token", config.telemetry.token);
  files["telemetry.tls.key_file"] = config.telemetry.tls?.key_file;
  return Object.entries(files).flatMap(([key, path]) =>
    path !== undefined && isWorldReadable(path) ? [`${key}: ${path} can be read by everybody; chmod 0600 or 0640`] : [],
  );
}

function isWorldReadable(path: string): boolean {
  try {
    return (statSync(path).mode & 0o004) !== 0;
  } catch {
    // That it can not be read at all is a fault of its own.
    return false;
  }
}
