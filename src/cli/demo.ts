import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "../bridge/run.ts";
import { parseConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { DemoCollector } from "../demo/collector/collector.ts";
import { DemoConsole } from "../demo/console/console.ts";
import { Latency } from "../demo/latency.ts";
import { ScenarioPlayer } from "../demo/scenario/player.ts";
import { readScenario } from "../demo/scenario/schema.ts";
import { type Supply, liveSupply, madeUpSupply, recordedSupply, withLate } from "../demo/supply.ts";
import { createLog } from "../telemetry/log.ts";
import { runDaemon } from "./daemon.ts";
import { DemoScreen } from "./demo-screen.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { type Stop, stopOnSignals } from "./stop.ts";

export interface DemoOptions {
  readonly events: number;
  readonly port: number;
  readonly records?: string;
  readonly follow?: boolean;
  readonly spool?: string;
  /** A file with faults to play. */
  readonly scenario?: string;
}

const TOKEN = "demo-token";
const NO_SCENARIO = { console: [], collector: [] };

/** A demo in which nothing moves for this long has gone wrong; it ends, and says what is missing. */
const PATIENCE_MS = 30_000;
/** Some faults are answered with a wait of that order: a token that is refused is looked at every 30 s. */
const SCENARIO_PATIENCE_MS = 180_000;

/**
 * `s1bridge demo`: the real bridge (real HTTP, real spool, real TCP) between an embedded console and an embedded
 * collector. Ends by itself when the collector has everything that the console had, and says what was lost: nothing.
 */
export async function demo(options: DemoOptions): Promise<ExitCode> {
  const scenario = options.scenario === undefined ? undefined : readScenario(options.scenario);
  const player = new ScenarioPlayer(scenario ?? NO_SCENARIO);
  const directory = options.spool ?? mkdtempSync(join(tmpdir(), "s1bridge-demo-"));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  await using console = await DemoConsole.start({
    port: options.port,
    token: TOKEN,
    ...(scenario === undefined ? {} : { faults: player }),
    clock: () => Date.now() + player.clockOffsetMs(),
  });
  const made =
    options.records === undefined ? madeUpSupply(console, options.events) : recordedSupply(console, options.records);
  const supply = withLate(console, made, player.late());
  const screen = new DemoScreen(process.stdout);
  await using collector = await DemoCollector.start({
    keep: "keys",
    onMessage: (text) => screen.message(text),
    behaviour: () => player.behaviour(),
  });
  const absences = player.absences().map((absence) =>
    setTimeout(() => {
      absence.begin();
      void collector.away(absence.forMs);
    }, absence.atMs),
  );
  const config = demoConfig({ directory, url: console.url, collector: collector.address });
  screen.begin({ console: console.url, collector: collector.address, spool: directory, supply });

  const stop = stopOnSignals({ onSignal: () => screen.stopping() });
  const counts = new Counts();
  const live = options.follow === true ? liveSupply(console) : undefined;
  const patience = setTimeout(
    () => {
      if (live === undefined) stop.request();
    },
    scenario === undefined ? PATIENCE_MS : SCENARIO_PATIENCE_MS,
  );
  try {
    await runDaemon({
      config,
      log: createLog({ level: "warn", format: "pretty" }),
      stop,
      onListening: (address) => screen.page(`http://${address}/`, options.follow === true),
      onReport: (report) => {
        if (counts.add(report)) patience.refresh();
        screen.progress(counts.confirmed, supply.expected);
        if (live === undefined && counts.confirmed >= supply.expected) stop.request();
      },
    });
  } finally {
    live?.stop();
    clearTimeout(patience);
    absences.forEach((timer) => clearTimeout(timer));
    stop.dispose();
  }
  if (scenario !== undefined) screen.played(player.played());
  return finish(counts, collector, supply, screen, { directory, live: live?.added ?? 0, stop });
}

/** What the bridge says of itself. */
class Counts {
  readonly latency = new Latency();
  fetched = 0;
  confirmed = 0;

  /** Whether the report brought anything forward. */
  add(report: Report): boolean {
    this.latency.add(report);
    if (report.kind === "own") return false;
    if (report.kind === "page") this.fetched += report.added;
    else this.confirmed += report.events;
    return report.kind === "window" || report.added > 0;
  }
}

interface Ending {
  readonly directory: string;
  readonly live: number;
  readonly stop: Stop;
}

function finish(
  counts: Counts,
  { received }: DemoCollector,
  supply: Supply,
  screen: DemoScreen,
  { directory, live }: Ending,
): ExitCode {
  // What counts as lost was confirmed to us and never came, whoever is to blame.
  const lost = Math.max(0, counts.confirmed - received.keys.size);
  screen.end({
    fetched: counts.fetched,
    delivered: received.count,
    confirmed: counts.confirmed,
    duplicates: received.duplicates,
    lost,
    p50Ms: counts.latency.quantile(0.5),
    p99Ms: counts.latency.quantile(0.99),
    missing: live > 0 ? 0 : Math.max(0, supply.expected - counts.confirmed),
    spool: directory,
  });
  const complete = live > 0 || counts.confirmed >= supply.expected;
  return lost === 0 && complete ? EXIT.done : EXIT.failed;
}

function demoConfig({ directory, url, collector }: { directory: string; url: string; collector: string }): Config {
  const token = join(directory, "token");
  writeFileSync(token, TOKEN, { mode: 0o600 });
  // The documented request limits are for the real console; this one is ours.
  const feed = `{ every: 1s, start: "1990-01-01", settle: 0s, requests_per_second: 200 }`;
  return parseConfig(`
version: 1
consoles:
  - name: demo
    url: ${url}
    token: { file: ${JSON.stringify(token)} }
    feeds: { activities: ${feed}, threats: ${feed} }
collectors: [{ name: demo, address: "${collector}" }]
spool: { directory: ${JSON.stringify(directory)} }
telemetry: { listen: "127.0.0.1:0" }
`).config;
}
