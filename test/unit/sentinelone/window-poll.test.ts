import { expect, test } from "vitest";
import type { Micros } from "../../../src/event/time.ts";
import { WindowPoll } from "../../../src/sentinelone/window-poll.ts";

const WINDOW = { from: 100, to: 900, readBefore: 500, sure: 900 } as Record<
  "from" | "to" | "readBefore" | "sure",
  Micros
>;

/** A page of so many records, the last of them of this time. */
function read(poll: WindowPoll, count: number, last: number, cursor?: string): ReturnType<WindowPoll["advance"]> {
  poll.see(last as Micros);
  return poll.advance({ count, limit: 10 }, cursor);
}

test("a window read in order brings the checkpoint as far as each page, and in the end to its end", () => {
  const poll = new WindowPoll(WINDOW);
  expect(poll.place).toEqual({ from: 100, to: 900, cursor: undefined });
  expect(read(poll, 10, 600, "next")).toEqual({ hasMore: true, reached: 600 });
  expect(poll.place.cursor).toBe("next");
  expect(read(poll, 3, 700)).toEqual({ hasMore: false, reached: 900 });
});

test("what is new is read before the overlap, and the checkpoint moves when both are read", () => {
  const poll = new WindowPoll(WINDOW, "new first");
  expect(poll.place).toEqual({ from: 500, to: 900, cursor: undefined });
  expect(read(poll, 10, 800, "a")).toEqual({ hasMore: true, reached: undefined });
  expect(read(poll, 4, 850)).toEqual({ hasMore: true, reached: undefined });
  expect(poll.place).toEqual({ from: 100, to: 500, cursor: undefined });
  // A cursor that was used before is none that leads in a circle: it is another list.
  expect(read(poll, 10, 300, "a")).toEqual({ hasMore: true, reached: undefined });
  expect(read(poll, 2, 480)).toEqual({ hasMore: false, reached: 900 });
});

test("an overlap that breaks off leaves the checkpoint where it was", () => {
  const poll = new WindowPoll(WINDOW, "new first");
  read(poll, 1, 850);
  read(poll, 0, 0, "b");
  expect(read(poll, 0, 0, "c")).toEqual({ hasMore: false, reached: undefined });
});

test("new records that break off count as far as the last of them", () => {
  const poll = new WindowPoll(WINDOW, "new first");
  read(poll, 10, 700, "a");
  // The same cursor again: a new list from the last record on, which tells nothing new and leads in the same circle.
  read(poll, 10, 700, "a");
  read(poll, 10, 700, "a");
  expect(read(poll, 10, 700, "a")).toEqual({ hasMore: true, reached: undefined });
  expect(poll.place).toEqual({ from: 100, to: 500, cursor: undefined });
  expect(read(poll, 1, 200)).toEqual({ hasMore: false, reached: 700 });
});

test("the checkpoint goes no further than the clock is sure of", () => {
  const sure = 850 as Micros;
  const poll = new WindowPoll({ ...WINDOW, sure }, "new first");
  read(poll, 1, 860);
  expect(read(poll, 1, 200).reached).toBe(850);
  expect(read(new WindowPoll({ ...WINDOW, sure }), 1, 860).reached).toBe(850);
});
