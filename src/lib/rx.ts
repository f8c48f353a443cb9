import { type MonoTypeOperatorFunction, Observable, defer, from, takeUntil } from "rxjs";

/** Runs `work` at each subscription; unsubscribing aborts its signal. */
export function fromAbortable<T>(work: (signal: AbortSignal) => Promise<T>): Observable<T> {
  return fromReporting(async (signal, report) => report(await work(signal)));
}

/** As `fromAbortable`, for work that has something to report as it goes. */
export function fromReporting<T>(
  work: (signal: AbortSignal, report: (value: T) => void) => Promise<void>,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    const controller = new AbortController();
    work(controller.signal, (value) => subscriber.next(value)).then(
      () => subscriber.complete(),
      (error: unknown) => {
        // After an unsubscription nobody listens, and rxjs would report the abort as unhandled.
        if (!controller.signal.aborted) subscriber.error(error);
      },
    );
    return () => controller.abort();
  });
}

/** Emits once, when the signal is aborted; at once when it is already. */
export function aborted(signal: AbortSignal): Observable<void> {
  return defer(() => {
    if (signal.aborted) return from([undefined]);
    return new Observable<void>((subscriber) => {
      const onAbort = (): void => subscriber.next();
      signal.addEventListener("abort", onAbort, { once: true });
      return () => signal.removeEventListener("abort", onAbort);
    });
  });
}

/** Completes when the signal is aborted. Stands last in its pipe, so that nothing behind it goes on. */
export function untilAborted<T>(signal: AbortSignal): MonoTypeOperatorFunction<T> {
  return takeUntil(aborted(signal));
}
