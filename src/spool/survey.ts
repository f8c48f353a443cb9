import type { DatabaseSync } from "node:sqlite";
import type { CollectorSurvey, FeedKey, FeedSurvey, SpoolSurvey, TallyName } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";

/** What stands in the database, whoever has it open; it is only read. */
export function surveyOf(database: DatabaseSync): Omit<SpoolSurvey, "bytes"> {
  const facts = new Map(
    rows(database, "SELECT key, value FROM facts").map((row) => [row["key"], Number(row["value"])]),
  );
  const end = facts.get("end") ?? 0;
  const oldest = database.prepare("SELECT position, stored FROM blocks ORDER BY position LIMIT 1").get();
  const waiting = rows(database, "SELECT coalesce(min(position), ?) AS position FROM collectors", end)[0]?.["position"];
  return {
    id: (facts.get("id") ?? 0).toString(16).padStart(8, "0"),
    end,
    // The oldest block is deleted when all of it is confirmed.
    events: oldest === undefined ? 0 : end - Math.max(Number(oldest["position"]), Number(waiting)),
    oldestStoredMs: oldest === undefined ? undefined : Number(oldest["stored"]),
    feeds: feeds(database),
    collectors: collectors(database),
  };
}

function feeds(database: DatabaseSync): readonly FeedSurvey[] {
  const tallies = rows(database, "SELECT feed, name, value FROM tallies");
  return rows(database, "SELECT id, console, feed, checkpoint, sequence FROM feeds").map((row) => ({
    console: String(row["console"]),
    feed: row["feed"] as FeedKey["feed"],
    checkpoint: row["checkpoint"] === null ? undefined : (Number(row["checkpoint"]) as Micros),
    sequence: Number(row["sequence"]),
    tallies: Object.fromEntries(
      tallies.filter(({ feed }) => feed === row["id"]).map(({ name, value }) => [name as TallyName, Number(value)]),
    ),
  }));
}

/** The block at a collector's position is the oldest that it waits for. */
function collectors(database: DatabaseSync): readonly CollectorSurvey[] {
  const block = database.prepare(
    "SELECT position + count AS end, stored FROM blocks WHERE position <= ? ORDER BY position DESC LIMIT 1",
  );
  return rows(database, "SELECT name, position FROM collectors ORDER BY name").map((row) => {
    const position = Number(row["position"]);
    const at = block.get(position);
    const isWaiting = at !== undefined && Number(at["end"]) > position;
    return { collector: String(row["name"]), position, oldestStoredMs: isWaiting ? Number(at["stored"]) : undefined };
  });
}

function rows(database: DatabaseSync, sql: string, ...given: number[]): readonly Record<string, unknown>[] {
  return database.prepare(sql).all(...given);
}
