import { type Observable, catchError, defer, ignoreElements, of, repeat, timer } from "rxjs";
import { fromAbortable, untilAborted } from "../lib/rx.ts";
import type { TypeName } from "./ports.ts";

/** Types come with the releases of a console; one that did not answer is asked again sooner. */
const DAY_MS = 86_400_000;
const AGAIN_MS = 10 * 60_000;

/**
 * Reads what a console calls its activity types at the start and once a day, and stores it. Without it the built-in names
 * serve: a failure is no fault of a feed, and stops nothing.
 */
export function learnTypes(
  read: (signal: AbortSignal) => Promise<readonly TypeName[]>,
  store: (names: readonly TypeName[]) => Promise<void>,
  stop: AbortSignal,
): Observable<never> {
  let waitMs = DAY_MS;
  return defer(() => {
    waitMs = DAY_MS;
    return fromAbortable(async (signal) => {
      const names = await read(signal);
      if (names.length > 0) await store(names);
    });
  }).pipe(
    catchError(() => {
      waitMs = AGAIN_MS;
      return of(undefined);
    }),
    repeat({ delay: () => timer(waitMs).pipe(untilAborted(stop)) }),
    ignoreElements(),
    untilAborted(stop),
  );
}
