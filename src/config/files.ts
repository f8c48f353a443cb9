import { readFileSync } from "node:fs";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { Config } from "./schema.ts";
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
