import type { ConsoleFacts } from "../bridge/bridge.ts";

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

export interface TokenWarning {
  readonly console: string;
  readonly expiresAt: string;
  /** Whole days that are left; 0 on the last, below 0 when it is over. */
  readonly daysLeft: number;
}

type Token = Pick<ConsoleFacts, "console" | "tokenExpiresMs">;

/** Watches when the consoles' tokens end. Half a year passes quickly, and only a person can make a new one. */
export class TokenExpiry {
  readonly #consoles: () => readonly Token[];
  readonly #now: () => number;
  /** The end that was last warned of and the days left then, by console: a new token is warned of anew. */
  readonly #warned = new Map<string, { readonly expiresMs: number; readonly days: number }>();

  constructor(consoles: () => readonly Token[], now: () => number = Date.now) {
    this.#consoles = consoles;
    this.#now = now;
  }

  /** The warnings that are due since the last call. */
  due(): TokenWarning[] {
    return this.#consoles().flatMap(({ console, tokenExpiresMs }) => {
      if (tokenExpiresMs === undefined) return [];
      const leftMs = tokenExpiresMs - this.#now();
      const days = tokenStep(leftMs)?.days;
      const warned = this.#warned.get(console);
      if (days === undefined || (warned?.expiresMs === tokenExpiresMs && warned.days <= days)) return [];
      this.#warned.set(console, { expiresMs: tokenExpiresMs, days });
      return [{ console, expiresAt: new Date(tokenExpiresMs).toISOString(), daysLeft: Math.floor(leftMs / DAY_MS) }];
    });
  }
}
