import type { AdviceByCode } from "../advice.generated.ts";
import type { BridgeStatus, FaultStatus, FeedStatus } from "../status.ts";
import { tokenStep } from "../token-expiry.ts";
import { age, clock, count, counted, plain, secondsSince, size } from "./words.ts";

/** What is wrong, each with what to do. Pure. */
export interface Problem {
  /** Stays the same while the problem does. */
  readonly key: string;
  readonly level: "warn" | "bad";
  readonly title: string;
  readonly when: string | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  /** What it means, and what to do about it; with `code` in it. */
  readonly meaning: string | undefined;
  readonly action: string | undefined;
}

/** A feed that fails for longer is red: the console may have been away for a moment. As in readiness.ts. */
const LASTING_SECONDS = 120;

/** A start takes no longer. */
const STARTING_SECONDS = 300;

const SKEW_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** All that is wrong, in the order of what hurts most. */
export function problemsOf(status: BridgeStatus, advice: AdviceByCode): readonly Problem[] {
  const nowMs = Date.parse(status.at);
  return [
    ...collectorProblems(status, nowMs, advice),
    ...spoolProblems(status),
    ...feedProblems(status, nowMs, advice),
    ...unreadProblems(status, nowMs),
    ...consoleProblems(status),
    ...refusedProblems(status, nowMs, advice),
    ...unroutedProblems(status),
  ];
}

function collectorProblems({ collectors }: BridgeStatus, nowMs: number, advice: AdviceByCode): Problem[] {
  return collectors.flatMap(({ collector, fault, waiting }) => {
    if (fault === null) return [];
    const words = COLLECTOR_WORDS[fault.code] ?? "has failed";
    return [
      {
        ...problemOf(fault, nowMs, `, ${counted(waiting, "event")} for it on disk`),
        ...adviceOn(fault, advice),
        key: `collector ${collector}`,
        level: "bad" as const,
        title: `Collector ${plain(collector)} ${words} since ${clock(fault.since, nowMs)}`,
      },
    ];
  });
}

/** One problem for all feeds of a console that fail alike. */
function feedProblems({ feeds }: BridgeStatus, nowMs: number, advice: AdviceByCode): Problem[] {
  const failing = feeds.flatMap(({ fault, ...feed }) => (fault === null ? [] : [{ ...feed, fault }]));
  const alike = Map.groupBy(failing, ({ console, fault }) => JSON.stringify([console, fault.code]));
  return [...alike].flatMap(([key, group]) => {
    const [first] = group;
    if (first === undefined) return [];
    const { console, feed, state, fault } = first;
    const lasts = secondsSince(fault.since, nowMs) >= LASTING_SECONDS;
    const who = group.length === 1 ? `${plain(console)}/${plain(feed)}` : `${group.length} feeds of ${plain(console)}`;
    return [
      {
        ...problemOf(fault, nowMs, ""),
        ...adviceOn(fault, advice),
        key: `feeds ${key}`,
        level: state === "parked" || lasts ? ("bad" as const) : ("warn" as const),
        title: `${who}: ${FEED_WORDS[fault.code] ?? "can not be read"}, since ${clock(fault.since, nowMs)}`,
      },
    ];
  });
}

function problemOf(
  { code, message, since, retryAt, attempt }: FaultStatus,
  nowMs: number,
  more: string,
): Pick<Problem, "when" | "code" | "message"> {
  const retryInSeconds = (Date.parse(retryAt) - nowMs) / 1000;
  const retry = retryInSeconds > 0.5 ? `, next try in ${age(retryInSeconds)}` : ", tried again now";
  const lasted = age(secondsSince(since, nowMs));
  return {
    when: `For ${lasted}, ${counted(attempt, "attempt")}${retry}${more}.`,
    code,
    message: plain(message),
  };
}

function adviceOn({ code }: Pick<FaultStatus, "code">, advice: AdviceByCode): Pick<Problem, "meaning" | "action"> {
  return { meaning: advice[code]?.meaning, action: advice[code]?.action };
}

/** Neither read nor failed, long after the start. */
function unreadProblems({ feeds, startedAt }: BridgeStatus, nowMs: number): Problem[] {
  const unread = feeds.filter(isStarting);
  const [first] = unread;
  if (first === undefined || secondsSince(startedAt, nowMs) < STARTING_SECONDS) return [];
  const who = unread.length === 1 ? `${plain(first.console)}/${plain(first.feed)} has` : `${unread.length} feeds have`;
  return [
    {
      ...NO_FAULT,
      key: "unread",
      level: "warn",
      title: `${who} not been read since the start`,
      meaning: "A feed with `cron` waits for its time; any other waits for its turn within the request limits.",
      action: "Nothing, if it is due later. Otherwise `requests_per_hour` may be too low for so many feeds.",
    },
  ];
}

export function isStarting({ state }: Pick<FeedStatus, "state">): boolean {
  return state === "starting";
}

const NO_FAULT = { when: undefined, code: undefined, message: undefined, meaning: undefined };

function spoolProblems({ spool }: BridgeStatus): Problem[] {
  const { full, diskFreeBytes, minFreeBytes, maxBytes } = spool;
  if (!full) return [];
  const isDisk = diskFreeBytes !== null && minFreeBytes !== null && diskFreeBytes < minFreeBytes;
  return [
    {
      ...NO_FAULT,
      key: "spool",
      level: "bad",
      title: isDisk ? "The disk of the spool is full, and polling waits" : "The spool is full, and polling waits",
      meaning: isDisk
        ? `Its file system has ${size(diskFreeBytes)} free, and \`min_free\` is ${size(minFreeBytes)}. The consoles keep what was not read.`
        : `It has reached \`max_size\`, ${size(maxBytes)}. The consoles keep what was not read.`,
      action: isDisk
        ? "Free the disk. Bring back the collector that fails, if there is one: what it confirms is deleted."
        : "Bring back the collector that fails, or raise `spool.max_size`.",
    },
  ];
}

function consoleProblems({ consoles }: BridgeStatus): Problem[] {
  return consoles.flatMap(({ console, tokenSecondsLeft, skewSeconds }) => [
    ...tokenProblems(console, tokenSecondsLeft),
    ...clockProblems(console, skewSeconds),
  ]);
}

function tokenProblems(console: string, secondsLeft: number | null): Problem[] {
  const step = secondsLeft === null ? undefined : tokenStep(secondsLeft * 1000);
  if (secondsLeft === null || step === undefined || step.days > 7) return [];
  const days = Math.floor(secondsLeft / DAY_SECONDS);
  const left =
    secondsLeft <= 0 ? "has expired" : days < 1 ? "expires within a day" : `expires in ${counted(days, "day")}`;
  return [
    {
      ...NO_FAULT,
      key: `token ${console}`,
      level: step.days <= 1 ? "bad" : "warn",
      title: `${plain(console)}: the API token ${left}`,
      action: "Make a new token and put it into its file; no restart is needed, but for a systemd credential or `env`.",
    },
  ];
}

function clockProblems(console: string, skewSeconds: number): Problem[] {
  if (Math.abs(skewSeconds) < SKEW_SECONDS) return [];
  return [
    {
      ...NO_FAULT,
      key: `clock ${console}`,
      level: "warn",
      title: `${plain(console)}: its clock is ${clockText(skewSeconds)} this machine's`,
      meaning: "Nothing is lost: polling goes by the console's clock. Times in logs and alarms are off.",
      action: "Set this machine's clock by NTP, if it is this one that is wrong.",
    },
  ];
}

/** What stands on disk is not what runs. */
function refusedProblems({ refused }: BridgeStatus, nowMs: number, advice: AdviceByCode): Problem[] {
  if (refused === null) return [];
  const { at, code, file, faults } = refused;
  return [
    {
      key: "refused",
      level: "warn",
      title: `The configuration was refused at ${clock(at, nowMs)}; the one before goes on`,
      when: plain(file),
      code,
      message: faults.map(plain).join(" · "),
      ...adviceOn(refused, advice),
    },
  ];
}

/** Sites are named by the console; the first few are enough to see which. */
const SHOWN_UNROUTED = 5;

function unroutedProblems({ unrouted }: BridgeStatus): Problem[] {
  if (unrouted.length === 0) return [];
  const total = unrouted.reduce((sum, { events }) => sum + events, 0);
  const shown = unrouted
    .slice(0, SHOWN_UNROUTED)
    .map(({ belongsTo, events }) => `${plain(belongsTo)} (${count(events)})`);
  const more = unrouted.length > SHOWN_UNROUTED ? " …" : "";
  return [
    {
      ...NO_FAULT,
      key: "unrouted",
      level: "warn",
      title: `No collector takes ${counted(total, "event")}`,
      when: `Since the start, of ${shown.join(", ")}${more}`,
      meaning: "They match no collector's `match`, and are discarded and counted.",
      action: "`s1bridge routes` shows what goes where; a collector with `default: true` takes the rest.",
    },
  ];
}

function clockText(skewSeconds: number): string {
  return `${age(Math.abs(skewSeconds))} ${skewSeconds > 0 ? "ahead of" : "behind"}`;
}

const COLLECTOR_WORDS: Readonly<Record<string, string>> = {
  BRIDGE_COLLECTOR_UNREACHABLE: "is down",
  BRIDGE_COLLECTOR_BROKEN: "has ended connections and not confirmed",
  BRIDGE_COLLECTOR_STALLED: "has taken nothing",
  BRIDGE_COLLECTOR_REFUSED: "has refused messages",
  BRIDGE_COLLECTOR_PROTOCOL: "has not spoken RELP",
  BRIDGE_COLLECTOR_WRITE: "could not be written to",
};

const FEED_WORDS: Readonly<Record<string, string>> = {
  BRIDGE_FEED_UNAVAILABLE: "the console does not answer as it should",
  BRIDGE_FEED_THROTTLED: "the console wants fewer requests",
  BRIDGE_FEED_UNAUTHORIZED: "the console refuses the token",
  BRIDGE_FEED_FORBIDDEN: "the token may not read it",
  BRIDGE_FEED_MISSING: "the console does not have it",
  BRIDGE_FEED_REFUSED: "the console does not accept the request",
  BRIDGE_SPOOL_WRITE: "the disk refuses to store it",
};
