import { randomUUID } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { activityTypesAnswer } from "./activity-types.ts";
import { encodeCursor } from "./cursor.ts";
import { FaultPlan } from "./faults.ts";
import type { Fault, FaultSource } from "./faults.ts";
import { activityShape, threatShape } from "./feed-shapes.ts";
import { RefusedError } from "./parameters.ts";
import { readQuery } from "./query.ts";
import type { Query } from "./query.ts";
import { RecordStore } from "./record-store.ts";
import type { Selection } from "./record-store.ts";
import { reply } from "./reply.ts";
import { RequestLog } from "./request-log.ts";
import { changedRecord } from "./threat-change.ts";
import type { RecordChange } from "./threat-change.ts";
import { loginPage, methodNotAllowed, notFound, unauthorized } from "./vendor-answers.ts";
import type { Answer } from "./vendor-answers.ts";

const API = "/web/api/v2.1/";

export interface ConsoleOptions {
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly token?: string;
  /** Serves HTTPS when given. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** The console's time in milliseconds: the `Date` header, and what is visible yet. */
  readonly clock?: () => number;
  /** In place of the console's own plan. */
  readonly faults?: FaultSource;
  /** `totalItems` never tells more, as large consoles do with 50000. */
  readonly totalItemsCap?: number;
}

/** An imitation of the management console's API that is as strict as the original, on a port of its own. */
export class DemoConsole implements AsyncDisposable {
  readonly activities = new RecordStore(activityShape);
  readonly threats = new RecordStore(threatShape);
  readonly requests = new RequestLog();
  readonly faults = new FaultPlan();
  /** The tokens that are valid now. */
  readonly tokens: Set<string>;
  /** What `/system/info` tells. */
  readonly info = {
    build: "77",
    latestAgentVersion: "25.1.3.334",
    patch: "3",
    release: "S-25.1",
    version: "S-25.1.3#77",
  };
  readonly #server: Server;
  readonly #options: ConsoleOptions;

  private constructor(server: Server, options: ConsoleOptions) {
    this.#server = server;
    this.#options = options;
    this.tokens = new Set([options.token ?? "demo-token"]);
  }

  /** Resolves when it listens. */
  static async start(options: ConsoleOptions = {}): Promise<DemoConsole> {
    const server: Server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
    server.keepAliveTimeout = 75_000;
    const made = new DemoConsole(server, options);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      made.#serve(request, response).catch((error: Error) => response.destroy(error));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    const scheme = this.#options.tls === undefined ? "http" : "https";
    return `${scheme}://${this.#options.host ?? "127.0.0.1"}:${this.port}`;
  }

  get nowMs(): number {
    return (this.#options.clock ?? Date.now)();
  }

  /** Adds records by their JSON text; with `visibleAtMs` on the console's clock, no query sees them before. */
  addActivities(texts: Iterable<string>, { visibleAtMs = 0 }: { visibleAtMs?: number } = {}): void {
    this.activities.add(texts, visibleAtMs);
  }

  addThreats(texts: Iterable<string>, { visibleAtMs = 0 }: { visibleAtMs?: number } = {}): void {
    this.threats.add(texts, visibleAtMs);
  }

  /** Merges `change` into a threat and moves its `updatedAt` to the console's time, or to one that `change` holds. */
  updateThreat(id: string, change: RecordChange): void {
    const found = this.threats.rewrite(id, (text) => changedRecord(text, change, this.nowMs));
    if (!found) throw new Error(`no threat ${id}`);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://console");
    const path = url.pathname.startsWith(API) ? `/${url.pathname.slice(API.length)}` : url.pathname;
    const asked = { path, search: url.searchParams };
    const atMs = performance.now();
    const fault = (this.#options.faults ?? this.faults).next(asked);
    const answer = this.#answer(request, url, fault);
    response.setHeader("Date", new Date(this.nowMs).toUTCString());
    response.setHeader("X-RqId", randomUUID());
    this.requests.add({ ...asked, atMs, status: answer.status });
    request.resume();
    response.on("error", () => {
      // The client went away: its business.
    });
    await reply(request, response, answer, fault);
  }

  #answer(request: IncomingMessage, url: URL, fault: Fault | undefined): Answer {
    if (fault?.kind === "answer") return fault.answer;
    if (request.method !== "GET") return methodNotAllowed;
    if (url.pathname === "/login") return loginPage;
    if (!url.pathname.startsWith(API)) return notFound;
    const path = url.pathname.slice(API.length);
    if (path === "system/status") return json({ data: { health: "ok" } });
    if (!["system/info", "activities", "activities/types", "threats"].includes(path)) return notFound;
    if (!this.#isAuthorized(request)) return unauthorized;
    if (path === "system/info") return json({ data: this.info });
    if (path === "activities/types") return activityTypesAnswer;
    return this.#list(path === "threats" ? this.threats : this.activities, url.searchParams, fault);
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const [, token] = /^apitoken (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
    return token !== undefined && this.tokens.has(token);
  }

  #list(store: RecordStore, search: URLSearchParams, fault: Fault | undefined): Answer {
    try {
      const query = readQuery(store.shape, search);
      const selection = store.select(query, this.nowMs);
      const nextCursor = faultyCursor(fault, search, nextCursorOf(store, query, selection));
      return { status: 200, body: this.#envelope(selection, nextCursor) };
    } catch (error) {
      if (error instanceof RefusedError) return error.answer;
      throw error;
    }
  }

  #envelope({ entries, total }: Selection, nextCursor: string | null | undefined): string {
    const totalItems = total === undefined ? null : Math.min(total, this.#options.totalItemsCap ?? Infinity);
    const pagination = JSON.stringify({ nextCursor, totalItems });
    return `{"data":[${entries.map(({ text }) => text).join(",")}],"pagination":${pagination}}`;
  }
}

function nextCursorOf(store: RecordStore, query: Query, { entries, hasMore }: Selection): string | null {
  const last = entries.at(-1);
  if (!hasMore || last === undefined) return null;
  const { sortBy, descending } = query;
  return encodeCursor(store.shape.view, {
    sortBy,
    descending,
    value: store.sortValue(sortBy, last),
    id: last.id,
  });
}

function faultyCursor(
  fault: Fault | undefined,
  search: URLSearchParams,
  cursor: string | null,
): string | null | undefined {
  if (fault?.kind !== "cursor") return cursor;
  if (fault.value === "missing") return undefined;
  return fault.value === "repeat" ? (search.get("cursor") ?? cursor) : fault.value;
}

function json(body: unknown): Answer {
  return { status: 200, body: JSON.stringify(body) };
}
