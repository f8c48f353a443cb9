import { formatTime, microsFromMs } from "../../event/time.ts";
import { parseExact, writeExact } from "./json-text.ts";
import type { ExactJson, ExactRecord } from "./json-text.ts";

/** Members to set, nested ones merged: `{ threatInfo: { incidentStatus: "resolved" } }`. */
export type RecordChange = ExactRecord;

/** The record's text after the change, with `updatedAt` moved unless the change itself sets it. */
export function changedRecord(text: string, change: RecordChange, nowMs: number): string {
  const updatedAt = formatTime(microsFromMs(nowMs));
  const record = parseExact(text);
  if (!isRecord(record)) throw new TypeError("a record is an object");
  const nested = ["threatInfo", "alertInfo"].find((name) => isRecord(record[name]));
  const moved: ExactRecord = nested === undefined ? { updatedAt } : { [nested]: { updatedAt } };
  return writeExact(merge(merge(record, moved), change));
}

function merge(into: ExactRecord, change: ExactRecord): ExactRecord {
  const merged: Record<string, ExactJson | undefined> = { ...into };
  for (const [key, value] of Object.entries(change)) {
    const old = merged[key];
    merged[key] = isRecord(old) && isRecord(value) ? merge(old, value) : value;
  }
  return merged;
}

function isRecord(value: ExactJson | undefined): value is ExactRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) !== null;
}
