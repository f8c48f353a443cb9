import { monitorEventLoopDelay } from "node:perf_hooks";
import { Gauge, type Registry, collectDefaultMetrics } from "prom-client";

type Delays = ReturnType<typeof monitorEventLoopDelay>;

/** How often it is looked whether the event loop is late. */
const LOOK_MS = 500;

/** The longest that a timer can wait, 24 days. */
const NEVER_MS = 2 ** 31 - 1;

const PREFIX = "nodejs_eventloop_lag_";

/** What prom-client calls them. Of a histogram in nanoseconds, which counts the time between two looks as well. */
const GAUGES: Readonly<Record<string, { readonly help: string; readonly ns: (delays: Delays) => number }>> = {
  min: { help: "The minimum recorded event loop delay.", ns: ({ min }) => min - LOOK_MS * 1e6 },
  max: { help: "The maximum recorded event loop delay.", ns: ({ max }) => max - LOOK_MS * 1e6 },
  mean: { help: "The mean of the recorded event loop delays.", ns: ({ mean }) => mean - LOOK_MS * 1e6 },
  stddev: { help: "The standard deviation of the recorded event loop delays.", ns: ({ stddev }) => stddev },
  p50: { help: "The 50th percentile of the recorded event loop delays.", ns: percentile(50) },
  p90: { help: "The 90th percentile of the recorded event loop delays.", ns: percentile(90) },
  p99: { help: "The 99th percentile of the recorded event loop delays.", ns: percentile(99) },
};

/** One for the process, for as long as it lasts. */
let watching: Delays | undefined;

/**
 * prom-client's own metrics of the process, but for how late the event loop is. It wakes the process 100 times a second to
 * find that out, which was two thirds of what the bridge took at rest.
 */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  const delays = (watching ??= watch());
  const names = Object.keys(GAUGES);
  for (const [name, { help, ns }] of Object.entries(GAUGES)) {
    registry.removeSingleMetric(nameOf(name));
    const gauge = new Gauge({
      name: nameOf(name),
      help,
      registers: [],
      collect() {
        if (delays.count > 0) this.set(Math.max(0, ns(delays)) / 1e9);
        if (name === names.at(-1)) delays.reset();
      },
    });
    registry.registerMetric(gauge);
  }
}

function watch(): Delays {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  delays.enable();
  return delays;
}

function nameOf(name: string): string {
  return `${PREFIX}${name}_seconds`;
}

function percentile(percent: number): (delays: Delays) => number {
  return (delays) => delays.percentile(percent) - LOOK_MS * 1e6;
}
