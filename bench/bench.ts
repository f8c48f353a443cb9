import { parseArgs } from "node:util";
import { machine } from "./machine.ts";
import { behind } from "./rows/behind.ts";
import { start } from "./rows/start.ts";
import { drain } from "./rows/drain.ts";
import { endToEnd, endToEndTls } from "./rows/end-to-end.ts";
import { exactJson } from "./rows/exact-json.ts";
import { growth } from "./rows/growth.ts";
import { latency } from "./rows/latency.ts";
import { limit } from "./rows/limit.ts";
import { rest } from "./rows/rest.ts";
import type { Measured, Row, Target } from "./rows/row.ts";
import { soak } from "./rows/soak.ts";

/**
 * `npm run bench [-- --row NAME … --json]`: the built bridge between a console and a collector in processes of their own, with
 * durability and confirmation as in production. Figures of one run are to be compared with each other only.
 */
const ROWS: readonly Row[] = [
  exactJson,
  endToEnd,
  endToEndTls,
  limit,
  behind,
  drain,
  growth,
  start,
  rest,
  latency,
  soak,
];

const { values } = parseArgs({
  options: {
    row: { type: "string", multiple: true, default: [] },
    events: { type: "string", default: "200000" },
    behind: { type: "string", default: "1000000" },
    growth: { type: "string", default: "10000000" },
    "soak-minutes": { type: "string", default: "2" },
    hour: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const unknown = values.row.filter((name) => !ROWS.some((row) => row.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such row: ${unknown.join(", ")}\n`);
  console.error(ROWS.map(({ name, about }) => `--row ${name.padEnd(16)}${about}`).join("\n"));
  console.error("--events N, --behind N, --growth N, --soak-minutes N, --hour (60 of them), --json");
  process.exit(unknown.length > 0 ? 2 : 0);
}

const sizes = {
  events: Number(values.events),
  behind: Number(values.behind),
  growth: Number(values.growth),
  soakMinutes: values.hour ? 60 : Number(values["soak-minutes"]),
};
const startedMs = performance.now();
const on = machine();
const rows: Record<string, unknown> = {};
const targets: Target[] = [];
let toldMs = -Infinity;
if (!values.json) {
  const rsyslog = on.rsyslog === undefined ? "no rsyslog" : `rsyslog ${on.rsyslog}`;
  console.log(
    `s1bridge ${on.s1bridge}, ${on.date}, ${on.cores} × ${on.cpu}, Linux ${on.linux}, Node ${on.node}, ${rsyslog}`,
  );
}
for (const row of ROWS.filter(({ name }) => values.row.length === 0 || values.row.includes(name))) {
  const progress = (text: string): void => tellProgress(`${minutes()} ${row.name}: ${text}`);
  progress(`${row.about} …`);
  // One after the other: they would measure each other.
  const measured = await row.run(sizes, progress);
  rows[row.name] = { ...measured.figures, targets: measured.targets };
  targets.push(...(measured.targets ?? []));
  if (!values.json) print(row, measured);
}
const met = `${targets.filter(({ isMet }) => isMet).length} of ${targets.length} targets are met`;
if (values.json) console.log(JSON.stringify({ machine: on, rows, tookSeconds: seconds() }, undefined, 2));
else console.log(`\n${met}; it took ${minutes()}`);

function print({ name, about }: Row, { lines, targets: wanted = [] }: Measured): void {
  tellProgress("");
  console.log(`\n${name}: ${about}`);
  for (const line of lines) console.log(`  ${line}`);
  for (const { target, measured, isMet } of wanted)
    console.log(`  ${isMet ? "met   " : "MISSED"}  ${target}: ${measured}`);
}

function seconds(): number {
  return Math.round((performance.now() - startedMs) / 1000);
}

function minutes(): string {
  return `${Math.floor(seconds() / 60)} min ${seconds() % 60} s`;
}

/** One line that is written over; where nobody watches, a line now and then. */
function tellProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
  else if (text !== "" && performance.now() - toldMs > 10_000) {
    process.stderr.write(`${text}\n`);
    toldMs = performance.now();
  }
}
