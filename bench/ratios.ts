/** Ratios of one machine to itself: they say the same on a fast and on a slow one. */
export interface Ratios {
  /** End to end with TLS, against the loop with exact integers. */
  readonly endToEnd: number;
  /** Draining to rsyslog over TCP, against rsyslog's own forwarder. */
  readonly drain: number;
}

/** A ratio that falls by more than this is no noise. */
const FALL = 0.3;

/** In words, each ratio that has fallen too far behind the recorded one. */
export function fallen(recorded: Ratios, measured: Ratios): readonly string[] {
  return (["endToEnd", "drain"] as const).flatMap((name) => {
    const least = recorded[name] * (1 - FALL);
    if (measured[name] >= least) return [];
    return [
      `${name}: ${measured[name].toFixed(2)}, recorded ${recorded[name].toFixed(2)}, at least ${least.toFixed(2)}`,
    ];
  });
}
