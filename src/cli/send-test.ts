import type { CollectorConfig } from "../config/schema.ts";
import { describeError } from "../lib/errors.ts";
import { codeOf } from "../telemetry/codes.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { pick } from "./pick.ts";
import { deliverTest, testFrames } from "./probe-collectors.ts";
import { readUsable } from "./usable.ts";

const LIMIT_MS = 60_000;

/** `s1bridge send-test`: one marked event to each collector, or to one, by the real path; 1 when any is not confirmed. */
export async function sendTest(file: string, { collector }: { readonly collector?: string }): Promise<ExitCode> {
  const loaded = readUsable(file);
  const entries = pick("collector", loaded.config.collectors, ({ name }) => name, collector);
  const results = await Promise.all(entries.map((entry) => sendOne(entry)));
  return results.every(Boolean) ? EXIT.done : EXIT.failed;
}

async function sendOne(entry: CollectorConfig): Promise<boolean> {
  const { frames, id } = testFrames(entry);
  const startedMs = performance.now();
  try {
    await deliverTest(entry, frames, AbortSignal.timeout(LIMIT_MS));
    const took = `${Math.round(performance.now() - startedMs)} ms`;
    const how = entry.confirm === "none" ? "sent, and nothing confirms it" : `confirmed (${entry.confirm})`;
    process.stderr.write(`${entry.name}: ${how} after ${took}; look for ${id}\n`);
    return true;
  } catch (error) {
    // Its connection was whole to the end; that is all that such a collector can show within a minute.
    if (codeOf(error) === "BRIDGE_COLLECTOR_UNCONFIRMED") {
      process.stderr.write(`${entry.name}: sent and acknowledged, not proven (window); look for ${id}\n`);
      return true;
    }
    process.stderr.write(`${entry.name}: NOT confirmed: ${codeOf(error)} ${describeError(error)}\n`);
    return false;
  }
}
