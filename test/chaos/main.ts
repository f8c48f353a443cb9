import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { describeError } from "../../src/lib/errors.ts";
import { type ChaosResult, type Progress, chaos } from "./run.ts";
import { formatResult } from "./table.ts";

const USAGE = `npm run chaos -- [OPTIONS]: the real daemon between the embedded console and real rsyslogd, under a random
schedule of everything that can go wrong. Ends with 1 when an event is missing. Needs rsyslog with its RELP and OpenSSL
packages; as root it fills a small file system, too.

  --minutes N   how long events come and faults happen (10)
  --events N    how many events for each of the collectors (1000000)
  --faults N    how many faults (24 a minute)
  --seed N      the schedule of a run before, as its last line tells
  --log FILE    the daemon's log
  --json        the result for programs
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
    events: { type: "string", default: "1000000" },
    faults: { type: "string" },
    seed: { type: "string" },
    log: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error(signal)));

const minutes = positive("minutes", values.minutes);
const running = chaos({
  minutes,
  events: positive("events", values.events),
  faults: positive("faults", values.faults ?? String(Math.ceil(minutes * 24))),
  seed: positive("seed", values.seed ?? String(1 + (Date.now() % 1_000_000))),
  logFile: values.log,
  signal: stop.signal,
  onProgress: process.stderr.isTTY ? showProgress : () => undefined,
});
const result = await running.catch((error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  // What still runs in here waits for what is not there any more.
  process.exit(1);
});
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
const isWhole = result.bridge.every(({ missing, unknown }) => missing === 0 && unknown === 0);
process.stdout.write(
  values.json ? `${JSON.stringify(described(result), undefined, 2)}\n` : `${formatResult(result)}\n`,
  // What still runs in here, such as an answer that was to take its time, is for nobody any more.
  () => process.exit(isWhole ? 0 : 1),
);

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) {
    process.stderr.write(`--${name}: expected a number above 0, got ${text}\n`);
    process.exit(2);
  }
  return value;
}

function described(outcome: ChaosResult): object {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "?"}, Linux ${release()}, Node ${process.version}`;
  return { date: new Date().toISOString(), machine, minutes, ...outcome };
}

function showProgress({ done, sent, arrived, faults, last }: Progress): void {
  const width = 30;
  const bar = "█".repeat(Math.round(done * width)).padEnd(width, "░");
  process.stderr.write(
    `\r\u001b[K${bar} ${Math.round(100 * done)} %  ${arrived}/${sent} events, ${faults} faults  ${last}`,
  );
}
