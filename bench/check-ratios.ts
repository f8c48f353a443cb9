import { readFileSync, writeFileSync } from "node:fs";
import { makeCertificates } from "../test/support/tls.ts";
import { filledSpool } from "./filled-spool.ts";
import { machine } from "./machine.ts";
import { type Ratios, fallen } from "./ratios.ts";
import { compareDrains, filledQueue } from "./rows/drain.ts";
import { fetchLoop, sendThrough } from "./rows/end-to-end.ts";
import { median } from "./slope.ts";

/**
 * What CI runs: `npm run bench:check` ends with 1 when the bridge has become slower in terms of the same machine. Three
 * short runs, each beside what it is compared with, and all of them once more before it fails. `--record` keeps what it
 * measures in recorded.json.
 */
const RUNS = 3;
const EVENTS = 40_000;
const FILE = new URL("recorded.json", import.meta.url);

const recorded = JSON.parse(readFileSync(FILE, "utf8")) as { readonly ratios: Ratios };
let measured = await measure();
if (process.argv.includes("--record")) {
  writeFileSync(FILE, `${JSON.stringify({ machine: machine(), events: EVENTS, ratios: measured }, undefined, 2)}\n`);
} else if (fallen(recorded.ratios, measured).length > 0) {
  tell(`fallen, once more: ${fallen(recorded.ratios, measured).join("; ")}`);
  const again = await measure();
  measured = { endToEnd: Math.max(measured.endToEnd, again.endToEnd), drain: Math.max(measured.drain, again.drain) };
  const worse = fallen(recorded.ratios, measured);
  for (const one of worse) tell(`slower than it was: ${one}. If that is meant: npm run bench:check -- --record`);
  if (worse.length > 0) process.exitCode = 1;
}
tell(`end to end ${measured.endToEnd.toFixed(2)} of the loop, drain ${measured.drain.toFixed(2)} of rsyslog's`);

async function measure(): Promise<Ratios> {
  using certificates = makeCertificates();
  const { key, cert } = certificates.server;
  const tls = { key, cert, caFile: certificates.caFile };
  const spool = await filledSpool(EVENTS, () => undefined);
  await using queue = await filledQueue(EVENTS, () => undefined);
  const ratios: Ratios[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const exact = await fetchLoop(EVENTS, "exact", tls);
    const { perSecond } = await sendThrough(EVENTS, tls);
    const { ratio: drain } = await compareDrains(spool, queue, undefined, () => undefined);
    ratios.push({ endToEnd: perSecond / exact, drain });
    tell(`run ${run + 1}: end to end ${(perSecond / exact).toFixed(2)}, drain ${drain.toFixed(2)}`);
  }
  return { endToEnd: median(ratios.map(({ endToEnd }) => endToEnd)), drain: median(ratios.map(({ drain }) => drain)) };
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
