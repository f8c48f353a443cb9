import type { StopSignals } from "../bridge/ports.ts";
import { BridgeError } from "../lib/errors.ts";

/** How long a window in flight may take to be confirmed once a stop is asked for; supervisors wait for 10 s at least. */
const GRACE_MS = 8000;

export interface Stop extends StopSignals {
  /** Asks for the stop: soft now, hard after the grace; a second call is hard at once. */
  request(): void;
  /** Forgets the timer and the signal handlers. */
  dispose(): void;
}

/** `onLimit`: the grace is over, and what is in flight is broken off. */
export function createStop(onLimit: () => void = () => undefined, graceMs: number = GRACE_MS): Stop {
  const soft = new AbortController();
  const hard = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    soft: soft.signal,
    hard: hard.signal,
    request: () => {
      if (soft.signal.aborted) hard.abort();
      soft.abort();
      timer ??= setTimeout(() => {
        if (!hard.signal.aborted) onLimit();
        hard.abort();
      }, graceMs);
    },
    dispose: () => clearTimeout(timer),
  };
}

export interface StopTold {
  readonly onSignal: (signal: NodeJS.Signals, isSecond: boolean) => void;
  readonly onLimit?: () => void;
}

/** A stop that SIGTERM and SIGINT ask for. */
export function stopOnSignals({ onSignal, onLimit }: StopTold): Stop {
  const stop = createStop(onLimit);
  const handle = (signal: NodeJS.Signals): void => {
    onSignal(signal, stop.soft.aborted);
    stop.request();
  };
  process.on("SIGTERM", handle);
  process.on("SIGINT", handle);
  return {
    ...stop,
    dispose: () => {
      stop.dispose();
      process.off("SIGTERM", handle);
      process.off("SIGINT", handle);
    },
  };
}

/** The command was stopped before its end. */
export class StoppedError extends BridgeError {
  readonly code = "BRIDGE_STOPPED";
  readonly retryable = false;
}

/** A signal that is aborted by Ctrl-C or SIGTERM, for a command that ends at once. */
export function interrupted(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals): void => controller.abort(new StoppedError(`stopped by ${signal}`));
  process.on("SIGTERM", handle);
  process.on("SIGINT", handle);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off("SIGTERM", handle);
      process.off("SIGINT", handle);
    },
  };
}
