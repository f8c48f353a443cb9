import { createReadStream } from "node:fs";
import type { DemoConsole } from "../../src/demo/console/console.ts";
import type { FeedName } from "../../src/event/event.ts";

/** What arrived, held against what had to. */
export interface Comparison {
  /** Keys that had to arrive and did not. */
  readonly missing: readonly string[];
  /** Keys that came and were never sent: a message that was cut, split or forged. */
  readonly unknown: readonly string[];
  /** Messages whose key had come before. */
  readonly duplicates: number;
}

export const COMPLETE: Comparison = { missing: [], unknown: [], duplicates: 0 };

/** Compares as sets, exactly; `counts` says how often each key came. What the bridge says itself may always come. */
export function compareKeys(expected: Iterable<string>, counts: ReadonlyMap<string, number>): Comparison {
  const wanted = new Set(expected);
  const missing = [...wanted].filter((key) => !counts.has(key));
  const unknown = [...counts.keys()].filter((key) => !wanted.has(key) && !key.startsWith("bridge/"));
  const duplicates = [...counts.values()].reduce((sum, count) => sum + count - 1, 0);
  return { missing, unknown, duplicates };
}

/** The `S1eventKey` of every record that the text of a record stands for. */
export function keyOf(feed: FeedName, text: string): string {
  const { id, updatedAt, threatInfo } = JSON.parse(text) as RecordHead;
  return feed === "activities" ? `activities/${id}` : `threats/${id}/${threatInfo?.updatedAt ?? updatedAt}`;
}

interface RecordHead {
  readonly id: string;
  readonly updatedAt?: string;
  readonly threatInfo?: { readonly updatedAt?: string };
}

export function keysOf(feed: FeedName, texts: Iterable<string>): string[] {
  return [...texts].map((text) => keyOf(feed, text));
}

/** Gives the console some records, and tells the keys that have to arrive. */
export function supply(
  console: DemoConsole,
  { activities = [], threats = [] }: { activities?: Iterable<string>; threats?: Iterable<string> },
): string[] {
  const texts = { activities: [...activities], threats: [...threats] };
  console.addActivities(texts.activities);
  console.addThreats(texts.threats);
  return [...keysOf("activities", texts.activities), ...keysOf("threats", texts.threats)];
}

/** How often each key stands in the messages. */
export function countKeys(messages: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const message of messages) countInto(counts, message);
  return counts;
}

/** How often each key stands in a file of messages, which may be too large to be read at once. */
export async function countKeysOfFile(path: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let rest = "";
  for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 })) {
    const text = rest + String(chunk);
    const end = text.lastIndexOf("\n") + 1;
    countInto(counts, text.slice(0, end));
    rest = text.slice(end);
  }
  return counts;
}

/** Something always stands behind the key: one that was cut off is not counted. */
function countInto(counts: Map<string, number>, text: string): void {
  for (const [, key = ""] of text.matchAll(/ S1eventKey=(\S+) /g)) counts.set(key, (counts.get(key) ?? 0) + 1);
}
