import type { AnswerBody } from "./answer-body.ts";
import type { BridgeError } from "../lib/errors.ts";
import {
  CursorRefusedError,
  FeedForbiddenError,
  FeedMissingError,
  FeedRefusedError,
  FeedThrottledError,
  FeedUnauthorizedError,
  FeedUnavailableError,
} from "./errors.ts";

/** An answer of the console whose status and content type say that it is the API's. */
export interface Answer {
  readonly body: AnswerBody;
  readonly requestId: string | undefined;
  /** How many records were asked for, which may have been fewer than the feed wanted. */
  readonly limit?: number | undefined;
}

export interface RawAnswer extends Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
}

/** A feed that is refused for good is probed this rarely: permissions and licences change now and then. */
const PARKED_MS = 10 * 60_000;

/** A dead token is looked at again this often; a new one in its file is then found. */
export const UNAUTHORIZED_MS = 30_000;

/** A wait that the console asks for is kept up to this long. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

const INVALID_CURSOR = 4_000_010;

/**
 * The error that the answer stands for; undefined when it is a success. Only status and content type are trusted, then
 * the body is read. `withCursor`: only a request that carried a cursor can have had it refused, and every other
 * parameter that is refused has the same code.
 */
export function errorOf(
  answer: RawAnswer,
  path: string,
  withCursor = false,
  now: number = Date.now(),
): BridgeError | undefined {
  const { status } = answer;
  if (status === 200 && isJson(answer)) return undefined;
  const told = vendorErrors(answer);
  const message = `the console answered ${path} with ${status}${describe(told, answer)}`;
  const retryAfterMs = retryAfter(answer.retryAfter, now);
  switch (status) {
    case 400:
      return withCursor && told.some((error) => error.code === INVALID_CURSOR)
        ? new CursorRefusedError(message)
        : new FeedRefusedError(message, { retryAfterMs: PARKED_MS });
    case 401:
      return new FeedUnauthorizedError(message, { retryAfterMs: UNAUTHORIZED_MS });
    case 403:
      return new FeedForbiddenError(message, { retryAfterMs: PARKED_MS });
    case 404:
    case 501:
      return new FeedMissingError(message, { retryAfterMs: PARKED_MS });
    case 429:
      return new FeedThrottledError(message, { retryAfterMs });
    default:
      return new FeedUnavailableError(message, { retryAfterMs });
  }
}

/** The 401 of an endpoint that refuses a token which is otherwise good. */
export function notForThisToken(cause: FeedUnauthorizedError): FeedForbiddenError {
  return new FeedForbiddenError(`${cause.message}, though the token is good elsewhere: this feed is not for it`, {
    cause,
    retryAfterMs: PARKED_MS,
  });
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 section 10.2.3), as a wait; undefined when there is none. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_MS);
}

interface VendorError {
  readonly code?: number;
  readonly title?: string;
  readonly detail?: unknown;
}

/** The API's own errors in a body, `{errors:[{code,title,detail}]}`; none when it is another's page. */
export function vendorErrors({ body }: Answer): readonly VendorError[] {
  try {
    const told = JSON.parse(body.text) as { errors?: unknown } | null;
    return Array.isArray(told?.errors)
      ? told.errors.filter((error) => typeof error === "object" && error !== null)
      : [];
  } catch {
    // An HTML page of a proxy, or JSON followed by one.
    return [];
  }
}

function describe(errors: readonly VendorError[], { contentType, requestId }: RawAnswer): string {
  const told = errors.map(({ code, title, detail }) =>
    [
      code,
      title,
      typeof detail === "string" ? detail : detail === undefined || detail === null ? "" : JSON.stringify(detail),
    ]
      .filter((part) => part !== undefined && part !== "")
      .join(" "),
  );
  const other = /json/i.test(contentType) ? "an error that is not the API's" : `not JSON of the API but ${contentType}`;
  const what = told.length > 0 ? told.join("; ") : contentType === "" ? "" : other;
  return `${what === "" ? "" : `: ${what.slice(0, 300)}`}${requestId === undefined ? "" : ` (X-RqId ${requestId})`}`;
}

/** Whether the answer is the API's and not the page of something in between. */
export function isJson({ contentType, body }: RawAnswer): boolean {
  return /^application\/([\w.+-]+\+)?json\b/i.test(contentType) || (contentType === "" && /^\s*\{/.test(body.text));
}
