import type perfHooks from "node:perf_hooks";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { Registry } from "prom-client";
import { afterEach, expect, test, vi } from "vitest";

const hooks = createRequire(import.meta.url)("node:perf_hooks") as typeof perfHooks;

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** What is told of a loop that was between 0 and 400 ms late; and how often it is looked at. */
async function told(): Promise<{ text: string; looksMs: number[]; resetsMs: number[] }> {
  const looksMs: number[] = [];
  const resetsMs: number[] = [];
  vi.spyOn(hooks, "monitorEventLoopDelay").mockImplementation(({ resolution = 10 } = {}) => {
    looksMs.push(resolution);
    const ns = (ms: number): number => (resolution + ms) * 1e6;
    const percentile = (percent: number): number => ns(4 * percent);
    const delays = { count: 9, min: ns(0), max: ns(400), mean: ns(100), stddev: 2e7, percentile };
    return { ...delays, enable: () => true, reset: () => resetsMs.push(resolution) } as unknown as ReturnType<
      typeof hooks.monitorEventLoopDelay
    >;
  });
  syncBuiltinESMExports();
  vi.resetModules();
  const { collectProcessMetrics } = await import("../../../src/telemetry/process-metrics.ts");
  const registry = new Registry();
  collectProcessMetrics(registry);
  return { text: await registry.metrics(), looksMs, resetsMs };
}

test("the event loop is looked at no more often than twice a second: each look wakes a process that rests", async () => {
  const { looksMs } = await told();
  expect(looksMs.length).toBeGreaterThan(0);
  expect(Math.min(...looksMs)).toBeGreaterThanOrEqual(500);
});

test("prom-client's gauges tell how late the loop was, without the time between two looks", async () => {
  const { text, looksMs, resetsMs } = await told();
  const lags = [...text.matchAll(/^(nodejs_eventloop_lag_(?!seconds)\S+) (\S+)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]);
  expect(Object.fromEntries(lags)).toEqual({
    nodejs_eventloop_lag_min_seconds: "0",
    nodejs_eventloop_lag_max_seconds: "0.4",
    nodejs_eventloop_lag_mean_seconds: "0.1",
    nodejs_eventloop_lag_stddev_seconds: "0.02",
    nodejs_eventloop_lag_p50_seconds: "0.2",
    nodejs_eventloop_lag_p90_seconds: "0.36",
    nodejs_eventloop_lag_p99_seconds: "0.396",
  });
  expect(resetsMs).toContain(Math.min(...looksMs));
});

test("the other metrics of the process are all there", async () => {
  const { collectDefaultMetrics } = await import("prom-client");
  const theirs = new Registry();
  collectDefaultMetrics({ register: theirs });
  const names = (text: string): string[] => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name).sort();
  expect(names((await told()).text)).toEqual(names(await theirs.metrics()));
});
