import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { DemoConsole } from "../src/demo/console/console.ts";
import { ActivityDataset } from "../src/demo/records/dataset.ts";
import { readPage } from "../src/sentinelone/page.ts";

/** Each console has one of its own, as in the field: the limits of the API are those of a token. */
export function tokenOf(console: number): string {
  return `bench-token-${console}`;
}

/** A recorded console takes all of them. */
const TOKEN = tokenOf(0);
const TOKENS = /^apitoken bench-token-\d+$/i;
const LIST = "/web/api/v2.1/activities";

interface Recorded {
  readonly bytes: Buffer;
  readonly type: string;
  readonly encoding: string;
}

/** Over 19 hours, in bursts of one `createdAt`. */
export function yesterdaysActivities(events: number, startMs: number): ActivityDataset {
  const stepMs = (19 * 3_600_000) / (Math.ceil(events / 7) * 7);
  return new ActivityDataset({ seed: 1, count: events, startMs, stepMs, burst: 7 });
}

/**
 * The answers of the embedded console, asked for once and then given again: a page that is made and compressed while the
 * bridge waits costs as much processor time as the bridge needs for it, and the console is not what is measured. What was not
 * recorded is asked of the embedded console.
 */
export class RecordedConsole {
  readonly #console: DemoConsole;
  readonly #pages = new Map<string, Recorded>();
  readonly #lastMs: number;
  /** Resolves when the list is asked for: until then whoever reads it has only been starting. */
  readonly asked: Promise<void>;
  #tellAsked: (() => void) | undefined;
  readonly url: string;

  private constructor(console: DemoConsole, server: Server, url: string, lastMs: number) {
    this.#console = console;
    this.#lastMs = lastMs;
    this.url = url;
    this.asked = new Promise((resolve) => (this.#tellAsked = resolve));
    server.on("request", (asked, answer) => void this.#answer(asked, answer));
  }

  /** Activities that ended an hour ago. */
  static async start(
    events: number,
    { tls, ready = events }: { tls?: { key: string; cert: string } | undefined; ready?: number | undefined } = {},
  ): Promise<RecordedConsole> {
    const console = await DemoConsole.start({ token: TOKEN });
    const startMs = Date.now() - 20 * 3_600_000;
    console.activities.setDataset(yesterdaysActivities(events, startMs));
    const server: Server = tls === undefined ? createServer() : createTlsServer(tls);
    server.keepAliveTimeout = 75_000;
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
    const recorded = new RecordedConsole(console, server, url, startMs + 19 * 3_600_000);
    await recorded.#record(ready);
    return recorded;
  }

  async #record(events: number): Promise<void> {
    let cursor: string | undefined = "";
    for (let read = 0; cursor !== undefined && read < events; read += 1000) {
      const search = new URLSearchParams({ limit: "1000", sortBy: "createdAt", sortOrder: "asc", skipCount: "true" });
      if (cursor !== "") search.set("cursor", cursor);
      const page = await this.#ask(`${LIST}?${search.toString()}`, TOKEN);
      this.#pages.set(cursor, page);
      cursor = readPage(gunzipSync(page.bytes), LIST).nextCursor;
    }
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? "/";
    if (path.startsWith(`${LIST}?`)) this.#tellAsked?.();
    const token = TOKENS.test(asked.headers.authorization ?? "") ? TOKEN : "unknown";
    const { bytes, type, encoding } = this.#find(path, token) ?? (await this.#ask(path, token));
    answer.setHeader("content-type", type);
    if (encoding !== "") answer.setHeader("content-encoding", encoding);
    answer.setHeader("content-length", bytes.length);
    answer.end(bytes);
  }

  #find(path: string, token: string): Recorded | undefined {
    if (!path.startsWith(`${LIST}?`) || token !== TOKEN) return undefined;
    const search = new URL(path, "http://console").searchParams;
    // Once everything has been read, the windows lie behind it.
    if (Date.parse(search.get("createdAt__gte") ?? "") > this.#lastMs) return undefined;
    return this.#pages.get(search.get("cursor") ?? "");
  }

  async #ask(path: string, token: string): Promise<Recorded> {
    const headers = { authorization: `ApiToken ${token}`, "accept-encoding": "gzip" };
    const asking = request(new URL(path, this.#console.url), { headers }).end();
    const [answer] = (await once(asking, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const { "content-type": type = "", "content-encoding": encoding = "" } = answer.headers;
    return { bytes: Buffer.concat(chunks), type, encoding };
  }
}
