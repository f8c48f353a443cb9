import type { Micros } from "../event/time.ts";

const DAY_MS = 86_400_000;

/** A step on the way to a token's end: from `days` left on it is this bad, to the log and to the SIEM alike. */
export interface TokenStep {
  readonly days: number;
  /** Of the notice that the SIEM gets, and how often it gets one. */
  readonly severity: number;
  readonly atMostEveryMs: number;
}

/** Nearest to the end first. */
const STEPS: readonly TokenStep[] = [
  { days: 0, severity: 8, atMostEveryMs: DAY_MS },
  { days: 1, severity: 8, atMostEveryMs: DAY_MS },
  { days: 7, severity: 6, atMostEveryMs: DAY_MS },
  { days: 30, severity: 3, atMostEveryMs: 7 * DAY_MS },
];

/** Where a token stands that has so much time left; undefined while its end is far. */
export function tokenStep(leftMs: number): TokenStep | undefined {
  return STEPS.find(({ days }) => leftMs <= days * DAY_MS);
}

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
      const days = tokenStep(leftMs)?.days;
      const warned = this.#warned.get(console);
      if (days === undefined || (warned?.expiresAt === tokenExpiresAt && warned.days <= days)) return [];
      this.#warned.set(console, { expiresAt: tokenExpiresAt, days });
      return [{ console, ...told(tokenExpiresAt, leftMs) }];
    });
  }
}

function told(expiresAt: Micros, leftMs: number): { expiresAt: string; daysLeft: number } {
  return { expiresAt: new Date(expiresAt / 1000).toISOString(), daysLeft: Math.floor(leftMs / DAY_MS) };
}
