/** A straight line through points, and how sure its slope is. */
export interface Slope {
  readonly perX: number;
  /** 95 of 100 times the true slope lies within so much of it. */
  readonly plusMinus: number;
}

/**
 * Least squares over the means of `groups` neighbours: one sample of a process's memory says much of the next (a collection
 * is due, or was just done), and their number would promise more than they know.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[], groups = 20): Slope {
  const means = meansOf(points, groups);
  const n = means.length;
  const meanX = mean(means.map(([x]) => x));
  const meanY = mean(means.map(([, y]) => y));
  const spread = sum(means.map(([x]) => (x - meanX) ** 2));
  const perX = sum(means.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const left = sum(means.map(([x, y]) => (y - meanY - perX * (x - meanX)) ** 2));
  return { perX, plusMinus: studentT(n - 2) * Math.sqrt(left / (n - 2) / spread) };
}

function meansOf(points: readonly (readonly [number, number])[], groups: number): (readonly [number, number])[] {
  const size = Math.max(1, Math.floor(points.length / groups));
  return Array.from({ length: Math.floor(points.length / size) }, (_, at) => {
    const group = points.slice(at * size, (at + 1) * size);
    return [mean(group.map(([x]) => x)), mean(group.map(([, y]) => y))] as const;
  });
}

/** The two-sided 95 % quantile of Student's t, within 1 % from 3 degrees of freedom on. */
function studentT(degrees: number): number {
  return 1.96 + 2.37 / degrees + 2.82 / degrees ** 2 + 2.55 / degrees ** 3;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
