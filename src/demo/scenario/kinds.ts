import type { Behaviour } from "../collector/behaviour.ts";
import {
  type Fault,
  answerFault,
  badGateway,
  errorsInside,
  gatewayTimeout,
  hang,
  loginRedirect,
  reset,
  serverError,
  serverErrorWithHtml,
  springError,
  throttled,
  unavailable,
} from "../console/faults.ts";
import { forbidden, invalid, notFound, notImplemented, unauthorized } from "../console/vendor-answers.ts";
import type { Play, SpecialOption } from "./schema.ts";

/** What a scenario can name: what the fault means, for the reference page, and which options it takes. */
export interface FaultKind {
  readonly about: string;
  readonly options: readonly SpecialOption[];
  readonly needs?: readonly SpecialOption[];
  /** It is a state and not an answer: it holds from `at` on, for as long as `for` says. */
  readonly timed?: boolean;
}

interface ConsoleKind extends FaultKind {
  /** What happens to a request; undefined for a state. */
  readonly make?: (play: Play, nowMs: number) => Fault;
  /** Only requests that carry a cursor are meant. */
  readonly withCursor?: boolean;
}

interface CollectorKind extends FaultKind {
  readonly make?: (play: Play) => Behaviour;
}

function answers(about: string, fault: Fault): ConsoleKind {
  return { about, options: ["path"], make: () => fault };
}

function cursor(about: string, value: (Fault & { kind: "cursor" })["value"]): ConsoleKind {
  return { about, options: ["path"], make: () => ({ kind: "cursor", value }) };
}

export const CONSOLE_FAULTS = {
  unauthorized: answers("401: the endpoint refuses the token", answerFault(unauthorized)),
  forbidden: answers("403: the token lacks a permission", answerFault(forbidden())),
  not_found: answers("404: the console does not have the endpoint", answerFault(notFound)),
  not_supported: answers("501: the console does not support it", answerFault(notImplemented)),
  throttled: {
    about: "429 as nginx's HTML page; `retry_after` in seconds, or `date` for an HTTP date 3 s ahead",
    options: ["path", "retry_after"],
    make: ({ retry_after: after }: Play, nowMs: number) =>
      throttled(after === "date" ? new Date(nowMs + 3000).toUTCString() : after),
  },
  server_error: answers("500 with the vendor's JSON", serverError),
  server_error_html: answers("500 as JSON with an HTML document behind it", serverErrorWithHtml),
  spring_error: answers("500 of a service behind the console", springError),
  bad_gateway: answers("502, an HTML page", badGateway),
  unavailable: answers("503, an HTML page", unavailable),
  gateway_timeout: answers("504, an HTML page", gatewayTimeout),
  errors_inside: answers("200 with `errors` and no data", errorsInside),
  login_redirect: answers("302 to a login page", loginRedirect),
  hang: answers("no answer at all, until the bridge gives up after 60 s", hang),
  reset: {
    about: "the connection is reset after so many `bytes` of the answer",
    options: ["path", "bytes"],
    make: ({ bytes }: Play) => reset(bytes),
  },
  torn: {
    about: "200 whose JSON ends after so many `bytes`",
    options: ["path", "bytes"],
    make: ({ bytes = 500 }: Play) => ({ kind: "truncated", bytes }),
  },
  slow: {
    about: "the answer comes in pieces of `bytes`, one `every` so often",
    options: ["path", "bytes", "every"],
    make: ({ bytes = 65_536, every = 50 }: Play) => ({ kind: "slow", chunkBytes: bytes, everyMs: every }),
  },
  cursor_refused: {
    about: "400: a cursor that the console has handed out is not accepted",
    options: ["path"],
    withCursor: true,
    make: () => answerFault(invalid("Invalid cursor value received")),
  },
  cursor_repeated: cursor("the answer gives back the cursor of its request", "repeat"),
  cursor_null: cursor('the end of the list is told as the text "null"', "null"),
  cursor_empty: cursor("the end of the list is told as an empty text", ""),
  cursor_missing: cursor("the answer has no cursor, wherever the list ends", "missing"),
  cursor_encoded: cursor("the cursor is percent-encoded once more than usual", "encoded"),
  moving_rows: {
    about: "so many `rows` on each side of the page's end change right after it was read",
    options: ["path", "rows"],
    make: ({ rows = 3 }: Play) => ({ kind: "moving", rows }),
  },
  revoked: { about: "every request is refused with 401, `/system/info` as well", options: [], timed: true },
  clock_ahead: { about: "the console's clock is ahead `by` so much", options: ["by"], needs: ["by"], timed: true },
  clock_behind: { about: "the console's clock is behind `by` so much", options: ["by"], needs: ["by"], timed: true },
  late: {
    about: "`count` more activities of the last minutes become visible one by one, the last after `for`",
    options: ["count"],
    timed: true,
  },
} satisfies Record<string, ConsoleKind>;

export const COLLECTOR_FAULTS = {
  away: { about: "resets every connection and refuses new ones", options: [], timed: true },
  close_on_accept: { about: "ends the connection at once", options: [], make: () => ({ closeOnAccept: true }) },
  stall: {
    about: "reads so many `bytes`, then nothing for 2 s, then resets",
    options: ["bytes"],
    make: ({ bytes = 100_000 }: Play) => ({ stall: { afterBytes: bytes, ms: 2000 } }),
  },
  stop_reading: {
    about: "reads so many `bytes` and never another, without closing",
    options: ["bytes"],
    make: ({ bytes = 100_000 }: Play) => ({ stopReadingAfter: bytes }),
  },
  never_answer: { about: "does not answer the close", options: [], make: () => ({ neverAnswerClose: true }) },
  end_early: {
    about: "ends after so many `bytes` and throws away the rest",
    options: ["bytes"],
    make: ({ bytes = 100_000 }: Play) => ({ endAfterBytes: bytes }),
  },
  reset: {
    about: "resets after so many `bytes`",
    options: ["bytes"],
    make: ({ bytes = 100_000 }: Play) => ({ resetAfterBytes: bytes }),
  },
  reset_on_close: { about: "answers the close with a reset", options: [], make: () => ({ resetOnClose: true }) },
  slow: {
    about: "reads no more than `bytes` a second",
    options: ["bytes"],
    make: ({ bytes = 1_000_000 }: Play) => ({ bytesPerSecond: bytes }),
  },
} satisfies Record<string, CollectorKind>;

export function consoleKind(name: string): ConsoleKind {
  return (CONSOLE_FAULTS as Readonly<Record<string, ConsoleKind>>)[name] ?? { about: "", options: [] };
}

export function collectorKind(name: string): CollectorKind {
  return (COLLECTOR_FAULTS as Readonly<Record<string, CollectorKind>>)[name] ?? { about: "", options: [] };
}
