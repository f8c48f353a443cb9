/** A row of the bench: something that is measured by itself. */
export interface Row {
  readonly name: string;
  /** What it is about, for `--help` and the progress. */
  readonly about: string;
  run(sizes: Sizes): Promise<Measured>;
}

export interface Sizes {
  readonly events: number;
  readonly behind: number;
}

export interface Measured {
  /** For programs. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly lines: readonly string[];
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

export function mb(bytes: number): string {
  return `${whole(bytes / 1e6)} MB`;
}

export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
