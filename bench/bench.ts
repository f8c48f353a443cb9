import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchExactJson } from "./exact-json.ts";
import { BridgeProcess, freePort, start } from "./processes.ts";

/**
 * `npm run bench [-- --events N --behind N --json]`: the real bridge between a console and a collector in processes of
 * their own, with durability and confirmation as in production. Figures of one run are to be compared with each other only.
 */
const { values } = parseArgs({
  options: {
    events: { type: "string", default: "200000" },
    behind: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
  },
});

const events = Number(values.events);
const behind = Number(values.behind);

async function loop(rule: "plain" | "exact"): Promise<number> {
  const console = await start<{ url: string }>("./console-process.ts", events);
  const loopProcess = await start<{ perSecond: number }>("./loop-process.ts", console.told.url, rule);
  await loopProcess.stop();
  await console.stop();
  return loopProcess.told.perSecond;
}

interface EndToEnd {
  readonly perSecond: number;
  readonly cpuPerMillion: number;
  readonly peakBytes: number;
}

async function endToEnd(): Promise<EndToEnd> {
  const console = await start<{ url: string }>("./console-process.ts", events);
  const collector = await start<{ address: string }>("./collector-process.ts", events);
  const startedMs = performance.now();
  const bridge = await BridgeProcess.start(console.told.url, collector.told.address);
  await collector.next();
  const perSecond = events / ((performance.now() - startedMs) / 1000);
  const measured = { perSecond, cpuPerMillion: (bridge.cpuSeconds / events) * 1e6, peakBytes: bridge.peakBytes };
  await bridge.stop();
  await Promise.all([console.stop(), collector.stop()]);
  return measured;
}

interface Behind {
  readonly spooledPerSecond: number;
  readonly spooledPeakBytes: number;
  readonly drainedPerSecond: number;
  readonly drainedPeakBytes: number;
}

/** The collector is away while everything is fetched, and then comes back. */
async function fallBehind(): Promise<Behind> {
  const port = await freePort();
  const console = await start<{ url: string }>("./console-process.ts", behind);
  let startedMs = performance.now();
  const bridge = await BridgeProcess.start(console.told.url, `tcp://127.0.0.1:${port}`);
  await bridge.spooled(behind);
  const spooledPerSecond = behind / ((performance.now() - startedMs) / 1000);
  const spooledPeakBytes = bridge.peakBytes;
  startedMs = performance.now();
  const collector = await start<{ address: string }>("./collector-process.ts", behind, port);
  await collector.next();
  const drainedPerSecond = behind / ((performance.now() - startedMs) / 1000);
  const drainedPeakBytes = bridge.peakBytes;
  await bridge.stop();
  await Promise.all([console.stop(), collector.stop()]);
  return { spooledPerSecond, spooledPeakBytes, drainedPerSecond, drainedPeakBytes };
}

const progress = (text: string): void =>
  void (process.stderr.isTTY ? process.stderr.write(`\r\u001B[K${text}`) : undefined);
progress("exact integers …");
const exactJson = benchExactJson();
progress(`fetch and parse ${events} activities …`);
const plain = await loop("plain");
const exact = await loop("exact");
progress(`end to end, ${events} activities …`);
const through = await endToEnd();
progress(`${behind} activities behind …`);
const late = await fallBehind();
progress("");

const result = {
  machine: { cpu: cpus()[0]?.model.trim(), cores: cpus().length, node: process.version },
  date: new Date().toISOString().slice(0, 10),
  exactJson: exactJson.map((row) => ({ ...row, ratio: row.exactMs / row.parseMs })),
  loop: { events, plainPerSecond: plain, exactPerSecond: exact },
  endToEnd: {
    events,
    ...through,
    ratioToPlainLoop: through.perSecond / plain,
    ratioToExactLoop: through.perSecond / exact,
  },
  behind: { events: behind, ...late },
};

if (values.json) {
  console.log(JSON.stringify(result, undefined, 2));
} else {
  const whole = (value: number): string => Math.round(value).toLocaleString("en");
  const mb = (bytes: number): string => `${whole(bytes / 1e6)} MB`;
  console.log(
    `s1bridge bench, ${result.date}, ${result.machine.cores} × ${result.machine.cpu}, Node ${result.machine.node}\n`,
  );
  for (const { page, parseMs, exactMs, ratio } of result.exactJson) {
    console.log(
      `page of 1,000 ${page}: JSON.parse ${parseMs.toFixed(1)} ms, exact ${exactMs.toFixed(1)} ms, ratio ${ratio.toFixed(2)}`,
    );
  }
  console.log(
    `loop that only fetches and parses:      ${whole(plain)} events/s with JSON.parse, ${whole(exact)} with exact integers`,
  );
  console.log(
    `end to end, spool on, TCP, confirmed:   ${whole(through.perSecond)} events/s, ratio ${(through.perSecond / plain).toFixed(2)} to the loop (${(through.perSecond / exact).toFixed(2)} to the exact one)`,
  );
  console.log(
    `                                        ${through.cpuPerMillion.toFixed(0)} CPU seconds per million events, peak ${mb(through.peakBytes)} resident`,
  );
  console.log(
    `${whole(behind)} events behind, collector away:  ${whole(late.spooledPerSecond)} events/s into the spool, peak ${mb(late.spooledPeakBytes)} resident`,
  );
  console.log(
    `the collector comes back:               ${whole(late.drainedPerSecond)} events/s out of the spool, peak ${mb(late.drainedPeakBytes)} resident`,
  );
}
