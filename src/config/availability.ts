import { ConfigError, formatPath, sortFaults, type Fault } from "./fault.ts";
import type { LoadedConfig } from "./load.ts";
import { parsePath, schemaAt } from "./reference.ts";
import type { Config } from "./schema.ts";
import type { Path } from "./values.ts";

/** A key or value that the configuration knows and this release does not do. */
interface Later {
  /** As in `collectors[].confirm`. */
  readonly key: string;
  /** The values that come later; without it, the key as a whole. */
  readonly values?: readonly string[];
  /** Whether a parsed value asks for it. Without it: any of `values`, or any value at all. */
  readonly asks?: (value: unknown) => boolean;
}

/** What this release does not do. Whoever builds a function deletes its row. */
const LATER: readonly Later[] = [];

/** A key that is valid and asks for what this release does not do. */
export interface Unavailable {
  readonly path: Path;
  readonly message: string;
}

/** What the configuration asks for and this release does not do; empty when it can run. */
export function unavailable(config: Config): readonly Unavailable[] {
  return LATER.flatMap(({ key, values, asks = (value) => values?.includes(String(value)) ?? true }) =>
    [...valuesAt(config, key)]
      .filter(([, value]) => value !== undefined && asks(value))
      .map(([path, value]) => ({
        path,
        message: values === undefined ? "not available yet" : `${String(value)} is not available yet`,
      })),
  );
}

/** As `unavailable`, with the places in the file, in its order. */
export function unavailableFaults({ config, file, locate }: LoadedConfig): readonly Fault[] {
  const faults = unavailable(config).map(({ path, message }) => ({
    file,
    ...locate(path),
    path: formatPath(path),
    message,
  }));
  return sortFaults(faults);
}

/** Throws a `ConfigError` when the configuration asks for what this release does not do. */
export function requireAvailable(loaded: LoadedConfig): void {
  const faults = unavailableFaults(loaded);
  if (faults.length > 0) throw new ConfigError(faults);
}

/** Whether a key as a whole comes later, or else its values that do. For the reference page and the example. */
export function comesLater(key: string): boolean | readonly string[] {
  const row = LATER.find((later) => later.key === key);
  if (row !== undefined) return row.values ?? true;
  const children = Object.keys(schemaAt(parsePath(key))?.properties ?? {});
  return children.length > 0 && children.every((child) => comesLater(`${key}.${child}`) === true);
}

function* valuesAt(config: Config, key: string): Generator<readonly [Path, unknown]> {
  yield* descend(config, [], key.replaceAll("[]", ".[]").split("."));
}

function* descend(value: unknown, path: Path, [step, ...rest]: readonly string[]): Generator<readonly [Path, unknown]> {
  if (step === undefined) yield [path, value];
  else if (step === "[]" && Array.isArray(value)) {
    for (const [index, entry] of value.entries()) yield* descend(entry, [...path, index], rest);
  } else if (typeof value === "object" && value !== null) {
    yield* descend((value as Record<string, unknown>)[step], [...path, step], rest);
  }
}
