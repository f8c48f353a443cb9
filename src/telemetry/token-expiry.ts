import type { Micros } from "../event/time.ts";

const DAY_MS = 86_400_000;

/** A token that nears its end is told of when so many days are left, each once, and when it is over. */
const WARN_DAYS = [0, 1, 7, 30] as const;

/** A console's token, as far as it is known when it ends. */
export interface TokenSource {
  readonly console: string;
  readonly tokenExpiresAt: Micros | undefined;
}

export interface TokenWarning {
  readonly console: string;
  readonly expiresAt: string;
  /** Whole days that are left; 0 on the last, below 0 when it is over. */
  readonly daysLeft: number;
}

/** What an operator sees of a token. */
export interface TokenStatus {
  readonly console: string;
  /** Undefined while nobody has told, or where it never ends. */
  readonly expiresAt: string | undefined;
  readonly daysLeft: number | undefined;
}

/** Watches when the consoles' tokens end. Half a year passes quickly, and only a person can make a new one. */
export class TokenExpiry {
  readonly #sources: () => readonly TokenSource[];
  readonly #now: () => number;
  /** The end that was last warned of and the days left then, by console: a new token is warned of anew. */
  readonly #warned = new Map<string, { readonly expiresAt: Micros; readonly days: number }>();

  constructor(sources: () => readonly TokenSource[], now: () => number = Date.now) {
    this.#sources = sources;
    this.#now = now;
  }

  /** The warnings that are due since the last call. */
  due(): TokenWarning[] {
    return this.#sources().flatMap(({ console, tokenExpiresAt }) => {
      if (tokenExpiresAt === undefined) return [];
      const leftMs = tokenExpiresAt / 1000 - this.#now();
      const days = WARN_DAYS.find((limit) => leftMs <= limit * DAY_MS);
      const warned = this.#warned.get(console);
      if (days === undefined || (warned?.expiresAt === tokenExpiresAt && warned.days <= days)) return [];
      this.#warned.set(console, { expiresAt: tokenExpiresAt, days });
      return [{ console, ...told(tokenExpiresAt, leftMs) }];
    });
  }

  status(): TokenStatus[] {
    return this.#sources().map(({ console, tokenExpiresAt }) => ({
      console,
      expiresAt: undefined,
      daysLeft: undefined,
      ...(tokenExpiresAt === undefined ? {} : told(tokenExpiresAt, tokenExpiresAt / 1000 - this.#now())),
    }));
  }

  /** For the metric: consoles whose token's end is known. */
  known(): { readonly console: string; readonly expiresAtSeconds: number }[] {
    return this.#sources().flatMap(({ console, tokenExpiresAt }) =>
      tokenExpiresAt === undefined ? [] : [{ console, expiresAtSeconds: tokenExpiresAt / 1e6 }],
    );
  }
}

function told(expiresAt: Micros, leftMs: number): { expiresAt: string; daysLeft: number } {
  return { expiresAt: new Date(expiresAt / 1000).toISOString(), daysLeft: Math.floor(leftMs / DAY_MS) };
}
