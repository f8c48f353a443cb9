import { expect, test } from "vitest";
import type { WindowClose } from "../../../src/bridge/window-size.ts";
import { Window } from "../../../src/bridge/window.ts";
import { FakeSpool, pageOf } from "./fakes.ts";

const KEY = { console: "acme", feed: "activities" } as const;
const LONG_MS = 60_000;
const CLOSE: WindowClose = {
  maxEvents: 100,
  maxBytes: 1 << 20,
  ageMs: LONG_MS,
  fewAgeMs: LONG_MS,
  fewEvents: 2,
  quietMs: 20,
};

test(
  "a window that has caught up closes when nothing follows, and not before it has a few events",
  {
    timeout: LONG_MS / 2,
  },
  async () => {
    const soft = new AbortController();
    const spool = new FakeSpool();
    await spool.append(KEY, pageOf(["a"], 0), soft.signal);
    const reader = await spool.reader();
    const first = await reader.read(0, 100, soft.signal);
    using window = new Window(reader, { position: 0, first }, { close: CLOSE }, soft.signal);
    const frames = window.frames(() => undefined);
    await frames.next();
    const second = frames.next();
    // Much longer than it may be quiet: with one event it waits all the same.
    await new Promise((resolve) => setTimeout(resolve, 10 * CLOSE.quietMs));
    await spool.append(KEY, pageOf(["b"], 1), soft.signal);
    expect(await second).toMatchObject({ done: false, value: { count: 1 } });
    expect(await frames.next()).toMatchObject({ done: true });
    expect([window.sent, window.isFull]).toEqual([2, false]);
  },
);

test("a window ends before a batch that stands there already and has more events than it has room for", async () => {
  const soft = new AbortController();
  const spool = new FakeSpool();
  await spool.append(KEY, pageOf(["a", "b", "c", "d"], 0), soft.signal);
  const reader = await spool.reader();
  const first = await reader.read(0, 2, soft.signal);
  reader.upcoming = (position) => Promise.resolve(position === 2 ? 2 : 0);
  using window = new Window(reader, { position: 0, first }, { close: { ...CLOSE, maxEvents: 3 } }, soft.signal);
  const frames = window.frames(() => undefined);
  await frames.next();
  expect(await frames.next()).toMatchObject({ done: true });
  expect([window.sent, window.isFull, reader.asked]).toEqual([2, true, [2]]);
});
