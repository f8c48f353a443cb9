import { validate as isCron } from "node-cron";
import * as z from "zod";
import type { FeedName } from "../../event/event.ts";
import type { FeedDefinition, Source } from "../../feeds/definition.ts";
import { FEEDS } from "../../feeds/index.ts";
import { parseTime, type Micros } from "../../event/time.ts";
import { parseDuration, type Milliseconds } from "../../lib/duration.ts";
import { acrossKeys, duration, evenIfFaulty, expected, MAX_INTERVAL_MS, notes, wholeNumber } from "../values.ts";

/** Where a feed begins when it has no checkpoint yet. */
export type FeedStart =
  | { readonly kind: "now" }
  | { readonly kind: "back"; readonly backMs: Milliseconds }
  | { readonly kind: "at"; readonly time: Micros };

const EVERY = "30s";

const START_FORM = "now, a duration back such as 24h, or a time such as 2026-01-31T00:00:00Z";

function parseStart(text: string): FeedStart | undefined {
  if (text === "now") return { kind: "now" };
  const backMs = parseDuration(text);
  if (backMs !== undefined) return { kind: "back", backMs };
  const time = parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  return time === undefined ? undefined : { kind: "at", time };
}

function feedStart(fallback: string) {
  return z
    .string(expected(START_FORM))
    .refine((text) => parseStart(text) !== undefined, expected(START_FORM))
    .transform((text): FeedStart => parseStart(text) ?? { kind: "now" })
    .prefault(fallback)
    .meta(
      notes({
        description:
          "Where the feed begins the first time: `now`, a duration back, or an ISO 8601 time (UTC unless it names a zone). Later runs resume from the checkpoint.",
        form: "`now`, duration or time",
        fallback:
          "`now`; `threats`: `24h`; objects that can be asked for by the time of their change (`agents`, `application_risks`, `groups`, `exclusions`, `blocklist`): `2010-01-01`, so that each is told once",
      }),
    );
}

function schedule() {
  return {
    every: duration(1000, MAX_INTERVAL_MS)
      .optional()
      .meta(
        notes({
          description: "Pause between two polls, 1s to 7d. Longer costs fewer API requests and forwards later.",
          form: "duration",
          fallback: `by feed, \`${EVERY}\` to \`24h\` (docs/feeds.md), unless \`cron\` is set`,
          example: EVERY,
          shown: true,
        }),
      ),
    cron: z
      .string(expected("a cron expression"))
      .refine(isCron, expected("a cron expression of 5 or 6 fields such as 0 */6 * * *"))
      .optional()
      .meta(
        notes({
          description: "When to poll, in place of `every`: a cron expression of 5 fields, or 6 with seconds in front.",
          form: "cron expression",
          example: "0 */6 * * *",
        }),
      ),
  };
}

function window() {
  return {
    overlap: duration()
      .prefault("5m")
      .meta(
        notes({
          description:
            "How far each poll looks back behind the checkpoint, to find records that the console made visible late. Duplicates are dropped. Raise it when late records are reported; 0s turns it off.",
          form: "duration",
        }),
      ),
    settle: duration()
      .prefault("10s")
      .meta(
        notes({
          description:
            "The newest records are left for the next poll until they are this old, so that they arrive in order.",
          form: "duration",
        }),
      ),
    mode: z
      .enum(["changes", "snapshot"])
      .default("changes")
      .meta(
        notes({
          description: "`changes` forwards what is new or changed; `snapshot` forwards every object at each poll.",
          example: "changes",
        }),
      ),
  };
}

function activityTypes(description: string) {
  return z
    .array(wholeNumber(1, 1_000_000), expected("a list of activity type numbers"))
    .optional()
    .meta(notes({ description, form: "list of activity types", fallback: "`[]`", example: [27, 33] }));
}

function filters() {
  return {
    include_types: activityTypes("Only these activity types are read; empty means all. For `activities` only."),
    exclude_types: activityTypes("These activity types are left out, even if included above. For `activities` only."),
    requests_per_second: z
      .number(expected("a number above 0"))
      .positive(expected("a number above 0"))
      .max(1000, expected("at most 1000"))
      .optional()
      .meta(
        notes({
          description:
            "Limit of API requests for this feed, in place of the built-in one. Lower it when other programs share the token's budget.",
          form: "number above 0",
          fallback: "the limit that SentinelOne documents",
          example: 1,
        }),
      ),
  };
}

function details() {
  const detail = (what: string) =>
    z
      .boolean()
      .optional()
      .meta(
        notes({
          description: `${what} of each threat that has changed are read as well, with one request for each. For \`threats\` only.`,
          form: "`true` or `false`",
          fallback: "`false`",
        }),
      );
  return { notes: detail("The notes"), timeline: detail("The entries of the timeline") };
}

/** Made once for all feeds: making twenty of each was a sixth of a start. */
const WHEN = schedule();
const WHAT = { ...window(), ...filters(), ...details() };

/** What an operator may set for one feed. */
function feed(name: FeedName, { description, start, every: everyText, source }: FeedDefinition) {
  const keys = z.strictObject({ ...WHEN, start: feedStart(start), ...WHAT }, expected("a mapping of feed options"));
  return acrossKeys(keys, (sound, fault) => {
    if (sound.every !== undefined && sound.cron !== undefined) fault(["cron"], "either every or cron, not both");
    for (const key of ["include_types", "exclude_types"] as const) {
      if (name !== "activities" && sound[key] !== undefined) fault([key], "for the activities feed only");
    }
    for (const key of ["notes", "timeline"] as const) {
      if (name !== "threats" && sound[key] !== undefined) fault([key], "for the threats feed only");
    }
    if (sound.mode === "snapshot" && !hasSnapshots(source)) {
      fault(["mode"], `${name} has no list of objects to take a snapshot of`);
    }
  })
    .transform(({ every, cron, include_types = [], exclude_types = [], ...others }) => ({
      ...others,
      include_types,
      exclude_types,
      cron,
      /** Undefined when `cron` is set: exactly one of both is there. */
      every: cron === undefined ? (every ?? parseDuration(everyText)) : undefined,
    }))
    .optional()
    .meta(
      notes({
        description,
        fallback: "not read",
        ...(name === "activities" ? {} : { example: name === "threats" ? { start } : {} }),
      }),
    );
}

export type FeedConfig = NonNullable<z.output<ReturnType<typeof feed>>>;

/** Append-only lists have no objects, and alerts can only be asked for by time. */
function hasSnapshots(source: Source): boolean {
  return source.read === "window" ? source.isObject : source.read === "list" || source.read === "policies";
}

type FeedShape = Record<FeedName, ReturnType<typeof feed>>;

export function feeds() {
  const shape = Object.fromEntries(
    Object.values(FEEDS).map((definition) => [definition.name, feed(definition.name, definition)]),
  );
  const names = z.strictObject(shape as FeedShape, expected("a mapping of feed names"));
  return z
    .preprocess(
      bareNames,
      evenIfFaulty(names, (given, fault, faulty) => {
        const empty = Object.keys(given).length === 0 && faulty.size === 0;
        if (empty) fault([], "no feed: name at least one, or leave the key out for the defaults");
      }),
    )
    .prefault({ activities: {}, threats: {} })
    .meta(
      notes({
        description:
          "What is read. Omitted: `activities` and `threats`. A feed without options (`threats: {}`, or nothing after the colon) takes the defaults.",
      }),
    );
}

/** `threats:` with nothing behind it is a feed with its defaults. */
function bareNames(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, options]) => [name, options ?? {}]));
}
