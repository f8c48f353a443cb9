import { FEEDS } from "../src/feeds/index.ts";
import { type FeedDefinition, type RecordSource, pathsOf } from "../src/feeds/definition.ts";
import { limitOf } from "../src/sentinelone/request-limits.ts";

/** `docs/feeds.md`, written from the feeds. */
export function feedsPage(): string {
  const all = Object.values(FEEDS);
  return [
    INTRODUCTION,
    "| feed | endpoint | permission | every | requests/s | start |",
    "|---|---|---|---|---|---|",
    ...all.map(
      (feed) =>
        `| \`${feed.name}\` | ${endpoints(feed)} | ${feed.permission} | ${feed.every} | ${rates(feed)} | ${startOf(feed)} |`,
    ),
    "\n## What is forwarded\n",
    "| feed | read by | identity | what becomes an event |",
    "|---|---|---|---|",
    ...all.map((feed) => `| \`${feed.name}\` | ${order(feed)} | ${identity(feed)} | ${feed.forwards} |`),
    NOTES,
  ].join("\n");
}

const INTRODUCTION = `<!-- Generated from src/feeds by "npm run generate". Do not edit. -->

# Feeds

Each feed is read by itself: one that the token may not read, or that the console does not have, is parked and probed every
10 minutes, and the others go on. \`every\` is the default time between polls, \`requests/s\` the limit for a token, as
SentinelOne documents it or, where it does not, 5; \`requests_per_second\` sets another one. \`start\` is where a feed begins the
first time when the configuration does not say. At rest a poll is one request, but for \`policies\` and lists of several pages.
The keys of the messages: [mapping.md](mapping.md). The options: [configuration.md](configuration.md).
`;

const NOTES = `
- **first sight and versions.** An object is \`<feed>.new\` when the spool has never had it, \`<feed>.updated\` or
  \`<feed>.changed\` later; \`S1changed\` names the fields that differ, where the version before is known. Two changes between two
  polls are one version: the console has only the last.
- **what has gone** is forgotten, so that the spool does not grow for ever: an object of a list that is read as a whole 30 days
  after it was in the list for the last time, any other 400 days after its last version. Should it come back or change after
  that, it is \`<feed>.new\` once more. A list that was not read for months forgets nothing that is still in it.
- **by content.** Objects that the console can not be asked for by the time of their change are read as a whole and compared
  with what they were: with hashes of their fields in the spool. \`S1eventKey\` ends with the object's \`updatedAt\`; where that is
  missing with the time of the poll, and where it has not moved with both, \`<updatedAt>~<time of the poll>\`.
- **the end of a list.** A list that is read as a whole ends with a mark, class \`<feed>.snapshot\`, with the number of its
  objects, whenever the list is not what it was.
- **\`mode: snapshot\`** forwards every object at each poll, \`<feed>.listed\` when it is as it was, and the mark behind the last.
  Each has \`~<time of the poll>\` in its \`S1eventKey\`. Not for \`activities\`, \`alerts\` and \`device_control_events\`.
- **notes and timeline.** \`threats: { notes: true, timeline: true }\` reads them for each threat that has changed, one request
  each within 100 a second. Where the token may not read them they are left out, with a warning, and asked for again after an
  hour; those of the threats that changed meanwhile come with the threat's next change. An entry of the timeline is an activity of the same id: with the feed \`activities\` it comes twice,
  as two classes.
- **alerts.** The console is asked for unified alerts first (GraphQL), then for the older list. Both name an alert by its
  numeric id, so that one that was forwarded before an upgrade of the console is \`alerts.updated\` after it, not new. While the
  older list is read, the newer one is tried each hour; when it is there, it is read from where the older one began, a day back
  at most. A scope
  (\`scope:\` in the configuration) is kept for unified alerts by the bridge itself.
- **accounts.** A token that may not list the accounts gets those that its sites name; the list itself is tried again each
  hour.
- **scope.** A feed whose endpoint can not be limited to the configured scope is refused with a message, not read beyond it:
  \`groups\` for \`sites\`, \`accounts\`, \`users\`, \`service_users\` and \`ranger\`.
- **settle, overlap, start** are about lists that are asked for by time. Lists that are read as a whole have no use for them.
`;

function endpoints(feed: FeedDefinition): string {
  const { source } = feed;
  const post = source.read === "alerts" ? source.unified.path : undefined;
  return pathsOf(feed)
    .map((path) => (path === post ? `\`POST ${path}\`, else` : `\`${path}\``))
    .join(" ");
}

function rates(feed: FeedDefinition): string {
  return [...new Set(pathsOf(feed).map(limitOf))].join(", ");
}

function startOf({ source, start }: FeedDefinition): string {
  const isWhole = (source.read === "list" && source.since === undefined) || source.read === "policies";
  return isWhole ? "all of it" : `\`${start}\``;
}

function order({ source }: FeedDefinition): string {
  switch (source.read) {
    case "window":
      return `\`${source.timeField}\``;
    case "newest":
      return "id, newest first, back to the time of the last poll";
    case "list":
      return source.since === undefined
        ? "the whole list"
        : `the whole list of what has changed since, by \`${source.since}\``;
    case "policies":
      return "each scope, found in `accounts`, `sites` and `groups`";
    case "alerts":
      return `\`${source.unified.timeField}\`, else \`${source.legacy.timeField}\``;
  }
}

function identity({ source }: FeedDefinition): string {
  switch (source.read) {
    case "window":
      return source.isObject ? "id and `updatedAt`" : "id";
    case "newest":
      return "id";
    case "list":
      return `id and content${without(source)}`;
    case "policies":
      return "id of the scope, and content";
    case "alerts":
      return "`externalId`, or `alertInfo.alertId`, and `updatedAt`";
  }
}

function without({ volatile = [] }: RecordSource): string {
  return volatile.length === 0 ? "" : `, but not ${volatile.map((name) => `\`${name}\``).join(", ")}`;
}
