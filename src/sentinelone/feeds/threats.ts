import { isRecord, type FeedResource } from "../feed.ts";

/**
 * `GET /threats`: mutable, the same id comes back each time `updatedAt` moves. On 2.1 both times stand in `threatInfo`;
 * they are at the top in answers of older consoles.
 */
export const threats: FeedResource = {
  name: "threats",
  path: "threats",
  timeField: "updatedAt",
  time: updatedAt,
  version: updatedAt,
  typeField: undefined,
};

function updatedAt(record: Readonly<Record<string, unknown>>): unknown {
  const info = record["threatInfo"];
  return (isRecord(info) ? info["updatedAt"] : undefined) ?? record["updatedAt"];
}
