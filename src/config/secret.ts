import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { SecretSource } from "./schema.ts";

/** A secret can not be read, or what was read can not be one. */
export class SecretError extends BridgeError {
  readonly code = "BRIDGE_CONFIG_SECRET";
  readonly retryable = false;
}

/** Reads a token as it is at this moment. Throws a `SecretError` that names the source, never the value. */
export function readToken(
  source: SecretSource,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const token = readSource(source, env).trim();
  if (token === "") throw new SecretError(`the token is empty: ${nameOf(source)}`);
  // A token becomes an HTTP header: what is inside must be printable ASCII in one piece.
  if (!/^[!-~]+$/.test(token)) {
    throw new SecretError(`the token holds spaces, line breaks or unprintable characters: ${nameOf(source)}`);
  }
  return token;
}

/** Reads a SIEM token, which becomes a MSGID: at most 32 characters (RFC 5424 section 6). */
export function readSiemToken(
  source: SecretSource,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const token = readToken(source, env);
  if (token.length > MAX_MSGID) {
    throw new SecretError(`the token has ${token.length} characters, a MSGID holds ${MAX_MSGID}: ${nameOf(source)}`);
  }
  return token;
}

const MAX_MSGID = 32;

function readSource(source: SecretSource, env: Readonly<Record<string, string | undefined>>): string {
  if ("env" in source) {
    const value = env[source.env];
    if (value === undefined) throw new SecretError(`the token is missing: ${nameOf(source)} is not set`);
    return value;
  }
  try {
    return readFileSync(source.file, "utf8");
  } catch (error) {
    throw new SecretError(`the token can not be read: ${describeError(error)}`, { cause: error });
  }
}

function nameOf(source: SecretSource): string {
  return "env" in source ? `environment variable ${source.env}` : `file ${source.file}`;
}

const REDACTED = "[redacted]";

/** A token that is read anew each time, and shows itself in no log. */
export class Secret {
  readonly source: SecretSource;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(source: SecretSource, env: Readonly<Record<string, string | undefined>> = process.env) {
    this.source = source;
    this.#env = env;
  }

  /** The token as it is at this moment; a file may have been replaced since the last call. */
  read(): string {
    return readToken(this.source, this.#env);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
