import { randomUUID } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { performance } from "node:perf_hooks";
import { answerApi, bodyOf } from "./api.ts";
import type { ApiAnswer, ApiRequest } from "./api.ts";
import { FaultPlan } from "./faults.ts";
import type { Fault, FaultSource } from "./faults.ts";
import { moveRows } from "./moving.ts";
import { RecordStore } from "./record-store.ts";
import { changedRecord } from "./record-change.ts";
import type { RecordChange } from "./record-change.ts";
import { reply } from "./reply.ts";
import { RequestLog } from "./request-log.ts";
import { RESOURCES, UNIFIED_ALERT } from "./resources.ts";
import { Tokens } from "./tokens.ts";
import { loginPage, methodNotAllowed, notFound } from "./vendor-answers.ts";

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
  readonly requests = new RequestLog();
  readonly faults = new FaultPlan();
  readonly tokens = new Tokens();
  /** Endpoints that this console does not have, as an old one or one on premises: `unifiedalerts/graphql`. */
  readonly missing = new Set<string>();
  /** The policy of each scope as JSON, by `tenant`, `accounts/ID`, `sites/ID`, `groups/ID`. */
  readonly policies = new Map<string, string>();
  /** What `/system/info` tells. */
  readonly info = {
    build: "77",
    latestAgentVersion: "25.1.3.334",
    patch: "3",
    release: "S-25.1",
    version: "S-25.1.3#77",
  };
  readonly #stores: ReadonlyMap<string, RecordStore>;
  readonly #server: Server;
  readonly #options: ConsoleOptions;

  private constructor(server: Server, options: ConsoleOptions) {
    this.#server = server;
    this.#options = options;
    this.#stores = new Map([...RESOURCES.values(), UNIFIED_ALERT].map((one) => [one.path, new RecordStore(one)]));
    this.tokens.add(options.token ?? "demo-token");
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

  get activities(): RecordStore {
    return this.store("activities");
  }

  get threats(): RecordStore {
    return this.store("threats");
  }

  /** The records of a list endpoint, by its path: `agents`, `threats/{threat_id}/notes`, `unifiedalerts/graphql`. */
  store(path: string): RecordStore {
    const store = this.#stores.get(path);
    if (store === undefined) throw new Error(`the embedded console has no list ${path}`);
    return store;
  }

  /** Adds records by their JSON text; with `visibleAtMs` on the console's clock, no query sees them before. */
  add(path: string, texts: Iterable<string>, { visibleAtMs = 0 }: { visibleAtMs?: number } = {}): void {
    this.store(path).add(texts, visibleAtMs);
  }

  addActivities(texts: Iterable<string>, options: { visibleAtMs?: number } = {}): void {
    this.add("activities", texts, options);
  }

  addThreats(texts: Iterable<string>, options: { visibleAtMs?: number } = {}): void {
    this.add("threats", texts, options);
  }

  /** Merges `change` into a record and moves its `updatedAt` to the console's time, or to one that `change` holds. */
  update(path: string, id: string, change: RecordChange): void {
    const found = this.store(path).rewrite(id, (text) => changedRecord(text, change, this.nowMs));
    if (!found) throw new Error(`no record ${id} of ${path}`);
  }

  updateThreat(id: string, change: RecordChange): void {
    this.update("threats", id, change);
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
    response.on("error", () => {
      // The client went away: its business.
    });
    const body = request.method === "POST" ? await bodyOf(request) : "";
    const fault = (this.#options.faults ?? this.faults).next(asked);
    const answer = this.#answer(request, url, body, fault);
    response.setHeader("Date", new Date(this.nowMs).toUTCString());
    response.setHeader("X-RqId", randomUUID());
    this.requests.add({ ...asked, atMs, status: answer.status });
    request.resume();
    await reply(request, response, answer, fault);
  }

  #answer(request: IncomingMessage, url: URL, body: string, fault: Fault | undefined): ApiAnswer {
    if (fault?.kind === "answer") return fault.answer;
    const method = request.method ?? "GET";
    if (!url.pathname.startsWith(API)) {
      if (method !== "GET") return methodNotAllowed;
      return url.pathname === "/login" ? loginPage : notFound;
    }
    const answer = answerApi(this.#knowledge(), this.#request(request, method, url, body), fault);
    if (fault?.kind === "moving" && answer.page !== undefined) moveRows(this, answer.page, fault.rows);
    return answer;
  }

  #request({ headers }: IncomingMessage, method: string, url: URL, body: string): ApiRequest {
    return {
      method,
      path: url.pathname.slice(API.length),
      search: url.searchParams,
      authorization: headers.authorization,
      body,
    };
  }

  #knowledge(): Parameters<typeof answerApi>[0] {
    const { policies, tokens, missing, info, nowMs } = this;
    return { stores: this.#stores, policies, tokens, missing, info, nowMs, totalItemsCap: this.#options.totalItemsCap };
  }
}
