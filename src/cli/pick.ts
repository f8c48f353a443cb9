import { closest } from "../lib/suggest.ts";
import { UsageError } from "./usage-error.ts";

/** All of them, or the one that is named; throws a `UsageError` when there is none of that name. */
export function pick<T>(
  what: string,
  all: readonly T[],
  nameOf: (entry: T) => string,
  name: string | undefined,
): readonly T[] {
  if (name === undefined) return all;
  const names = all.map(nameOf);
  if (!names.includes(name)) {
    const meant = closest(name, names);
    throw new UsageError(
      `no ${what} is named "${name}"; ${meant === undefined ? `there is ${names.join(", ")}` : `did you mean "${meant}"?`}`,
    );
  }
  return all.filter((entry) => nameOf(entry) === name);
}
