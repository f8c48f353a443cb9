import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Logger } from "../../../src/telemetry/log.ts";
import type { BridgeStatus } from "../../../src/telemetry/status.ts";
import { type Supervised, Supervisor } from "../../../src/telemetry/supervisor.ts";

const READY = {
  ready: true,
  reasons: [],
  feeds: [{ lagSeconds: 12.4 }],
  collectors: [{ eventsPerMinute: 30 }],
  spool: { events: 7 },
} as unknown as BridgeStatus;

const logged: unknown[] = [];
const log = {
  warn: (fields: unknown) => logged.push(fields),
  error: (fields: unknown) => logged.push(fields),
} as unknown as Logger;

let sent: string[][] = [];

function supervise(
  env: Record<string, string> = {},
  send = async (fields: readonly string[]) => void sent.push([...fields]),
) {
  const made = Supervisor.from({ env: { NOTIFY_SOCKET: "/run/notify", ...env }, log, send, pid: 42 });
  if (made === undefined) throw new Error("no supervisor");
  return made;
}

function bridge(parts: Partial<Supervised> = {}): Supervised {
  return { status: () => Promise.resolve(READY), standstills: () => [], ...parts };
}

const isAlive = (): boolean => sent.flat().includes("WATCHDOG=1");

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  logged.length = 0;
});
afterEach(() => void vi.useRealTimers());

test("without NOTIFY_SOCKET there is nobody to tell", () => {
  expect(Supervisor.from({ env: {}, log })).toBeUndefined();
});

test("it is ready when the bridge runs, and not while the spool is opened; then more time is asked for", async () => {
  using supervisor = supervise();
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.flat()).toContain("EXTEND_TIMEOUT_USEC=120000000");
  expect(sent.flat()).not.toContain("READY=1");
  supervisor.begin(bridge());
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.slice(1)).toEqual([
    ["READY=1", "STATUS=started"],
    ["STATUS=ready: 1 feeds, 1 collectors, 30 events/min confirmed, 7 waiting, lag 12 s", "WATCHDOG=1"],
  ]);
});

test("until it is ready for the first time, how it is is told after 1, 2, 4, … s, and not more often than ever after", async () => {
  let ready = false;
  using supervisor = supervise();
  supervisor.begin(bridge({ status: () => Promise.resolve({ ...READY, ready, reasons: ["no page yet"] }) }));
  const count = async (ms: number): Promise<number> => {
    sent = [];
    await vi.advanceTimersByTimeAsync(ms);
    return sent.length;
  };
  await vi.advanceTimersByTimeAsync(0);
  expect(await count(7000)).toBe(3);
  ready = true;
  await vi.advanceTimersByTimeAsync(8000);
  expect(sent.at(-1)?.[0]).toMatch(/^STATUS=ready/);
  expect(await count(45_000)).toBe(2);
});

describe("a sign of life", () => {
  test("is given three times within what the watchdog allows", async () => {
    using supervisor = supervise({ WATCHDOG_USEC: "6000000", WATCHDOG_PID: "42" });
    supervisor.begin(bridge());
    await vi.advanceTimersByTimeAsync(0);
    sent = [];
    await vi.advanceTimersByTimeAsync(6000);
    expect(sent.filter((fields) => fields.includes("WATCHDOG=1"))).toHaveLength(3);
  });

  test("is not given while something stands still; that is logged once, and it is given again when it moves", async () => {
    let stuck = ["acme/threats has not moved"];
    using supervisor = supervise();
    await vi.advanceTimersByTimeAsync(0);
    sent = [];
    supervisor.begin(bridge({ standstills: () => stuck }));
    await vi.advanceTimersByTimeAsync(90_000);
    expect(isAlive()).toBe(false);
    expect(sent.at(-1)).toEqual(["STATUS=stuck: acme/threats has not moved"]);
    expect(logged).toEqual([{ stuck: "acme/threats has not moved" }]);
    stuck = [];
    await vi.advanceTimersByTimeAsync(30_000);
    expect(isAlive()).toBe(true);
  });

  test("is not given while the spool's thread does not answer, or answers with an error", async () => {
    using supervisor = supervise();
    await vi.advanceTimersByTimeAsync(0);
    sent = [];
    const first = supervisor.begin(bridge({ status: () => Promise.reject(new Error("dead")) }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(isAlive()).toBe(false);
    first[Symbol.dispose]();
    supervisor.begin(bridge({ status: () => new Promise(() => undefined) }));
    sent = [];
    await vi.advanceTimersByTimeAsync(600_000);
    expect(isAlive()).toBe(false);
  });

  test("is given while a damaged spool is opened again, for half an hour at most", async () => {
    using supervisor = supervise();
    supervisor.begin(bridge())[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(60_000);
    sent = [];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(isAlive()).toBe(true);
    await vi.advanceTimersByTimeAsync(30 * 60_000);
    sent = [];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(isAlive()).toBe(false);
  });
});

test("a reason with line breaks stays one field", async () => {
  using supervisor = supervise();
  supervisor.begin(bridge({ status: () => Promise.resolve({ ...READY, ready: false, reasons: ["a\nWATCHDOG=1"] }) }));
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.at(-1)).toEqual(["STATUS=not ready: a WATCHDOG=1", "WATCHDOG=1"]);
});

test("a stop is told once, and nothing after it", async () => {
  using supervisor = supervise();
  supervisor.begin(bridge());
  await vi.advanceTimersByTimeAsync(0);
  supervisor.stopping();
  supervisor.stopping();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(sent.filter((fields) => fields.includes("STOPPING=1"))).toHaveLength(1);
  expect(sent.at(-1)).toContain("STOPPING=1");
});

test("a systemd that can not be told costs one warning", async () => {
  using supervisor = supervise({}, () => Promise.reject(new Error("no such program")));
  supervisor.begin(bridge());
  await vi.advanceTimersByTimeAsync(300_000);
  expect(logged).toEqual([{ error: "no such program" }]);
});
