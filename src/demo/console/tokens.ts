/** What a token may do. Left out: everything, everywhere, for ever. */
export interface Grant {
  /** The token is one of these sites; it sees their records only. */
  readonly sites?: readonly string[];
  /** Permissions that its role lacks, as the vendor names them: `Users.view`. */
  readonly lacks?: readonly string[];
  /** In the console's time. */
  readonly expiresAtMs?: number;
  /** Its own user: `/user`. A service user's token is not told there, only by the id. */
  readonly userId?: string;
  readonly serviceUser?: boolean;
}

/** The tokens that are valid now. */
export class Tokens {
  readonly #grants = new Map<string, Grant>();

  add(token: string, grant: Grant = {}): void {
    this.#grants.set(token, grant);
  }

  delete(token: string): void {
    this.#grants.delete(token);
  }

  clear(): void {
    this.#grants.clear();
  }

  /** Undefined for a token that is not known, or has expired. */
  grantOf(token: string, nowMs: number): Grant | undefined {
    const grant = this.#grants.get(token);
    return grant?.expiresAtMs !== undefined && grant.expiresAtMs <= nowMs ? undefined : grant;
  }

  /** The grant of a user, whether it has expired or not. */
  ofUser(id: string): Grant | undefined {
    return [...this.#grants.values()].find(({ userId }) => userId === id);
  }
}
