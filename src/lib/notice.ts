/** Wakes all that wait, each time something is told. Nothing is kept: who waits looks at the state again. */
export class Notice {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next `tell`, or after `maxMs`. Rejects with the signal's reason when it is aborted before. */
  wait(signal: AbortSignal, maxMs?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const settle = (): void => {
        this.#waiting.delete(settle);
        clearTimeout(timer);
        signal.removeEventListener("abort", settle);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      const timer = maxMs === undefined ? undefined : setTimeout(settle, maxMs);
      this.#waiting.add(settle);
      signal.addEventListener("abort", settle, { once: true });
    });
  }
}
