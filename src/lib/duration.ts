/** A span of time in milliseconds. */
export type Milliseconds = number;

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const DURATION = /^(\d{1,12})(ms|s|m|h|d)$/;

/** Reads `30s`, `5m`, `24h`, `7d`, `500ms`. Undefined for anything else. */
export function parseDuration(text: string): Milliseconds | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** The shortest text that `parseDuration` reads back as the same span. */
export function formatDuration(ms: Milliseconds): string {
  if (ms === 0) return "0s";
  const units = Object.entries(UNIT_MS).reverse();
  const [unit, size] = units.find(([, unitMs]) => ms % unitMs === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}
