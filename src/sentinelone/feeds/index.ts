import type { FeedName } from "../../event/event.ts";
import type { FeedResource } from "../feed.ts";
import { activities } from "./activities.ts";
import { threats } from "./threats.ts";

/** The feeds that can be read, by their names in the configuration. */
export const RESOURCES: Readonly<Partial<Record<FeedName, FeedResource>>> = { activities, threats };

/** Throws for a feed that the configuration's availability refuses. */
export function resourceOf(name: FeedName): FeedResource {
  const resource = RESOURCES[name];
  if (resource === undefined) throw new Error(`${name} is refused by the configuration's availability`);
  return resource;
}
