import { ACTIVITIES } from "../cef/mapping/activities.ts";
import type { FeedDefinition } from "./definition.ts";

/**
 * Audit and detections, append-only. `updatedAt` can not be asked for and says nothing. `createdAt` is set before the
 * commit, so that an entry may become visible after one with a greater time: the overlap finds it.
 */
export const activities: FeedDefinition = {
  name: "activities",
  description: "The activity log: what users, agents and the console did.",
  forwards: "each activity, once",
  permission: "Activity Page.view",
  every: "30s",
  start: "now",
  source: {
    read: "window",
    path: "activities",
    timeField: "createdAt",
    time: (record) => record["createdAt"],
    isObject: false,
    typeField: "activityType",
    head: ["id", "createdAt", "activityType"],
  },
  mapping: { table: ACTIVITIES },
};
