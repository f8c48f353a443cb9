import { setTimeout as pause } from "node:timers/promises";
import { ConfigError, formatFaults, readConfig } from "../config/load.ts";
import { spoolDirectoryIn } from "../config/spool-directory.ts";
import { age, size } from "../lib/words.ts";
import { ADVICE } from "../telemetry/advice.generated.ts";
import type { BridgeStatus, CollectorStatus, FaultStatus, FeedStatus } from "../telemetry/status.ts";
import { tokenStep } from "../telemetry/token-expiry.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { type StatusPlace, findStatus } from "./status-source.ts";
import { formatTable, plainText } from "./table.ts";
import { type Paint, paint, useColour } from "./terminal.ts";

export interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

const WATCH_MS = 2000;
const CLEAR = "\u001B[2J\u001B[H";

/** `s1bridge status`: what the running daemon says of itself, or its files. 0 when it is ready. */
export async function printStatus(file: string, { json = false, watch = false }: StatusOptions): Promise<ExitCode> {
  for (;;) {
    const { place, fault } = placeOf(file);
    const now = await findStatus(place).catch((error: unknown) => {
      throw fault ?? error;
    });
    const text = json
      ? `${JSON.stringify(now, undefined, watch ? 0 : 2)}\n`
      : render(now, paint(useColour(process.stdout))) + faultsOnDisk(fault, watch);
    process.stdout.write(watch && !json && process.stdout.isTTY ? CLEAR + text : text);
    if (!watch && fault !== undefined) throw fault;
    if (!watch) return now.ready ? EXIT.done : EXIT.failed;
    await pause(WATCH_MS);
  }
}

/** They are told in full behind the status; while it is shown again and again, with it. */
function faultsOnDisk(fault: ConfigError | undefined, watch: boolean): string {
  if (fault === undefined) return "";
  const what = "the configuration on disk can not be used; a daemon that runs has an earlier one";
  return watch
    ? `\n${what}:\n${fault.faults.map((one) => `${plainText(formatFaults([one]))}\n`).join("")}`
    : `\n${what}\n`;
}

/** A file with faults is no reason to show nothing: the daemon runs on, on the one before. */
function placeOf(file: string): { readonly place: StatusPlace; readonly fault: ConfigError | undefined } {
  try {
    const { config } = readConfig(file);
    return { place: { directory: config.spool.directory, config }, fault: undefined };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { place: { directory: spoolDirectoryIn(file), config: undefined }, fault: error };
  }
}

/** The whole status as tables; everything that is not ours is made plain first. */
export function render(status: BridgeStatus, colours: Paint, nowMs = Date.now()): string {
  const { bold, green, red, yellow, dim } = colours;
  const { spool } = status;
  const verdict = status.ready ? green("ready") : red("not ready");
  const source = status.source === "daemon" ? `pid ${status.pid}, since ${status.startedAt}` : yellow("from its files");
  const head = { head: dim };
  const spoolState = spool.full ? `  ${red("full, polling waits")}` : "";
  return [
    `${bold(`s1bridge ${plainText(status.version)}`)}  ${verdict}  ${source}, as of ${status.at}\n`,
    ...status.reasons.map((reason) => `  ${red("!")} ${plainText(reason)}\n`),
    ...refusedLines(status.refused, colours),
    "\n",
    formatTable(
      [["CONSOLE", "VERSION", "CLOCK", "TOKEN"], ...status.consoles.map((one) => consoleRow(one, colours))],
      head,
    ),
    "\n",
    formatTable(
      [
        ["FEED", "STATE", "LAST PAGE", "LAG", "EVENTS/MIN", "EVENTS", "LATE", "DEAD", "WHY"],
        ...status.feeds.map((feed) => feedRow(feed, colours, nowMs)),
      ],
      head,
    ),
    "\n",
    formatTable(
      [
        ["COLLECTOR", "STATE", "CONFIRMED", "EVENTS/MIN", "IN DOUBT", "WAITING", "OLDEST", "LAST CONFIRM", "WHY"],
        ...status.collectors.map((collector) => collectorRow(collector, colours, nowMs)),
      ],
      head,
    ),
    "\n",
    `spool  ${size(spool.bytes)} of ${size(spool.maxBytes)}, ${spool.events} events wait, oldest ${age(spool.oldestSeconds)}${spoolState}\n`,
    ...unroutedLines(status.unrouted, colours, nowMs),
    ...adviceLines(status, colours),
  ].join("");
}

function consoleRow(
  { console, version, skewSeconds, tokenExpiresAt, tokenSecondsLeft }: BridgeStatus["consoles"][number],
  { red, yellow }: Paint,
): string[] {
  const days = tokenSecondsLeft === null ? undefined : Math.floor(tokenSecondsLeft / 86_400);
  const left = days === undefined ? "-" : days < 0 ? "expired" : `${days} days left, ${String(tokenExpiresAt)}`;
  const step = tokenSecondsLeft === null ? undefined : tokenStep(tokenSecondsLeft * 1000);
  const tokenColour = step === undefined ? (text: string) => text : step.days > 7 ? yellow : red;
  return [plainText(console), plainText(version ?? "-"), skew(skewSeconds), tokenColour(left)];
}

function refusedLines(refused: BridgeStatus["refused"], { red, yellow }: Paint): string[] {
  if (refused === null) return [];
  const { at, code, file, faults } = refused;
  const what = `${code} ${file} was refused at ${at}; the one before goes on. Mend it and reload:`;
  return [`  ${red("!")} ${plainText(what)}\n`, ...faults.map((fault) => `      ${yellow(plainText(fault))}\n`)];
}

/** For each fault that there is, once, as docs/errors.md has it. */
function adviceLines({ feeds, collectors }: BridgeStatus, { bold }: Paint): readonly string[] {
  const codes = new Set([...feeds, ...collectors].flatMap(({ fault }) => (fault === null ? [] : [fault.code])));
  const lines = [...codes].flatMap((code) => {
    const action = ADVICE[code]?.action;
    return action === undefined ? [] : [`  ${code}: ${action}\n`];
  });
  return lines.length === 0 ? [] : ["\n", `${bold("what to do:")}\n`, ...lines];
}

function unroutedLines(
  unrouted: BridgeStatus["unrouted"],
  { bold, yellow, dim }: Paint,
  nowMs: number,
): readonly string[] {
  if (unrouted.length === 0) return [];
  const rows = unrouted.map(({ belongsTo, events, lastAt }) => [
    yellow(plainText(belongsTo)),
    String(events),
    since(lastAt, nowMs),
  ]);
  return [
    "\n",
    formatTable([["NO COLLECTOR TAKES", "DISCARDED", "LAST"], ...rows], { head: dim }),
    `${bold("what to do:")} \`s1bridge routes\` shows what goes where; a collector with \`default: true\` takes the rest\n`,
  ];
}

/** Of the console's clock against ours. */
function skew(seconds: number): string {
  if (seconds === 0) return "agrees";
  return seconds > 0 ? `${seconds} s ahead` : `${-seconds} s behind`;
}

function feedRow(feed: FeedStatus, { green, yellow, red, dim }: Paint, nowMs: number): string[] {
  const colour = { ok: green, starting: dim, failing: yellow, parked: red, stopped: dim }[feed.state];
  return [
    `${plainText(feed.console)}/${feed.feed}`,
    colour(feed.state),
    since(feed.lastPageAt, nowMs),
    age(feed.lagSeconds),
    String(feed.eventsPerMinute),
    String(feed.total.events),
    feed.late === 0 ? "0" : yellow(`${feed.late} (${age(feed.latestSeconds)})`),
    feed.total.deadLetters === 0 ? "0" : yellow(String(feed.total.deadLetters)),
    why(feed.fault),
  ];
}

function collectorRow(one: CollectorStatus, { green, red, yellow, dim }: Paint, nowMs: number): string[] {
  const colour = { ok: green, idle: dim, failing: red, stopped: dim }[one.state];
  return [
    plainText(one.collector),
    colour(one.connected === true ? "connected" : one.state),
    String(one.confirmed),
    String(one.eventsPerMinute),
    one.inDoubt === 0 ? "0" : yellow(String(one.inDoubt)),
    String(one.waiting),
    age(one.oldestWaitingSeconds),
    since(one.lastConfirmAt, nowMs),
    why(one.fault),
  ];
}

function why(fault: FaultStatus | null): string {
  return fault === null
    ? ""
    : plainText(`${fault.code} ${fault.message}; since ${fault.since}, next try ${fault.retryAt}`);
}

function since(iso: string | null, nowMs: number): string {
  return iso === null ? "-" : `${age((nowMs - Date.parse(iso)) / 1000)} ago`;
}
