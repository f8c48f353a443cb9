import { beforeEach, describe, expect, test } from "vitest";
import { ConsoleClock } from "../../../src/sentinelone/clock.ts";

const NOON = Date.UTC(2026, 10, 21, 12);

let wall: number;
let monotonic: number;
let clock: ConsoleClock;

beforeEach(() => {
  wall = NOON + 300;
  monotonic = 5000;
  clock = new ConsoleClock(
    () => wall,
    () => monotonic,
  );
});

function date(ms: number): string {
  return new Date(ms).toUTCString();
}

function nowMs(): number {
  return (clock.now() ?? 0) / 1000;
}

function pass(ms: number): void {
  wall += ms;
  monotonic += ms;
}

describe("the console's clock", () => {
  test("is not known before the console has answered, nor by an answer without Date", () => {
    for (const header of [undefined, "", "yesterday"]) clock.set(header);
    expect(clock.now()).toBeUndefined();
    expect(clock.skewMs).toBe(0);
  });

  test("is ours where both agree within the second that Date can tell", () => {
    clock.set(date(NOON));
    expect(nowMs()).toBe(NOON + 300);
    expect(clock.skewMs).toBe(0);
  });

  test.each([10, -10])("is the console's where that is %i minutes ahead", (minutes) => {
    const theirs = NOON + minutes * 60_000;
    clock.set(date(theirs));
    expect(nowMs()).toBe(theirs);
    expect(clock.skewMs).toBe(minutes * 60_000 - 300);
  });

  test("is never ahead of the console by more than an answer's way", () => {
    for (const ourLead of [-5000, -1000, -1, 0, 1, 999, 1000, 1499, 1500, 5000]) {
      // The console's own time is anywhere within the second that it tells.
      wall = NOON + ourLead;
      clock.set(date(NOON));
      expect(nowMs()).toBeLessThan(NOON + 1500);
      expect(nowMs()).toBeGreaterThanOrEqual(NOON);
    }
  });

  test("goes on between answers", () => {
    clock.set(date(NOON));
    pass(90_000);
    expect(nowMs()).toBe(NOON + 90_300);
  });

  test("does not jump when our wall clock does", () => {
    clock.set(date(NOON));
    pass(1000);
    wall += 3_600_000;
    expect(nowMs()).toBe(NOON + 1300);
    clock.set(date(NOON + 1000));
    expect(nowMs()).toBe(NOON + 1000);
    expect(clock.skewMs).toBe(-3_600_300);
    wall -= 2 * 3_600_000;
    pass(1000);
    expect(nowMs()).toBe(NOON + 2000);
  });

  test("stays where it was when a later answer has no Date", () => {
    clock.set(date(NOON - 600_000));
    pass(1000);
    clock.set(undefined);
    expect(nowMs()).toBe(NOON - 599_000);
  });
});

describe("the time that is safe to go on from", () => {
  const START = Date.UTC(2026, 10, 21, 12);
  const MINUTE = 60_000;
  let elapsedMs: number;
  let jumping: ConsoleClock;

  /** An answer whose `Date` is so far from where the console's clock began. */
  function answer(afterMinutes: number, aheadMinutes = 0): void {
    elapsedMs = afterMinutes * MINUTE;
    jumping.set(new Date(START + (afterMinutes + aheadMinutes) * MINUTE).toUTCString());
  }

  function minutes(time: number | undefined): number {
    return ((time ?? Number.NaN) / 1000 - START) / MINUTE;
  }

  beforeEach(() => {
    jumping = new ConsoleClock(
      () => 0,
      () => elapsedMs,
    );
    answer(0);
  });

  test("is the console's while its clock goes on as time does", () => {
    answer(10);
    expect(minutes(jumping.surely())).toBe(10);
  });

  test("does not follow a clock that jumps ahead, until it has been so for a quarter of an hour", () => {
    answer(1, 60);
    expect([minutes(jumping.now()), minutes(jumping.surely())]).toEqual([61, 1]);
    answer(14, 60);
    expect(minutes(jumping.surely())).toBe(14);
    answer(17, 60);
    expect(minutes(jumping.surely())).toBe(77);
  });

  test("follows one that is set back at once", () => {
    answer(1, -30);
    expect([minutes(jumping.now()), minutes(jumping.surely())]).toEqual([-29, -29]);
    answer(2);
    expect(minutes(jumping.surely())).toBe(-28);
  });
});
