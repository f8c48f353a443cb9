import { type Observable, lastValueFrom, merge, tap } from "rxjs";
import type { WindowReport } from "./delivery.ts";
import type { PageReport } from "./intake.ts";
import type { OwnReport } from "./own-events.ts";

export type Report = PageReport | WindowReport | OwnReport;

/** What runs until the stop, and tells what it has done. */
export type Half = Observable<PageReport> | Observable<WindowReport> | Observable<OwnReport>;

/**
 * Runs both halves until they are stopped. Resolves when all have come to their end; rejects with the first error that
 * can not be tried again, after which the process has to give up: the next start goes on where this one was.
 */
export async function runBridge(halves: readonly Half[], onReport: (report: Report) => void): Promise<void> {
  const all = merge(...(halves as readonly Observable<Report>[])).pipe(tap(onReport));
  await lastValueFrom(all, { defaultValue: undefined });
}
