import { type Dispatcher, request } from "undici";
import { describeError } from "../lib/errors.ts";
import { isAbort, orAborted, withDeadline } from "../lib/signals.ts";
import { AnswerBody, MAX_ANSWER_BYTES, isTooLarge, readBody, readCutBody } from "./answer-body.ts";
import { type Answer, type RawAnswer, UNAUTHORIZED_MS, errorOf, isJson, notForThisToken } from "./answer.ts";
import { ConsoleClock } from "./clock.ts";
import { type ConnectOptions, dispatcher } from "./dispatcher.ts";
import { AnswerTooLargeError, FeedUnauthorizedError, FeedUnavailableError } from "./errors.ts";
import { PageSizes, recordsAsked } from "./page-size.ts";
import { type RequestLimits, budgetOf } from "./request-limits.ts";
import { ConsoleToken, toldExpiry } from "./token.ts";
import type { RequestReport } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import { watchCertificate } from "../lib/peer-certificate.ts";

export interface ClientOptions extends ConnectOptions {
  readonly url: string;
  /** Reads the token anew: its file may have changed. */
  readonly token: () => string;
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

/** What is asked of the API: a list, or a query in GraphQL. */
export interface ApiRequest {
  readonly path: string;
  readonly query: Query;
  readonly graphql?: GraphqlRequest;
}

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: { readonly first: number; readonly after: string | null; readonly filters: readonly object[] };
}

const API = "/web/api/v2.1/";

/** A console is upgraded now and then. */
const VERSION_MS = 6 * 3_600_000;

/** How long it is waited for what is only told about the token. */
const EXPIRY_TIMEOUT_MS = 5000;

const ANSWER_TIMEOUT_MS = 60_000;

/** An answer this short leaves room for one of four times as many records. */
const ROOMY_BYTES = MAX_ANSWER_BYTES / 8;

/** For undici. */
const UNLIMITED = -1;

/** Asks one console. Shared by its feeds, so that they share its connections, its clock and its limits. */
export class ConsoleClient {
  readonly clock: ConsoleClock;
  readonly #options: ClientOptions;
  readonly #dispatcher: Dispatcher;
  /** For answers of any length, from the first one on that needs it. */
  #unlimited: Dispatcher | undefined;
  readonly #sizes = new PageSizes();
  readonly #token: ConsoleToken;
  readonly #certificates: Disposable | undefined;
  #about: Promise<string | undefined> | undefined;
  #askedMs = -Infinity;
  readonly #closed = new AbortController();
  #learning: Promise<void> = Promise.resolve();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#dispatcher = dispatcher(options, MAX_ANSWER_BYTES);
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
      return await this.#askInParts(asked, token, signal);
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
      // It is only told: no page waits for it, and none that is over ends it.
      if (this.#token.isUntold) this.#learning = this.#learnExpiry(this.#closed.signal).catch(() => undefined);
      return about;
    } catch (error) {
      this.#askedMs = -Infinity;
      throw error;
    }
  }

  /** As `version`, and resolves when `tokenExpiresAt` is known or the console does not tell. */
  async learn(signal: AbortSignal): Promise<void> {
    await this.version(signal);
    await orAborted(this.#learning, signal);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#certificates?.[Symbol.dispose]();
    await Promise.all([this.#dispatcher.destroy(), this.#unlimited?.destroy()]);
  }

  /** After a 401: a token that has changed in its file is tried at once; otherwise `/system/info` tells whether it is dead. */
  async #askAgain(
    refused: FeedUnauthorizedError,
    refusedToken: string,
    asked: ApiRequest,
    signal: AbortSignal,
  ): Promise<Answer> {
    const token = this.#readToken();
    if (token !== refusedToken) return await this.#askInParts(asked, token, signal);
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
      const { data } = JSON.parse(user.body.text) as { data?: { id?: unknown } };
      const own = toldExpiry(data);
      if (own !== undefined || typeof data?.id !== "string" || !/^\d+$/.test(data.id)) {
        this.#token.tell(token, own);
        return;
      }
      const details = await this.#ask({ path: `users/${data.id}/api-token-details`, query: {} }, token, limit.signal);
      this.#token.tell(token, toldExpiry((JSON.parse(details.body.text) as { data?: unknown }).data));
    } catch {
      // Refused, missing, slow or torn: it stays unknown.
      signal.throwIfAborted();
    }
  }

  async #askVersion(signal: AbortSignal): Promise<string | undefined> {
    try {
      const { body } = await this.get("system/info", {}, signal);
      const { data } = JSON.parse(body.text) as { data?: { version?: unknown; build?: unknown } };
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

  /** Too large an answer is asked for again with fewer records, down to one, which is then cut as it comes. */
  async #askInParts(asked: ApiRequest, token: string, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      const part = this.#sizes.within(asked);
      const limit = recordsAsked(part);
      try {
        const answer = await this.#ask(part, token, signal);
        if (answer.body.bytes.length < ROOMY_BYTES) this.#sizes.grow(asked);
        return { ...answer, limit };
      } catch (error) {
        if (!(error instanceof AnswerTooLargeError)) throw error;
        if (!this.#sizes.shrink(part)) return { ...(await this.#ask(part, token, signal, "cut")), limit };
      }
    }
  }

  async #ask(asked: ApiRequest, token: string, signal: AbortSignal, read: "whole" | "cut" = "whole"): Promise<Answer> {
    const { path, query } = asked;
    const budget = budgetOf(path);
    this.#options.limits.hourly(token, this.#options.perHour)?.spend();
    const waitedMs = await this.#options.limits.bucket(token, budget, this.#options.perSecond[budget]).take(signal);
    const startedMs = performance.now();
    let answer: RawAnswer | undefined;
    try {
      answer = await this.#request(asked, token, signal, read);
    } finally {
      const tookMs = performance.now() - startedMs - (answer?.body.waitedMs ?? 0);
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

  async #request(
    { path, query, graphql }: ApiRequest,
    token: string,
    signal: AbortSignal,
    read: "whole" | "cut",
  ): Promise<RawAnswer> {
    using limit = withDeadline(signal, 2 * ANSWER_TIMEOUT_MS);
    try {
      const response = await request(new URL(API + path, this.#options.url), {
        query,
        ...(graphql === undefined ? {} : { method: "POST", body: JSON.stringify(graphql) }),
        headers: {
          authorization: `ApiToken ${token}`,
          accept: "application/json",
          ...(graphql === undefined ? {} : { "content-type": "application/json" }),
          "accept-encoding": "gzip",
          "user-agent": this.#options.userAgent,
        },
        dispatcher: read === "whole" ? this.#dispatcher : (this.#unlimited ??= dispatcher(this.#options, UNLIMITED)),
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
        signal: limit.signal,
      });
      const { statusCode, headers } = response;
      const encoding = header(headers["content-encoding"]);
      const body = await (read === "whole" ? readBody : readCutBody)(response.body, encoding, limit.signal);
      const answer = {
        status: statusCode,
        contentType: header(headers["content-type"]) ?? "",
        retryAfter: header(headers["retry-after"]),
        requestId: header(headers["x-rqid"]),
        // Some gateways show the request in their error pages, and what an error says is logged.
        body: statusCode === 200 ? body : new AnswerBody(Buffer.from(body.text.replaceAll(token, "[token]"))),
      };
      // A proxy that answers in the console's place has a clock of its own.
      if (isJson(answer)) this.clock.set(header(headers["date"]));
      return answer;
    } catch (error) {
      if (isAbort(error, signal)) throw error;
      if (read === "whole" && isTooLarge(error))
        throw new AnswerTooLargeError(`the answer to ${path} has more than ${MAX_ANSWER_BYTES} bytes`, {
          cause: error,
        });
      throw new FeedUnavailableError(`${path} could not be read from ${this.#options.url}: ${describeError(error)}`, {
        cause: error,
      });
    }
  }
}

/** A path without its ids, so that it names a kind of request. */
function labelOf(path: string): string {
  return path.replaceAll(/(?<=\/)\d+(?=\/|$)/g, "{id}");
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
