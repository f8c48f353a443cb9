import { parseArgs } from "node:util";
import { machine } from "./machine.ts";
import { behind } from "./rows/behind.ts";
import { drain } from "./rows/drain.ts";
import { endToEnd, endToEndTls } from "./rows/end-to-end.ts";
import { exactJson } from "./rows/exact-json.ts";
import { growth } from "./rows/growth.ts";
import { limit } from "./rows/limit.ts";
import { rest } from "./rows/rest.ts";
import type { Row } from "./rows/row.ts";

/**
 * `npm run bench [-- --row NAME … --events N --behind N --json]`: the real bridge between a console and a collector in
 * processes of their own, with durability and confirmation as in production. Figures of one run are to be compared with each
 * other only.
 */
const ROWS: readonly Row[] = [exactJson, endToEnd, endToEndTls, limit, behind, drain, growth, rest];

const { values } = parseArgs({
  options: {
    row: { type: "string", multiple: true, default: [] },
    events: { type: "string", default: "200000" },
    behind: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const unknown = values.row.filter((name) => !ROWS.some((row) => row.name === name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no such row: ${unknown.join(", ")}\n`);
  console.error(ROWS.map(({ name, about }) => `--row ${name.padEnd(16)}${about}`).join("\n"));
  process.exit(unknown.length > 0 ? 2 : 0);
}

const sizes = { events: Number(values.events), behind: Number(values.behind) };
const on = machine();
const rows: Record<string, unknown> = {};
if (!values.json) {
  const rsyslog = on.rsyslog === undefined ? "no rsyslog" : `rsyslog ${on.rsyslog}`;
  console.log(
    `s1bridge ${on.s1bridge}, ${on.date}, ${on.cores} × ${on.cpu}, Linux ${on.linux}, Node ${on.node}, ${rsyslog}`,
  );
}
for (const row of ROWS.filter(({ name }) => values.row.length === 0 || values.row.includes(name))) {
  progress(`${row.name}: ${row.about} …`);
  // One after the other: they would measure each other.
  const { figures, lines } = await row.run(sizes);
  progress("");
  rows[row.name] = figures;
  if (!values.json) console.log(`\n${row.name}\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
if (values.json) console.log(JSON.stringify({ machine: on, rows }, undefined, 2));

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
}
