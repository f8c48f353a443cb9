import { Agent, request } from "undici";
import { readPem } from "../config/files.ts";
import type { Config } from "../config/schema.ts";
import { readToken } from "../config/secret.ts";
import type { SpoolSurvey } from "../bridge/ports.ts";
import { askBridge } from "../control/client.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolInspector } from "../spool/inspect.ts";
import { surveyOf } from "../spool/survey.ts";
import { spoolStatus, totalOf, waiting } from "../telemetry/status-parts.ts";
import { type LastStatus, readLastStatus } from "../telemetry/status-file.ts";
import type { BridgeStatus, CollectorStatus, FeedStatus } from "../telemetry/status.ts";
import { VERSION } from "../version.ts";

const ANSWER_TIMEOUT_MS = 5000;

/** Where a daemon and its files are looked for. */
export interface StatusPlace {
  /** The spool's folder. */
  readonly directory: string;
  /** Undefined: what stands on disk can not be used, and the daemon has another one. */
  readonly config: Config | undefined;
}

/** The status of the running daemon, else what its files say. Rejects when there is neither. */
export async function findStatus({ directory, config }: StatusPlace): Promise<BridgeStatus> {
  const last = readLastStatus(directory);
  try {
    return (await askControl(directory)) ?? (await askDaemon(config, last));
  } catch (error) {
    return statusOfFiles(directory, expectedOf(config, last), last, describeError(error));
  }
}

/** Needs no telemetry and no token of it, but the right to the spool's folder. Undefined: nobody answers there. */
async function askControl(directory: string): Promise<BridgeStatus | undefined> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    const lines = await askBridge(directory, "status", {}, signal);
    for await (const line of lines ?? []) return line as BridgeStatus;
  } catch {
    // Another user's, or another release: the telemetry answers those.
  }
  return undefined;
}

async function askDaemon(config: Config | undefined, last: LastStatus | undefined): Promise<BridgeStatus> {
  if (config === undefined) throw new Error("nobody answers in the spool's folder");
  const { statusCode, text, at } = await askTelemetry(config, last, "/api/status");
  if (statusCode !== 200) throw new Error(`${at} answers with ${statusCode}`);
  const status = JSON.parse(text) as BridgeStatus;
  if (!Array.isArray(status.feeds)) throw new Error(`what listens on ${at} is no s1bridge`);
  return status;
}

/** Asks the running daemon for one of its pages. Rejects when nothing answers. */
export async function askTelemetry(
  { telemetry }: Config,
  last: LastStatus | undefined,
  path: string,
): Promise<{ readonly statusCode: number; readonly text: string; readonly at: string }> {
  const { listen, tls, token } = telemetry;
  const host = listen.host === "0.0.0.0" ? "127.0.0.1" : listen.host === "::" ? "::1" : listen.host;
  const port = listen.port === 0 ? Number(last?.telemetry?.split(":").at(-1) ?? 0) : listen.port;
  if (port === 0) throw new Error("nobody knows on which port it listens");
  // It is our own machine, and the certificate is for the name that others know: what counts is that it is this very one.
  // An authority may have signed it that nobody here needs to know.
  const thisOne = { checkServerIdentity: () => undefined, allowPartialTrustChain: true };
  const connect = tls === undefined ? {} : { ca: readPem(tls.cert_file), ...thisOne };
  const agent = new Agent({ connect });
  try {
    const { statusCode, body } = await request(
      `http${tls === undefined ? "" : "s"}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`,
      {
        dispatcher: agent,
        headers: token === undefined ? {} : { authorization: `Bearer ${readToken(token)}` },
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
      },
    );
    return { statusCode, text: await body.text(), at: `${host}:${port}` };
  } finally {
    await agent.destroy();
  }
}

/** What a status has to have. */
interface Expected {
  readonly feeds: readonly { readonly console: string; readonly feed: string }[];
  readonly collectors: readonly string[];
  readonly maxSpoolBytes: number;
}

/** By the configuration; without a usable one, what there was when the daemon wrote its last status. */
function expectedOf(config: Config | undefined, last: LastStatus | undefined): Expected {
  if (config === undefined) {
    const { feeds = [], collectors = [], spool } = last?.status ?? {};
    return { feeds, collectors: collectors.map(({ collector }) => collector), maxSpoolBytes: spool?.maxBytes ?? 0 };
  }
  const feeds = config.consoles.flatMap(({ name: console, feeds: configured }) =>
    Object.entries(configured)
      .filter(([, feed]) => feed !== undefined)
      .map(([feed]) => ({ console, feed })),
  );
  return { feeds, collectors: config.collectors.map(({ name }) => name), maxSpoolBytes: config.spool.max_size };
}

/** What stands in the spool, and what the daemon knew when it wrote its last status. */
function statusOfFiles(
  directory: string,
  { feeds, collectors, maxSpoolBytes }: Expected,
  last: LastStatus | undefined,
  why: string,
): BridgeStatus {
  const nowMs = Date.now();
  const survey = surveySpool(directory);
  const known = last?.status;
  return {
    source: "files",
    at: known?.at ?? new Date(nowMs).toISOString(),
    version: known?.version ?? VERSION,
    pid: known?.pid ?? 0,
    startedAt: known?.startedAt ?? new Date(nowMs).toISOString(),
    ready: false,
    reasons: [`the daemon does not answer: ${why}`],
    consoles: known?.consoles ?? [],
    feeds: feeds.map(({ console, feed }) => feedOfFiles(console, feed, survey, known)),
    collectors: collectors.map((name) => collectorOfFiles(name, survey, known, nowMs)),
    spool: spoolStatus(survey, maxSpoolBytes, false, nowMs),
    unrouted: known?.unrouted ?? [],
    refused: null,
    incidents: known?.incidents ?? [],
  };
}

function surveySpool(directory: string): SpoolSurvey {
  using spool = new SpoolInspector(directory);
  return { ...surveyOf(spool.database), bytes: spool.overview().bytes };
}

/** What is told of a feed or collector by the running daemon only. */
const UNKNOWN_FEED = {
  lastPageAt: null,
  newestConfirmedAt: null,
  lagSeconds: null,
  spooled: 0,
  duplicates: 0,
  late: 0,
  latestSeconds: null,
  deadLetters: 0,
  fault: null,
};
const UNKNOWN_COLLECTOR = { lastConfirmAt: null, confirmed: 0, inDoubt: 0, inDoubtTotal: 0, fault: null };

function feedOfFiles(
  console: string,
  feed: string,
  { feeds }: SpoolSurvey,
  known: BridgeStatus | undefined,
): FeedStatus {
  const surveyed = feeds.find((one) => one.console === console && one.feed === feed);
  const before = known?.feeds.find((one) => one.console === console && one.feed === feed);
  const { checkpoint } = surveyed ?? {};
  return {
    ...UNKNOWN_FEED,
    ...before,
    console,
    feed,
    state: "stopped",
    eventsPerMinute: 0,
    reached: checkpoint === undefined ? null : new Date(checkpoint / 1000).toISOString(),
    total: totalOf(surveyed),
  };
}

function collectorOfFiles(
  collector: string,
  { collectors, end }: SpoolSurvey,
  known: BridgeStatus | undefined,
  nowMs: number,
): CollectorStatus {
  return {
    ...UNKNOWN_COLLECTOR,
    ...known?.collectors.find((one) => one.collector === collector),
    collector,
    state: "stopped",
    connected: null,
    eventsPerMinute: 0,
    ...waiting(
      collectors.find((one) => one.collector === collector),
      end,
      nowMs,
    ),
  };
}
