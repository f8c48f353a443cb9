/** A row of the bench: something that is measured by itself. */
export interface Row {
  readonly name: string;
  /** What it is about, for `--help` and the progress. */
  readonly about: string;
  run(sizes: Sizes, progress: Progress): Promise<Measured>;
}

export interface Sizes {
  readonly events: number;
  readonly behind: number;
  /** Up to how many events the spool alone is watched growing. */
  readonly growth: number;
  readonly soakMinutes: number;
}

/** Says what is being done now. */
export type Progress = (text: string) => void;

export interface Measured {
  /** For programs. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly lines: readonly string[];
  readonly targets?: readonly Target[];
}

/** What was to be reached, and whether it was. */
export interface Target {
  readonly target: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export function atLeast(what: string, least: number, measured: number, show: (value: number) => string): Target {
  return { target: `${what}: at least ${show(least)}`, measured: show(measured), isMet: measured >= least };
}

export function under(what: string, limit: number, measured: number, show: (value: number) => string): Target {
  return { target: `${what}: under ${show(limit)}`, measured: show(measured), isMet: measured < limit };
}

/** Processes may not have more resident, in any phase. */
export const MOST_RESIDENT_BYTES = 150e6;

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

export function mb(bytes: number): string {
  return `${whole(bytes / 1e6)} MB`;
}

export function ms(value: number): string {
  return `${whole(value)} ms`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 2 : 0)} %`;
}

export function ratio(value: number): string {
  return value.toFixed(2);
}

export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
