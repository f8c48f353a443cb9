import { BridgeError } from "../lib/errors.ts";

/** What the console's answers mean for a feed. All are worth another try, some of them only much later. */
export abstract class FeedError extends BridgeError {
  readonly retryable = true;
}

/** 429: the console, or our own budget, wants fewer requests. */
export class FeedThrottledError extends FeedError {
  readonly code = "BRIDGE_FEED_THROTTLED";
}

/** No answer, 5xx, or an answer that is not the API's: a proxy's page, a redirect to a login, torn JSON. */
export class FeedUnavailableError extends FeedError {
  readonly code = "BRIDGE_FEED_UNAVAILABLE";
}

/** More than is read at once; the client asks for less, and does not tell anybody. */
export class AnswerTooLargeError extends FeedUnavailableError {}

/** 401, and `/system/info` refuses the token too: it is expired or revoked. */
export class FeedUnauthorizedError extends FeedError {
  readonly code = "BRIDGE_FEED_UNAUTHORIZED";
}

/** 403, or 401 though the token is good: this feed is not for this token. */
export class FeedForbiddenError extends FeedError {
  readonly code = "BRIDGE_FEED_FORBIDDEN";
}

/** 404 or 501: this console does not have the endpoint. */
export class FeedMissingError extends FeedError {
  readonly code = "BRIDGE_FEED_MISSING";
}

/** 400: the console does not accept the request as we make it. */
export class FeedRefusedError extends FeedError {
  readonly code = "BRIDGE_FEED_REFUSED";
}

/** 400 with code 4000010: the cursor is not accepted. The window is read again from its checkpoint. */
export class CursorRefusedError extends FeedError {
  readonly code = "BRIDGE_FEED_CURSOR_REFUSED";
}
