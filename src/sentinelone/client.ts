import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, type ZlibOptions } from "node:zlib";
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent, request } from "undici";
import { describeError } from "../lib/errors.ts";
import { releaseBuffer } from "../lib/release-buffer.ts";
import { isAbort, withDeadline } from "../lib/signals.ts";
import { TokenBucket } from "../lib/token-bucket.ts";
import { type Answer, type RawAnswer, UNAUTHORIZED_MS, errorOf, isJson, notForThisToken } from "./answer.ts";
import { ConsoleClock } from "./clock.ts";
import { FeedUnauthorizedError, FeedUnavailableError } from "./errors.ts";
import { RequestBudgets } from "./budget.ts";
import { ConsoleToken, toldExpiry } from "./token.ts";
import type { RequestReport } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import { watchCertificate } from "../lib/peer-certificate.ts";

export interface ClientOptions {
  readonly url: string;
  /** Reads the token anew: its file may have changed. */
  readonly token: () => string;
  readonly ca: string | undefined;
  /** Undefined: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment. */
  readonly proxy: string | undefined;
  readonly userAgent: string;
  readonly limits: RequestLimits;
  /** Requests per second by path, in place of the documented ones. Without a burst: no second sees more. */
  readonly perSecond: Readonly<Record<string, number>>;
  /** Requests per hour over all paths, shared by the consoles of a token; undefined: no limit. */
  readonly perHour?: number | undefined;
  /** Told of each request when it is over. */
  readonly onRequest?: ((request: Omit<RequestReport, "console">) => void) | undefined;
  /** Told at each new connection when the console's certificate expires. */
  readonly onCertificate?: ((expiresMs: number) => void) | undefined;
  /** In place of one that goes by this machine's. */
  readonly clock?: ConsoleClock;
}

export type Query = Readonly<Record<string, string>>;

/** What is asked of the API: a list, or with a body a query in GraphQL. */
export interface ApiRequest {
  readonly path: string;
  readonly query: Query;
  readonly body?: string;
}

const API = "/web/api/v2.1/";

/** A console is upgraded now and then. */
const VERSION_MS = 6 * 3_600_000;

/** How long a page may wait for what is only told about the token. */
const EXPIRY_TIMEOUT_MS = 5000;

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** A page of 1,000 records has 1 to 2 MB; what is far beyond is not an answer but an attack on our memory. */
const MAX_ANSWER_BYTES = 256 << 20;

/** Asks one console. Shared by its feeds, so that they share its connections, its clock and its limits. */
export class ConsoleClient {
  readonly clock: ConsoleClock;
  readonly #options: ClientOptions;
  readonly #dispatcher: Dispatcher;
  readonly #token: ConsoleToken;
  readonly #certificates: Disposable | undefined;
  #about: Promise<string | undefined> | undefined;
  #askedMs = -Infinity;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#dispatcher = dispatcher(options);
    this.#certificates = options.onCertificate && watchCertificate(options.url, options.onCertificate);
    this.#token = new ConsoleToken(options.token);
    this.clock = options.clock ?? new ConsoleClock();
  }

  /** The body of a good answer. Rejects with a `FeedError` that says what the answer means, or the signal's reason. */
  get(path: string, query: Query, signal: AbortSignal): Promise<Answer> {
    return this.ask({ path, query }, signal);
  }

  /** As `get`, for any request. */
  async ask(asked: ApiRequest, signal: AbortSignal): Promise<Answer> {
    const token = this.#readToken();
    try {
      return await this.#ask(asked, token, signal);
    } catch (error) {
      if (!(error instanceof FeedUnauthorizedError)) throw error;
      return await this.#askAgain(error, token, asked, signal);
    }
  }

  /** When the API token expires; undefined while that is not known. */
  get tokenExpiresAt(): Micros | undefined {
    return this.#token.expiresAt;
  }

  /** The console's build, such as `S-25.1.3#77`, asked now and then; undefined when it does not tell. Sets the clock. */
  async version(signal: AbortSignal): Promise<string | undefined> {
    if (performance.now() - this.#askedMs > VERSION_MS) {
      this.#askedMs = performance.now();
      this.#token.askAgain();
      this.#about = this.#askVersion(signal);
    }
    try {
      const about = await this.#about;
      if (this.#token.isUntold) await this.#learnExpiry(signal);
      return about;
    } catch (error) {
      this.#askedMs = -Infinity;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#certificates?.[Symbol.dispose]();
    await this.#dispatcher.destroy();
  }

  /** After a 401: a token that has changed in its file is tried at once; otherwise `/system/info` tells whether it is dead. */
  async #askAgain(
    refused: FeedUnauthorizedError,
    refusedToken: string,
    asked: ApiRequest,
    signal: AbortSignal,
  ): Promise<Answer> {
    const token = this.#readToken();
    if (token !== refusedToken) return await this.#ask(asked, token, signal);
    if (asked.path === "system/info") throw refused;
    await this.#ask({ path: "system/info", query: {} }, token, signal);
    throw notForThisToken(refused);
  }

  /**
   * Asks when the token expires; not knowing it is no reason to wait. A service user's own record does not tell, but its id
   * leads to who does.
   */
  async #learnExpiry(signal: AbortSignal): Promise<void> {
    const token = this.#readToken();
    // Asked once for each token: another feed must not ask as well while this one waits.
    this.#token.tell(token, undefined);
    using limit = withDeadline(signal, EXPIRY_TIMEOUT_MS);
    try {
      const user = await this.#ask({ path: "user", query: {} }, token, limit.signal);
      const { data } = JSON.parse(user.text) as { data?: { id?: unknown } };
      const own = toldExpiry(data);
      if (own !== undefined || typeof data?.id !== "string" || !/^\d+$/.test(data.id)) {
        this.#token.tell(token, own);
        return;
      }
      const details = await this.#ask({ path: `users/${data.id}/api-token-details`, query: {} }, token, limit.signal);
      this.#token.tell(token, toldExpiry((JSON.parse(details.text) as { data?: unknown }).data));
    } catch {
      // Refused, missing, slow or torn: it stays unknown.
      signal.throwIfAborted();
    }
  }

  async #askVersion(signal: AbortSignal): Promise<string | undefined> {
    try {
      const { text } = await this.get("system/info", {}, signal);
      const { data } = JSON.parse(text) as { data?: { version?: unknown; build?: unknown } };
      const version = typeof data?.version === "string" && data.version !== "" ? data.version : undefined;
      const build = typeof data?.build === "string" || typeof data?.build === "number" ? `#${data.build}` : "";
      return version === undefined || version.includes("#") ? version : `${version}${build}`;
    } catch (error) {
      if (isAbort(error, signal) || error instanceof FeedUnauthorizedError) throw error;
      // A console that does not answer at all has not told its time either.
      if (error instanceof FeedUnavailableError && this.clock.now() === undefined) throw error;
      // The version is only for show.
      return undefined;
    }
  }

  async #ask(asked: ApiRequest, token: string, signal: AbortSignal): Promise<Answer> {
    const { path, query } = asked;
    const budget = budgetOf(path);
    this.#options.limits.hourly(token, this.#options.perHour)?.spend();
    const waitedMs = await this.#options.limits.bucket(token, budget, this.#options.perSecond[budget]).take(signal);
    const startedMs = performance.now();
    let answer: RawAnswer | undefined;
    try {
      answer = await this.#request(asked, token, signal);
    } finally {
      const tookMs = performance.now() - startedMs;
      // Given up by us at the stop: that says nothing of the console.
      if (answer !== undefined || !signal.aborted)
        this.#options.onRequest?.({ path: labelOf(path), status: answer?.status, tookMs, waitedMs });
    }
    const error = errorOf(answer, path, query["cursor"] !== undefined);
    if (error !== undefined) throw error;
    return answer;
  }

  /** A token that can not be read yet is waited for as a dead one is. */
  #readToken(): string {
    try {
      return this.#token.current();
    } catch (error) {
      throw new FeedUnauthorizedError(describeError(error), { cause: error, retryAfterMs: UNAUTHORIZED_MS });
    }
  }

  async #request({ path, query, body: sent }: ApiRequest, token: string, signal: AbortSignal): Promise<RawAnswer> {
    using limit = withDeadline(signal, 2 * ANSWER_TIMEOUT_MS);
    try {
      const { statusCode, headers, body } = await request(new URL(API + path, this.#options.url), {
        query,
        ...(sent === undefined ? {} : { method: "POST", body: sent }),
        headers: {
          authorization: `ApiToken ${token}`,
          accept: "application/json",
          ...(sent === undefined ? {} : { "content-type": "application/json" }),
          "accept-encoding": "gzip",
          "user-agent": this.#options.userAgent,
        },
        dispatcher: this.#dispatcher,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
        signal: limit.signal,
      });
      const bytes = new Uint8Array(await body.arrayBuffer());
      const text = await decode(bytes, header(headers["content-encoding"]));
      const answer = {
        status: statusCode,
        contentType: header(headers["content-type"]) ?? "",
        retryAfter: header(headers["retry-after"]),
        requestId: header(headers["x-rqid"]),
        // Some gateways show the request in their error pages, and what an error says is logged.
        text: statusCode === 200 ? text : text.replaceAll(token, "[token]"),
      };
      // A proxy that answers in the console's place has a clock of its own.
      if (isJson(answer)) this.clock.set(header(headers["date"]));
      return answer;
    } catch (error) {
      if (isAbort(error, signal)) throw error;
      throw new FeedUnavailableError(`${path} could not be read from ${this.#options.url}: ${describeError(error)}`, {
        cause: error,
      });
    }
  }
}

/** Sustained requests per second and burst, within what SentinelOne documents for a token. */
const DOCUMENTED: Readonly<Record<string, { perSecond: number; burst: number }>> = {
  activities: { perSecond: 10, burst: 10 },
  threats: { perSecond: 10, burst: 10 },
  "threats/{id}": { perSecond: 100, burst: 100 },
  agents: { perSecond: 25, burst: 25 },
  sites: { perSecond: 100, burst: 10 },
  accounts: { perSecond: 100, burst: 10 },
  "application-management": { perSecond: 3, burst: 3 },
  exclusions: { perSecond: 25, burst: 25 },
  "service-users": { perSecond: 5, burst: 5 },
  users: { perSecond: 40, burst: 40 },
  "unifiedalerts/graphql": { perSecond: 25, burst: 25 },
  "system/info": { perSecond: 1, burst: 2 },
};

/** What a path's requests count for: the ids in it make no difference. */
export function budgetOf(path: string): string {
  if (path.endsWith("/policy")) return "policy";
  if (path.startsWith("application-management/")) return "application-management";
  return path.replace(/^(threats)\/.+$/, "$1/{id}");
}

/** A path without its ids, so that it names a kind of request. */
function labelOf(path: string): string {
  return path.replaceAll(/(?<=\/)\d+(?=\/|$)/g, "{id}");
}

/** Requests per second that a path may make, as documented or as we limit it. */
export function limitOf(path: string): number {
  return (DOCUMENTED[budgetOf(path)] ?? UNDOCUMENTED).perSecond;
}

/** Paths without a documented limit. */
const UNDOCUMENTED = { perSecond: 5, burst: 5 };

/** Less than this is asked for so rarely that two at once are no matter. */
const RARE_PER_SECOND = 2;

/**
 * Without a burst, and a little below the limit: requests that left evenly arrive a little closer together, and no second
 * of the console is to count more than it documents.
 */
function evenly({ perSecond, burst }: { perSecond: number; burst: number }): { perSecond: number; burst: number } {
  return perSecond < RARE_PER_SECOND ? { perSecond, burst } : { perSecond: perSecond * 0.95, burst: 1 };
}

/** The request budget: per token and path, so that consoles which share a token share it. */
export class RequestLimits {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #hourly = new RequestBudgets();

  /** The budget of a token for an hour, when there is one. */
  hourly(token: string, perHour: number | undefined) {
    return perHour === undefined ? undefined : this.#hourly.of(token, perHour);
  }

  bucket(token: string, path: string, perSecond?: number): TokenBucket {
    const key = `${createHash("sha256").update(token).digest("base64")} ${path}`;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(
        perSecond === undefined ? evenly(DOCUMENTED[path] ?? UNDOCUMENTED) : { perSecond, burst: 1 },
      );
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }
}

function dispatcher({ ca, proxy }: ClientOptions): Dispatcher {
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) };
  const options = { connect, keepAliveTimeout: 60_000, connections: 8, maxResponseSize: MAX_ANSWER_BYTES };
  if (proxy !== undefined) return new ProxyAgent({ ...options, uri: proxy, requestTls: connect });
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  const hasProxy = [HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy].some(
    (value) => value !== undefined && value !== "",
  );
  return hasProxy ? new EnvHttpProxyAgent({ ...options, requestTls: connect }) : new Agent(options);
}

/** A page mostly fits into one chunk, and is then not copied. */
const PLAIN_CHUNK_BYTES = 2 << 20;

const gunzipAsync = promisify<Uint8Array, ZlibOptions, Buffer>(gunzip);

async function decode(bytes: Uint8Array, encoding: string | undefined): Promise<string> {
  if (bytes.length > MAX_ANSWER_BYTES)
    throw new Error(`an answer of ${bytes.length} bytes is over the limit of ${MAX_ANSWER_BYTES}`);
  const plain =
    encoding === "gzip"
      ? await gunzipAsync(bytes, { maxOutputLength: MAX_ANSWER_BYTES, chunkSize: PLAIN_CHUNK_BYTES })
      : Buffer.from(bytes.buffer);
  const text = plain.toString("utf8");
  releaseBuffer(bytes);
  releaseBuffer(plain);
  return text;
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
