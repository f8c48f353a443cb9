import { type MonoTypeOperatorFunction, retry, timer } from "rxjs";
import { type Backoff, backoffDelay } from "../lib/backoff.ts";
import { BridgeError } from "../lib/errors.ts";
import { untilAborted } from "../lib/rx.ts";

export interface Fault {
  readonly error: unknown;
  /** 1 for the first failure since the last success. */
  readonly attempt: number;
  readonly retryInMs: number;
}

/**
 * Subscribes again after an error, with a capped back-off and never sooner than the error asks for. Each fault is told.
 *
 * Only an error that says of itself that trying again can not help goes through, and ends the bridge; a foreign one, a bug
 * of ours, is tried again as well: no fault of one feed or collector stops another.
 */
export function retryWithBackoff<T>(
  backoff: Backoff,
  stop: AbortSignal,
  onFault: (fault: Fault) => void,
): MonoTypeOperatorFunction<T> {
  return retry({
    resetOnSuccess: true,
    delay: (error: unknown, attempt) => {
      if (error instanceof BridgeError && !error.retryable) throw error;
      const asked = error instanceof BridgeError ? (error.retryAfterMs ?? 0) : 0;
      const retryInMs = Math.max(asked, backoffDelay(backoff, attempt));
      onFault({ error, attempt, retryInMs });
      return timer(retryInMs).pipe(untilAborted(stop));
    },
  });
}
