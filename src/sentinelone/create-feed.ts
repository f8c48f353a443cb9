import type { FeedDefinition, WindowSource } from "../feeds/definition.ts";
import { AlertFeed } from "./alert-feed.ts";
import type { ConsoleClient } from "./client.ts";
import { DetailedFeed } from "./detailed-feed.ts";
import { type ConsoleFeed, type FeedOptions, WindowedFeed } from "./feed.ts";
import { ListFeed } from "./list-feed.ts";
import { NewestFeed } from "./newest-feed.ts";
import { PolicyFeed } from "./policy-feed.ts";

/** The reader of a feed, by the way in which its source can be read. */
export function createFeed({ name, source }: FeedDefinition, client: ConsoleClient, options: FeedOptions): ConsoleFeed {
  switch (source.read) {
    case "window": {
      const feed =
        options.snapshot && source.isObject
          ? new ListFeed(name, { ...source, read: "list" }, client, options)
          : new WindowedFeed(name, source, client, options);
      return withDetails(feed, source, client, options);
    }
    case "newest":
      return new NewestFeed(name, source, client, options);
    case "list":
      return new ListFeed(name, source, client, options);
    case "policies":
      return new PolicyFeed(client, options);
    case "alerts":
      return new AlertFeed(source, client, options);
  }
}

function withDetails(
  feed: ConsoleFeed,
  { details = [] }: WindowSource,
  client: ConsoleClient,
  options: FeedOptions,
): ConsoleFeed {
  const wanted = details.filter(({ option }) => options.details.has(option));
  return wanted.length === 0 ? feed : new DetailedFeed(feed, wanted, client);
}
