import { nginxPage, internalError } from "./vendor-answers.ts";
import type { Answer } from "./vendor-answers.ts";

/** What goes wrong with one request. */
export type Fault =
  /** This answer in place of the real one. */
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The real answer as valid HTTP, with its JSON cut after so many bytes. */
  | { readonly kind: "truncated"; readonly bytes: number }
  /** The real answer, a piece at a time. */
  | { readonly kind: "slow"; readonly chunkBytes: number; readonly everyMs: number }
  /** Nothing at all until the client gives up. */
  | { readonly kind: "hang" }
  /** The connection is reset after so many bytes of the real answer. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** The real answer with another `nextCursor`; `repeat` gives back the cursor of the request itself, `encoded` is percent-encoded once more. */
  | { readonly kind: "cursor"; readonly value: "repeat" | "null" | "" | "missing" | "encoded" }
  /** The real answer, after which so many rows on each side of its end change: they move to the end of the order. */
  | { readonly kind: "moving"; readonly rows: number };

export interface ConsoleRequest {
  /** Without the prefix `/web/api/v2.1`. */
  readonly path: string;
  readonly search: URLSearchParams;
}

/** Asked before every answer. */
export interface FaultSource {
  next(request: ConsoleRequest): Fault | undefined;
}

export interface FaultRule {
  /** Which requests; all when left out. */
  readonly path?: string;
  readonly when?: (request: ConsoleRequest) => boolean;
  /** How many requests it hits, 1 when left out. */
  readonly times?: number;
  /** How many matching requests pass unharmed first. */
  readonly after?: number;
}

/** Faults in the order in which they were added: a request gets the first one that fits it. */
export class FaultPlan implements FaultSource {
  readonly #planned: { fault: Fault; rule: FaultRule; left: number; pass: number }[] = [];

  add(fault: Fault, rule: FaultRule = {}): void {
    this.#planned.push({ fault, rule, left: rule.times ?? 1, pass: rule.after ?? 0 });
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** How many faults are still to come. */
  get pending(): number {
    return this.#planned.reduce((sum, { left }) => sum + left, 0);
  }

  next(request: ConsoleRequest): Fault | undefined {
    for (const [index, planned] of this.#planned.entries()) {
      const { path, when } = planned.rule;
      if (path !== undefined && path !== request.path) continue;
      if (when?.(request) === false) continue;
      if (planned.pass > 0) {
        planned.pass -= 1;
        continue;
      }
      planned.left -= 1;
      if (planned.left <= 0) this.#planned.splice(index, 1);
      return planned.fault;
    }
    return undefined;
  }
}

export function answerFault(answer: Answer): Fault {
  return { kind: "answer", answer };
}

/** 429 as nginx sends it. `retryAfter` is seconds or an HTTP date, and mostly absent. */
export function throttled(retryAfter?: number | string): Fault {
  const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return answerFault(nginxPage(429, "Too Many Requests", headers));
}

export const serverError: Fault = answerFault(internalError);

export const badGateway: Fault = answerFault(nginxPage(502, "Bad Gateway"));

export const unavailable: Fault = answerFault(nginxPage(503, "Service Temporarily Unavailable"));

export const gatewayTimeout: Fault = answerFault(nginxPage(504, "Gateway Time-out"));

/** Seen on live consoles: a JSON error with an HTML document right behind it. */
export const serverErrorWithHtml: Fault = answerFault({
  status: 500,
  body: `${internalError.body}${nginxPage(500, "Internal Server Error").body}`,
});

/** 500 of the services behind the console that run on Spring. */
export const springError: Fault = answerFault({
  status: 500,
  body: '{"timestamp":"2026-11-21T20:00:00.000+00:00","status":500,"error":"Internal Server Error","path":"/"}',
});

/** 200 that is a failure all the same. */
export const errorsInside: Fault = answerFault({
  status: 200,
  body: internalError.body.replace("{", '{"data":[],"pagination":{"nextCursor":null,"totalItems":0},'),
});

export const loginRedirect: Fault = answerFault({ status: 302, body: "", headers: { location: "/login" } });

export const hang: Fault = { kind: "hang" };

export function reset(afterBytes = 0): Fault {
  return { kind: "reset", afterBytes };
}
