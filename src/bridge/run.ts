import { type Observable, lastValueFrom, merge, tap } from "rxjs";
import type { WindowReport } from "./delivery.ts";
import type { PageReport } from "./intake.ts";

export type Report = PageReport | WindowReport;

/**
 * Runs both halves until they are stopped. Resolves when all have come to their end; rejects with the first error that
 * can not be tried again, after which the process has to give up: the next start goes on where this one was.
 */
export async function runBridge(
  halves: readonly (Observable<PageReport> | Observable<WindowReport>)[],
  onReport: (report: Report) => void,
): Promise<void> {
  const all = merge(...(halves as readonly Observable<Report>[])).pipe(tap(onReport));
  await lastValueFrom(all, { defaultValue: undefined });
}
