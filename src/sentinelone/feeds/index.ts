import type { FeedName } from "../../event/event.ts";
import type { FeedResource } from "../feed.ts";
import { activities } from "./activities.ts";
import { threats } from "./threats.ts";

/** Every feed, by its name in the configuration. */
export const RESOURCES: Readonly<Record<FeedName, FeedResource>> = { activities, threats };
