import { linkedTo } from "./signals.ts";

/**
 * The results of `work` in the order of the items, several of them worked on at once. When one fails, or nobody wants more,
 * the signal of the others is aborted and their end waited for.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): AsyncGenerator<R> {
  using linked = linkedTo(signal);
  const running: Promise<R>[] = [];
  try {
    for (const item of items) {
      const one = work(item, linked.signal);
      // Its turn to be told comes later.
      one.catch(() => undefined);
      running.push(one);
      if (running.length < atOnce) continue;
      const first = running.shift();
      if (first !== undefined) yield await first;
    }
    for (const one of running) yield await one;
  } finally {
    linked.abort();
    await Promise.allSettled(running);
  }
}
