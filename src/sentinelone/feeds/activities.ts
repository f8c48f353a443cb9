import type { FeedResource } from "../feed.ts";

/**
 * `GET /activities`: audit and detections, append-only. `updatedAt` can not be asked for and says nothing. `createdAt` is
 * set before the commit, so that an entry may become visible after one with a greater time: the overlap finds it.
 */
export const activities: FeedResource = {
  name: "activities",
  path: "activities",
  timeField: "createdAt",
  time: (record) => record["createdAt"],
  version: undefined,
  typeField: "activityType",
  head: ["id", "createdAt", "activityType"],
};
