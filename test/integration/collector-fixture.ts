import { setImmediate } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import type { Frames } from "../../src/bridge/ports.ts";
import type { ConnectionTimeouts } from "../../src/collector/connection.ts";
import { StreamCollector } from "../../src/collector/stream.ts";
import { type Framing, frame } from "../../src/syslog/framing.ts";
import { PATIENCE_MS, within } from "../support/collect.ts";

export const NEVER = new AbortController().signal;

/** Long enough that only what a test wants to time out does. */
export const PATIENT: ConnectionTimeouts = { connectMs: 10_000, stallMs: 20_000, confirmMs: 20_000 };

/** What stands still is given up after one or two looks of the watchdog. */
export const IMPATIENT: ConnectionTimeouts = { connectMs: 10_000, stallMs: 900, confirmMs: 900 };

export function streamTo(
  port: number,
  options: {
    tls?: ConnectionOptions | undefined;
    timeouts?: ConnectionTimeouts;
    confirms?: boolean;
    host?: string;
  } = {},
): StreamCollector {
  const { tls, timeouts = PATIENT, confirms = true, host = "127.0.0.1" } = options;
  return new StreamCollector({ host, port, tls, timeouts, confirms });
}

/** Messages of about 200 bytes, all different. */
export function messages(count: number, prefix = "m"): string[] {
  return Array.from({ length: count }, (_, at) => `<134>${prefix}${at} ${"x".repeat(180)}`);
}

interface WindowOptions {
  readonly perChunk?: number;
  readonly framing?: Framing;
  readonly behind?: number;
}

/** A window of these messages, some hundred to a chunk. */
export async function* windowOf(
  texts: readonly string[],
  { perChunk = 500, framing = "newline", behind }: WindowOptions = {},
): AsyncGenerator<Frames> {
  for (let at = 0; at < texts.length; at += perChunk) {
    const chunk = texts.slice(at, at + perChunk);
    const bytes = Buffer.from(chunk.map((text) => frame(text, framing)).join(""));
    yield { bytes, count: chunk.length, ...(behind === undefined ? {} : { behind }) };
    await setImmediate();
  }
}

/** Resolves when the condition holds; looks again at each turn of the event loop. */
export async function until(condition: () => boolean, what: string, ms = PATIENCE_MS): Promise<void> {
  const state = { stopped: false };
  const holds = (async () => {
    while (!condition() && !state.stopped) await setImmediate();
  })();
  await within(holds, what, ms).finally(() => {
    state.stopped = true;
  });
}
