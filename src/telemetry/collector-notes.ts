import type { SpoolSurvey } from "../bridge/ports.ts";
import { Rate } from "../lib/rate.ts";
import { isoOrNull, waiting } from "./status-parts.ts";
import type { CollectorStatus, FaultStatus } from "./status.ts";

/** What is noted of a collector. */
export interface CollectorNotes {
  readonly collector: string;
  readonly rate: Rate;
  lastConfirmMs: number | undefined;
  confirmed: number;
  position: number;
  inDoubt: number;
  inDoubtTotal: number;
  fault: FaultStatus | undefined;
}

export function collectorNotes(collector: string): CollectorNotes {
  return {
    collector,
    rate: new Rate(),
    lastConfirmMs: undefined,
    confirmed: 0,
    position: 0,
    inDoubt: 0,
    inDoubtTotal: 0,
    fault: undefined,
  };
}

export function collectorStatus(
  notes: CollectorNotes,
  { end, collectors }: SpoolSurvey,
  nowMs: number,
): CollectorStatus {
  const { collector, fault, lastConfirmMs } = notes;
  const isIdle = fault === undefined && lastConfirmMs === undefined;
  return {
    collector,
    state: fault === undefined ? (isIdle ? "idle" : "ok") : "failing",
    connected: isIdle ? null : fault === undefined,
    lastConfirmAt: isoOrNull(lastConfirmMs),
    confirmed: notes.confirmed,
    eventsPerMinute: notes.rate.perMinute(nowMs),
    inDoubt: notes.inDoubt,
    inDoubtTotal: notes.inDoubtTotal,
    ...waiting(
      collectors.find((one) => one.collector === collector),
      end,
      nowMs,
    ),
    fault: fault ?? null,
  };
}
