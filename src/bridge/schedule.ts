import { createTask } from "node-cron";
import { Observable, of, timer } from "rxjs";
import type { PollSchedule } from "./intake.ts";

/** A poll every `intervalMs`, counted from the beginning of the one before; at once when that took longer. */
export function every(intervalMs: number): PollSchedule {
  return {
    first: () => of(undefined),
    next: (startedAtMs) => timer(Math.max(0, startedAtMs + intervalMs - performance.now())),
  };
}

/** A poll whenever the cron expression says so, in local time. */
export function cron(expression: string): PollSchedule {
  const tick = (): Observable<unknown> =>
    new Observable((subscriber) => {
      const task = createTask(expression, () => {
        subscriber.next(undefined);
        subscriber.complete();
      });
      void task.start();
      return () => void task.destroy();
    });
  return { first: tick, next: tick };
}
