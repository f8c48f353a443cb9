/**
 * The base of all errors that we raise ourselves. `code` never changes: operators alert on it, docs/errors.md explains
 * it. The message is prose and may change.
 */
export abstract class BridgeError extends Error {
  abstract readonly code: string;
  /** The error answers whether trying again may help, so that no caller keeps a list of codes. */
  abstract readonly retryable: boolean;
  /** The least wait before another try; undefined leaves it to the back-off. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { retryAfterMs, ...options }: BridgeErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface BridgeErrorOptions extends ErrorOptions {
  readonly retryAfterMs?: number | undefined;
}

/** The text of an error, a foreign one with its code, for messages and log fields; never throws. */
export function describeError(error: unknown): string {
  if (error instanceof BridgeError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const message = error.message === "" && error.cause !== undefined ? describeError(error.cause) : error.message;
  return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}
