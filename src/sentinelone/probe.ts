import type { FeedKey } from "../bridge/ports.ts";
import type { SecurityEvent } from "../event/event.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { ConsoleClient } from "./client.ts";

/** One thing that was tried at a console. */
export interface ConsoleStep {
  readonly step: "reach" | "token" | "clock" | "expiry" | "scope" | "feed";
  /** `warning`: it works, and somebody should look at it. */
  readonly state: "ok" | "warning" | "fault";
  readonly detail: string;
  /** The error code of a fault. */
  readonly code?: string;
  /** Of a step that is about one feed. */
  readonly feed?: string;
}

/** What of a feed a probe needs: one look, which moves nothing. */
export interface ProbedFeed {
  readonly key: FeedKey;
  readNewest(limit: number, signal: AbortSignal): Promise<readonly SecurityEvent[]>;
}

export interface ConsoleProbe {
  readonly client: ConsoleClient;
  readonly url: string;
  readonly feeds: readonly ProbedFeed[];
  /** The sites that the configuration limits the feeds to. */
  readonly siteIds: readonly string[];
}

/** A clock that is this far off is worth a look, though the bridge goes by the console's. */
const SKEW_MS = 60_000;
const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 30;

/**
 * Tries a console: whether it is reached, whether it takes the token, and which of the feeds the token may read. Only reads,
 * and changes no state here or there. Never rejects, but for the signal.
 */
export async function probeConsole(probe: ConsoleProbe, signal: AbortSignal): Promise<readonly ConsoleStep[]> {
  const { client, url } = probe;
  const steps: ConsoleStep[] = [];
  try {
    const version = await ask(client, "system/info", {}, signal);
    const { data } = version as { data?: { version?: unknown } };
    const about = typeof data?.version === "string" ? `, version ${data.version}` : "";
    const secured = url.startsWith("https:") ? "its certificate is good" : "without TLS: a loopback host";
    steps.push({ step: "reach", state: "ok", detail: `${url} answers${about}; ${secured}` });
    steps.push({ step: "token", state: "ok", detail: "the console takes the token" });
  } catch (error) {
    signal.throwIfAborted();
    const refused = codeOf(error) === "BRIDGE_FEED_UNAUTHORIZED";
    if (refused) steps.push({ step: "reach", state: "ok", detail: `${url} answers` });
    return [...steps, fault(refused ? "token" : "reach", error)];
  }
  steps.push(clock(client), await expiry(client, signal), await scope(probe, signal));
  for (const feed of probe.feeds) steps.push(await readFeed(feed, signal));
  return steps;
}

function clock({ clock: { skewMs } }: ConsoleClient): ConsoleStep {
  const seconds = Math.round(skewMs / 1000);
  const off = `the console's clock is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} ours`;
  if (Math.abs(skewMs) < 1000) return { step: "clock", state: "ok", detail: "the clocks agree" };
  const state = Math.abs(skewMs) >= SKEW_MS ? "warning" : "ok";
  return { step: "clock", state, detail: `${off}; the feeds go by the console's` };
}

async function expiry(client: ConsoleClient, signal: AbortSignal): Promise<ConsoleStep> {
  await client.learn(signal).catch(() => signal.throwIfAborted());
  const end = client.tokenExpiresAt;
  if (end === undefined) return { step: "expiry", state: "ok", detail: "neither token nor console tell when it ends" };
  const days = Math.floor((end / 1000 - Date.now()) / DAY_MS);
  const detail = `the token ends on ${new Date(end / 1000).toISOString()}, in ${days} days`;
  return { step: "expiry", state: days < EXPIRES_SOON_DAYS ? "warning" : "ok", detail };
}

/** The sites that the token sees, and whether those of the configuration are among them. */
async function scope({ client, siteIds }: ConsoleProbe, signal: AbortSignal): Promise<ConsoleStep> {
  try {
    const query = siteIds.length === 0 ? {} : { siteIds: siteIds.join(",") };
    const answer = await ask(client, "sites", { ...query, limit: "1000" }, signal);
    const { data, pagination } = answer as SitesAnswer;
    const sites = data?.sites ?? [];
    const missing = siteIds.filter((id) => !sites.some((site) => site.id === id));
    const total = pagination?.totalItems ?? sites.length;
    if (missing.length > 0)
      return { step: "scope", state: "fault", detail: `the token does not see the sites ${missing.join(", ")}` };
    const names = sites.slice(0, 3).map(({ name }) => name);
    return {
      step: "scope",
      state: "ok",
      detail: `the token sees ${total} ${total === 1 ? "site" : "sites"}${total === 0 ? "" : `: ${names.join(", ")}`}${total > names.length ? " …" : ""}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { ...fault("scope", error), state: siteIds.length > 0 ? "fault" : "warning" };
  }
}

interface SitesAnswer {
  readonly data?: { readonly sites?: readonly { readonly id?: string; readonly name?: string }[] };
  readonly pagination?: { readonly totalItems?: number | null };
}

async function readFeed(feed: ProbedFeed, signal: AbortSignal): Promise<ConsoleStep> {
  const { feed: name } = feed.key;
  try {
    const [newest] = await feed.readNewest(1, signal);
    const detail =
      newest === undefined
        ? "may be read; there is nothing in it"
        : `may be read; the newest is of ${new Date(newest.time / 1000).toISOString()}`;
    return { step: "feed", feed: name, state: "ok", detail };
  } catch (error) {
    signal.throwIfAborted();
    return { ...fault("feed", error), feed: name };
  }
}

function fault(step: ConsoleStep["step"], error: unknown): ConsoleStep {
  const code = codeOf(error);
  return { step, state: "fault", detail: describeError(error), ...(code === undefined ? {} : { code }) };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof BridgeError ? error.code : undefined;
}

async function ask(
  client: ConsoleClient,
  path: string,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<unknown> {
  return JSON.parse((await client.get(path, query, signal)).body.text) as unknown;
}
