import { setTimeout as pause } from "node:timers/promises";
import { assembleCollector, assembleEncoder, assembleFraming, assembleTarget } from "../bridge/assemble.ts";
import type { Collector, Frames } from "../bridge/ports.ts";
import { type CloseAnswer, type ProbeStep, type TlsFacts, probeConnection, probeStream } from "../collector/probe.ts";
import type { CollectorConfig } from "../config/schema.ts";
import { describeError } from "../lib/errors.ts";
import { frame } from "../syslog/framing.ts";
import { codeOf } from "../telemetry/codes.ts";
import type { OnlineRow } from "./online.ts";
import { testEvent } from "./test-event.ts";

/** What `check --online` found out about a collector. */
export interface CollectorProbe {
  readonly collector: string;
  readonly ok: boolean;
  /** As configured. */
  readonly confirm: CollectorConfig["confirm"];
  /** What fits, as far as it can be seen from here; undefined when it was not reached. */
  readonly fits: CollectorConfig["confirm"] | undefined;
  readonly close: CloseAnswer | undefined;
  readonly framing: string;
  readonly tls: TlsFacts | undefined;
  readonly steps: readonly ProbeStep[];
  readonly advice: readonly string[];
}

const DELIVER_MS = 30_000;

/** Tries every collector, all at once. A test message goes to each that is reached. */
export function probeCollectors(collectors: readonly CollectorConfig[]): Promise<readonly CollectorProbe[]> {
  return Promise.all(collectors.map((entry) => probeCollector(entry)));
}

/** The test event as this collector gets it. */
export function testFrames(entry: CollectorConfig): {
  readonly frames: Frames;
  readonly id: string;
  readonly text: string;
} {
  const event = testEvent();
  const text = assembleEncoder(entry).encode(event);
  return { frames: { bytes: Buffer.from(frame(text, assembleFraming(entry))), count: 1 }, id: event.id, text };
}

/** Delivers the test event by the real path. Rejects when it is not confirmed in time. */
export async function deliverTest(entry: CollectorConfig, frames: Frames, signal: AbortSignal): Promise<void> {
  const collector: Collector = assembleCollector(entry);
  async function* window(): AsyncGenerator<Frames> {
    yield frames;
    // A resend window only passes while its connection stands.
    if (collector.confirmsAsItGoes === true) await pause(TEST_STANDS_MS, undefined, { signal });
  }
  try {
    await collector.deliver(window(), signal);
  } finally {
    await collector.close();
  }
}

const TEST_STANDS_MS = 2000;

async function probeCollector(entry: CollectorConfig): Promise<CollectorProbe> {
  const { address, confirm, name: collector } = entry;
  const common = { collector, confirm, framing: assembleFraming(entry) };
  const signal = AbortSignal.timeout(2 * DELIVER_MS);
  const target = assembleTarget(entry);
  const { frames } = testFrames(entry);
  if (target !== undefined && (address.transport === "tcp" || address.transport === "tls")) {
    const { steps, tls, close } = await probeStream(target, frames, signal);
    const fits = close === undefined ? undefined : close === "answered" ? "half_close" : "window";
    // What does not answer the close well is still delivered to, where the configuration does without it.
    const ok = steps.every(({ ok: good, step }) => good || (step === "close" && confirm !== "half_close"));
    return { ...common, ok, fits, close, tls, steps, advice: [...adviceOn(confirm, close), ...adviceOnTls(tls)] };
  }
  const { steps, tls } = target === undefined ? { steps: [], tls: undefined } : await probeConnection(target, signal);
  const reached = steps.every(({ ok }) => ok);
  const delivered = reached && isNetwork(entry) ? [await deliverStep(entry, frames)] : [];
  const ok = reached && delivered.every((step) => step.ok);
  const all = [...steps, ...delivered];
  return { ...common, ok, fits: ok ? confirm : undefined, close: undefined, tls, steps: all, advice: adviceOnTls(tls) };
}

/** As `check --online` prints it. */
export function collectorRows(probe: CollectorProbe): readonly OnlineRow[] {
  const subject = `collector ${probe.collector}`;
  const { confirm, fits, framing, steps, advice, ok } = probe;
  const isFatal = (step: ProbeStep): boolean => !step.ok && !(step.step === "close" && ok);
  return [
    ...steps.map((step): OnlineRow => {
      const state = isFatal(step) ? "fault" : step.ok ? "ok" : "warning";
      return { subject, check: step.step, state, detail: step.detail };
    }),
    {
      subject,
      check: "confirm",
      state: fits === undefined || fits === confirm ? "ok" : "warning",
      detail: `${confirm}${fits === undefined || fits === confirm ? "" : `; ${fits} fits`}, framing ${framing}`,
    },
    ...advice.map((detail): OnlineRow => ({ subject, check: "advice", state: "warning", detail })),
  ];
}

/** A file and the standard output belong to somebody else: nothing is written there by a check. */
function isNetwork({ address: { transport } }: CollectorConfig): boolean {
  return transport !== "stdout" && transport !== "file";
}

async function deliverStep(entry: CollectorConfig, frames: Frames): Promise<ProbeStep> {
  const startedMs = performance.now();
  const ms = (): number => Math.round(performance.now() - startedMs);
  try {
    await deliverTest(entry, frames, AbortSignal.timeout(DELIVER_MS));
    const detail = entry.confirm === "none" ? "sent; nothing confirms it" : "the test message was confirmed";
    return { step: "deliver", ok: true, detail, ms: ms() };
  } catch (error) {
    return { step: "deliver", ok: false, detail: `${codeOf(error)}: ${describeError(error)}`, ms: ms() };
  }
}

function adviceOn(confirm: CollectorConfig["confirm"], close: CloseAnswer | undefined): string[] {
  if (close === undefined) return [];
  if (close === "answered")
    return confirm === "window" || confirm === "none"
      ? [
          "`confirm: half_close` fits, if nothing in between answers the close itself: a load balancer looks the same from here",
        ]
      : [];
  const why = {
    early: "it ends connections by itself",
    never: "it does not answer the close",
    broken: "it answers the close with a reset or an alert",
  }[close];
  return confirm === "half_close" ? [`${why}: set \`confirm: window\``] : [];
}

const SOON_DAYS = 30;

function adviceOnTls(tls: TlsFacts | undefined): string[] {
  return tls !== undefined && tls.daysLeft < SOON_DAYS ? [`its certificate ends in ${tls.daysLeft} days`] : [];
}
