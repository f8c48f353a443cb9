/** The course of a number as the paths of a small picture. Pure. */
export interface Sparkline {
  /** The line; empty where there is nothing to draw. */
  readonly line: string;
  /** The same, closed down to the bottom. */
  readonly area: string;
  readonly max: number;
}

export const WIDTH = 120;
export const HEIGHT = 26;

/** Room for the line's own width. */
const MARGIN = 1.5;

/** A young bridge has few values: they stand at the right of at least so many. */
const LEAST_STEPS = 30;

export interface Scale {
  /** What fills the height at least: a wave of a second is no mountain. */
  readonly least: number;
}

export function sparkline(values: readonly (number | null)[], { least }: Scale): Sparkline {
  const max = Math.max(0, ...values.filter((value) => value !== null));
  const steps = Math.max(LEAST_STEPS, values.length) - 1;
  const firstStep = steps - (values.length - 1);
  const x = (at: number): string => fixed(((firstStep + at) / steps) * WIDTH);
  const y = (value: number): string => fixed(HEIGHT - MARGIN - (value / Math.max(max, least)) * (HEIGHT - 2 * MARGIN));
  const runs = runsOf(values).map((run) => run.map(({ at, value }) => `${x(at)} ${y(value)}`));
  return {
    line: runs.map((points) => `M${points.join("L")}${points.length === 1 ? "h0.1" : ""}`).join(""),
    area: runs
      .map((points) => {
        const [first, last] = [points[0]?.split(" ")[0], points.at(-1)?.split(" ")[0]];
        return `M${first} ${HEIGHT}L${points.join("L")}L${last} ${HEIGHT}Z`;
      })
      .join(""),
    max,
  };
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** What is known without a gap. */
function runsOf(values: readonly (number | null)[]): readonly (readonly Point[])[] {
  const runs: Point[][] = [];
  let isOpen = false;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    if (!isOpen) runs.push([]);
    isOpen = true;
    runs.at(-1)?.push({ at, value });
  }
  return runs;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
