import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { Room } from "../../../src/lib/room.ts";

const NEVER = new AbortController().signal;

/** What has been let in, by its name. */
function guests(room: Room): {
  readonly inside: string[];
  readonly ask: (name: string, signal?: AbortSignal) => Promise<() => void>;
} {
  const inside: string[] = [];
  const ask = async (name: string, signal = NEVER): Promise<() => void> => {
    const leave = await room.enter(signal);
    inside.push(name);
    return leave;
  };
  return { inside, ask };
}

test("lets in as many as it has places for, and the others in their order", async () => {
  const { inside, ask } = guests(new Room({ places: 2, patienceMs: 60_000 }));
  const leave = await ask("a");
  await ask("b");
  const [c, d] = [ask("c"), ask("d")];
  await sleep(5);
  expect(inside).toEqual(["a", "b"]);
  leave();
  leave();
  (await c)();
  await d;
  expect(inside).toEqual(["a", "b", "c", "d"]);
});

test("keeps nobody out for those who stay too long", async () => {
  vi.useFakeTimers();
  try {
    const { inside, ask } = guests(new Room({ places: 1, patienceMs: 1000 }));
    const leave = await ask("a");
    await vi.advanceTimersByTimeAsync(500);
    const waiting = [ask("b"), ask("c"), ask("d")];
    await vi.advanceTimersByTimeAsync(499);
    expect(inside).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(2);
    // The place of "a" is the one of "b" now.
    leave();
    await vi.advanceTimersByTimeAsync(490);
    expect(inside).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(10);
    expect(inside).toEqual(["a", "b", "c", "d"]);
    await Promise.all(waiting);
  } finally {
    vi.useRealTimers();
  }
});

test("lets nobody wait for one that has given up", async () => {
  const { inside, ask } = guests(new Room({ places: 1, patienceMs: 60_000 }));
  const leave = await ask("a");
  const stop = new AbortController();
  const given = ask("b", stop.signal);
  const c = ask("c");
  stop.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  leave();
  await c;
  expect(inside).toEqual(["a", "c"]);
});
