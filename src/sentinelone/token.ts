import { type Micros, microsFromMs, parseTime } from "../event/time.ts";

/**
 * The API token of a console: read anew for each request, so that one that was replaced is taken without a restart and
 * without a refusal. While it can not be read, in the middle of its replacement say, the last one counts.
 */
export class ConsoleToken {
  readonly #read: () => string;
  #last: string | undefined;
  #told: { readonly token: string; readonly expiresAt: Micros | undefined } | undefined;

  constructor(read: () => string) {
    this.#read = read;
  }

  /** Throws when it can not be read and never could. */
  current(): string {
    try {
      this.#last = this.#read();
    } catch (error) {
      if (this.#last === undefined) throw error;
    }
    return this.#last;
  }

  /** When the token in use expires; undefined while nobody has told, or where it never does. */
  get expiresAt(): Micros | undefined {
    if (this.#last === undefined) return undefined;
    return jwtExpiry(this.#last) ?? (this.#told?.token === this.#last ? this.#told.expiresAt : undefined);
  }

  /** Whether only the console can tell when this token expires, and has not been asked yet. */
  get isUntold(): boolean {
    return this.#last !== undefined && jwtExpiry(this.#last) === undefined && this.#told?.token !== this.#last;
  }

  /** Has the console asked again what it did not tell: a permission may have been given since. */
  askAgain(): void {
    if (this.#told?.expiresAt === undefined) this.#told = undefined;
  }

  /** What the console has told of a token. */
  tell(token: string, expiresAt: Micros | undefined): void {
    this.#told = { token, expiresAt };
  }
}

/** The time in a JSON Web Token, which newer tokens are: its signature is the console's business. */
export function jwtExpiry(token: string): Micros | undefined {
  const [, claims] = /^eyJ[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  if (claims === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { exp?: unknown };
    return typeof exp === "number" && Number.isFinite(exp) && exp > 0 ? microsFromMs(exp * 1000) : undefined;
  } catch {
    // It only looked like one.
    return undefined;
  }
}

/** `{apiToken: {expiresAt}}` of `/user`, or `{expiresAt}` of `/users/{id}/api-token-details`. */
export function toldExpiry(data: unknown): Micros | undefined {
  const { apiToken, expiresAt } = (data ?? {}) as { apiToken?: { expiresAt?: unknown } | null; expiresAt?: unknown };
  return parseTime(apiToken?.expiresAt ?? expiresAt);
}
