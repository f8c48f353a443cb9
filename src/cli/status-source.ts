import { Agent, request } from "undici";
import { readPem } from "../config/files.ts";
import type { Config } from "../config/schema.ts";
import { readToken } from "../config/secret.ts";
import type { SpoolSurvey } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { SpoolInspector } from "../spool/inspect.ts";
import { surveyOf } from "../spool/survey.ts";
import { spoolStatus, totalOf, waiting } from "../telemetry/status-board.ts";
import { type LastStatus, readLastStatus } from "../telemetry/status-file.ts";
import type { BridgeStatus, CollectorStatus, FeedStatus } from "../telemetry/status.ts";
import { VERSION } from "../version.ts";

const ANSWER_TIMEOUT_MS = 5000;

/** The status of the running daemon, else what its files say. Rejects when there is neither. */
export async function findStatus(config: Config): Promise<BridgeStatus> {
  const last = readLastStatus(config.spool.directory);
  try {
    return await askDaemon(config, last);
  } catch (error) {
    return statusOfFiles(config, last, describeError(error));
  }
}

async function askDaemon(config: Config, last: LastStatus | undefined): Promise<BridgeStatus> {
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
  const connect = tls === undefined ? {} : { ca: readPem(tls.cert_file), checkServerIdentity: () => undefined };
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

/** What stands in the spool, and what the daemon knew when it wrote its last status. */
function statusOfFiles(config: Config, last: LastStatus | undefined, why: string): BridgeStatus {
  const nowMs = Date.now();
  const survey = surveySpool(config);
  const known = last?.status;
  const feeds = config.consoles.flatMap(({ name: console, feeds: configured }) =>
    Object.entries(configured)
      .filter(([, feed]) => feed !== undefined)
      .map(([feed]) => feedOfFiles(console, feed, survey, known)),
  );
  return {
    source: "files",
    at: known?.at ?? new Date(nowMs).toISOString(),
    version: known?.version ?? VERSION,
    pid: known?.pid ?? 0,
    startedAt: known?.startedAt ?? new Date(nowMs).toISOString(),
    ready: false,
    reasons: [`the daemon does not answer: ${why}`],
    consoles: known?.consoles ?? [],
    feeds,
    collectors: config.collectors.map(({ name }) => collectorOfFiles(name, survey, known, nowMs)),
    spool: spoolStatus(survey, config.spool.max_size, false, nowMs),
  };
}

function surveySpool({ spool: { directory } }: Config): SpoolSurvey {
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
