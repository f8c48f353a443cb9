import { once } from "node:events";
import { type IncomingMessage, type RequestListener, type Server, createServer } from "node:http";
import { type AddressInfo, type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { answerFault, badGateway, hang, throttled } from "../../src/demo/console/faults.ts";
import { forbidden, unauthorized } from "../../src/demo/console/vendor-answers.ts";
import type { Answer } from "../../src/sentinelone/answer.ts";
import type { ClientOptions, ConsoleClient } from "../../src/sentinelone/client.ts";
import { RequestLimits } from "../../src/sentinelone/request-limits.ts";
import { REFUSING_PORT } from "../support/free-port.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Grant } from "../../src/demo/console/tokens.ts";
import { FeedReader, NEVER, activity, clientOf, failureOf, feedOf } from "./feed-fixture.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function consoleWith(options: Parameters<typeof DemoConsole.start>[0] = {}): Promise<DemoConsole> {
  const console = await DemoConsole.start(options);
  open.push(console);
  return console;
}

function client(url: string, options: Partial<ClientOptions> = {}): ConsoleClient {
  const made = clientOf(url, options);
  open.push(made);
  return made;
}

/** A server that is not a console. */
async function server(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const made = createServer(listener);
  await once(made.listen(0, "127.0.0.1"), "listening");
  open.push({
    close: async () => {
      made.closeAllConnections();
      made.close();
      await once(made, "close");
    },
  });
  return { url: `http://127.0.0.1:${(made.address() as AddressInfo).port}`, server: made };
}

function list(asking: ConsoleClient, path = "activities", signal = NEVER): Promise<string> {
  return asking.get(path, { limit: "1" }, signal).then(({ body }) => body.text);
}

describe("the token", () => {
  test("that was replaced in its file is taken at once", async () => {
    const console = await consoleWith();
    let token = "demo-token";
    const asking = client(console.url, { token: () => token });
    await list(asking);
    console.tokens.clear();
    console.tokens.add("new-token");
    token = "new-token";
    console.requests.clear();
    await list(asking);
    expect(console.requests.recent.map(({ status }) => status)).toEqual([200]);
    await list(asking);
    expect(console.requests.recent).toHaveLength(2);
  });

  test("that was replaced is taken by all feeds that were refused at the same time", async () => {
    const console = await consoleWith();
    let token = "demo-token";
    const asking = client(console.url, { token: () => token });
    await list(asking);
    console.tokens.clear();
    console.tokens.add("new-token");
    token = "new-token";
    const answers = await Promise.allSettled(
      ["activities", "threats", "activities", "threats"].map((path) => list(asking, path)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill("fulfilled"));
  });

  test("that is refused everywhere is dead", async () => {
    const console = await consoleWith();
    console.tokens.clear();
    const failure = await failureOf(list(client(console.url)));
    expect(failure.code).toBe("BRIDGE_FEED_UNAUTHORIZED");
    expect(failure.retryAfterMs).toBeGreaterThan(0);
    expect(console.requests.count("/system/info")).toBe(1);
  });

  test("that is refused by one feed only is not dead: the feed is parked", async () => {
    const console = await consoleWith();
    console.faults.add(answerFault(unauthorized), { path: "/activities", times: Infinity });
    const asking = client(console.url);
    const failure = await failureOf(list(asking));
    expect(failure.code).toBe("BRIDGE_FEED_FORBIDDEN");
    expect(failure.retryAfterMs).toBeGreaterThanOrEqual(5 * 60_000);
    await list(asking, "threats");
  });

  test("whose refusal can not be looked into is neither dead nor forbidden", async () => {
    const console = await consoleWith();
    console.faults.add(answerFault(unauthorized), { path: "/activities" });
    console.faults.add(badGateway, { path: "/system/info" });
    expect((await failureOf(list(client(console.url)))).code).toBe("BRIDGE_FEED_UNAVAILABLE");
  });

  test("that can not be read now is waited for", async () => {
    const console = await consoleWith();
    let readable = false;
    const asking = client(console.url, {
      token: () => {
        if (!readable) throw new Error("no such file");
        return "demo-token";
      },
    });
    const failure = await failureOf(list(asking));
    expect([failure.code, failure.retryable]).toEqual(["BRIDGE_FEED_UNAUTHORIZED", true]);
    readable = true;
    await list(asking);
  });

  test("is not in an error's message", async () => {
    const console = await consoleWith();
    console.tokens.clear();
    const failures = [
      await failureOf(list(client(console.url, { token: () => "se-cret" }))),
      await failureOf(list(client(`http://127.0.0.1:${REFUSING_PORT}`, { token: () => "se-cret" }))),
    ];
    for (const { message, stack } of failures) expect(`${message}${stack}`).not.toContain("se-cret");
  });
});

describe("the end of the token", () => {
  const END = Date.UTC(2030, 0, 1);

  async function endOf(grant: Grant, path?: string): Promise<{ end: number | undefined; requests: number }> {
    const console = await consoleWith({ clock: () => Date.UTC(2029, 0, 1) });
    console.tokens.add("demo-token", { userId: "77", expiresAtMs: END, ...grant });
    if (path !== undefined) console.missing.add(path);
    const asking = client(console.url);
    await asking.learn(NEVER);
    await asking.learn(NEVER);
    const micros = asking.tokenExpiresAt;
    return { end: micros === undefined ? undefined : micros / 1000, requests: console.requests.recent.length };
  }

  test("is told by the user's own record, asked for once", async () => {
    expect(await endOf({})).toEqual({ end: END, requests: 2 });
  });

  test("is told by the id of a service user", async () => {
    expect(await endOf({ serviceUser: true })).toEqual({ end: END, requests: 3 });
  });

  test("is not waited for by any page, and the question ends with the client", async () => {
    const console = await consoleWith();
    console.faults.add(hang, { path: "/user" });
    const asking = clientOf(console.url);
    let isKnown = false;
    const learning = asking.learn(NEVER).then(() => (isKnown = true));
    await asking.version(NEVER);
    expect(JSON.parse(await list(asking))).toHaveProperty("data");
    expect(isKnown).toBe(false);
    await asking.close();
    await learning;
    expect(asking.tokenExpiresAt).toBeUndefined();
  });

  test("stays unknown on a console that does not tell, which is no fault", async () => {
    expect(await endOf({}, "user")).toEqual({ end: undefined, requests: 2 });
  });

  test("stands in the token itself where it is a JSON Web Token, and nobody is asked", async () => {
    const console = await consoleWith();
    const claims = Buffer.from(JSON.stringify({ exp: END / 1000 })).toString("base64url");
    const token = `eyJhbGciOiJFUzI1NiJ9.${claims}.c2ln`;
    console.tokens.add(token);
    const asking = client(console.url, { token: () => token });
    await asking.version(NEVER);
    expect(asking.tokenExpiresAt).toBe(END * 1000);
    expect(console.requests.count("/user")).toBe(0);
  });

  test("does not end a feed: it goes on with the new token, and nothing is lost", async () => {
    let now = Date.UTC(2026, 10, 21, 12);
    const console = await consoleWith({ clock: () => now });
    console.tokens.add("demo-token", { expiresAtMs: now + 1000 });
    let token = "demo-token";
    const asking = client(console.url, { token: () => token });
    const reader = new FeedReader(feedOf(asking));
    console.addActivities([activity("1", now - 60_000)]);
    await reader.poll();
    now += 60_000;
    console.addActivities([activity("2", now - 30_000)]);
    expect((await failureOf(reader.poll())).code).toBe("BRIDGE_FEED_UNAUTHORIZED");
    console.tokens.add("new-token");
    token = "new-token";
    // The window that was refused first, then one up to now.
    await reader.poll();
    await reader.poll();
    expect(reader.ids).toContain("2");
  });
});

describe("a console that can not be reached", () => {
  test.each<[string, () => Promise<string>]>([
    ["refuses", () => Promise.resolve(`http://127.0.0.1:${REFUSING_PORT}`)],
    ["has no address", () => Promise.resolve("http://console.invalid")],
    [
      "speaks TLS where HTTP is expected",
      async () => (await consoleWith({ tls: certificates.server })).url.replace("https", "http"),
    ],
    [
      "has a certificate of a private CA that is not told",
      async () => (await consoleWith({ tls: certificates.server })).url,
    ],
  ])("because it %s is unavailable, and worth another try", async (_case, url) => {
    const failure = await failureOf(list(client(await url())));
    expect([failure.code, failure.retryable]).toEqual(["BRIDGE_FEED_UNAVAILABLE", true]);
  });

  const certificates = makeCertificates();

  test("is reached with its private CA", async () => {
    const console = await consoleWith({ tls: certificates.server });
    expect(await list(client(console.url, { ca: certificates.ca }))).toContain('"data":[]');
  });

  test("is not reached under a name that its certificate does not have", async () => {
    const console = await consoleWith({ tls: certificates.client });
    const failure = await failureOf(list(client(console.url, { ca: certificates.ca })));
    expect(failure.message).toContain("ALTNAME");
  });
});

describe("an answer", () => {
  test("is asked for compressed, and read whether it is or not", async () => {
    const asked: IncomingMessage[] = [];
    const body = JSON.stringify({ data: [], pagination: {}, filler: "é".repeat(5000) });
    const { url } = await server((request, response) => {
      asked.push(request);
      const compressed = asked.length === 1;
      response.setHeader("content-type", "application/json; charset=utf-8");
      if (compressed) response.setHeader("content-encoding", "gzip");
      response.end(compressed ? gzipSync(body) : body);
    });
    const asking = client(url);
    expect(await list(asking)).toBe(body);
    expect(await list(asking)).toBe(body);
    expect(asked[0]?.headers["accept-encoding"]).toBe("gzip");
    expect(asked[0]?.headers.authorization).toBe("ApiToken demo-token");
  });

  test("of megabytes is unpacked when there is room for it beside those that are not stored yet", async () => {
    const body = gzipSync(JSON.stringify({ data: [], filler: "x".repeat(1 << 20) }));
    let asked = 0;
    const { url } = await server((_request, response) => {
      asked += 1;
      response.setHeader("content-type", "application/json");
      response.setHeader("content-encoding", "gzip");
      response.end(body);
    });
    const get = (): Promise<Answer> => client(url).get("activities", { limit: "1" }, NEVER);
    const [first] = await Promise.all([get(), get()]);
    let third: Answer | undefined;
    const later = get().then((answer) => (third = answer));
    await vi.waitUntil(() => asked === 3);
    await sleep(50);
    expect(third).toBe(undefined);
    first.body.release();
    expect((await later).body.bytes.length).toBeGreaterThan(1 << 20);
  });

  test("whose compression is torn is unavailable", async () => {
    const { url } = await server((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.setHeader("content-encoding", "gzip");
      response.end(gzipSync('{"data":[]}').subarray(0, 20));
    });
    expect((await failureOf(list(client(url)))).code).toBe("BRIDGE_FEED_UNAVAILABLE");
  });

  test("without end is given up before it fills the memory", async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1 << 20, " ");
    const { url } = await server((_request, response) => {
      response.setHeader("content-type", "application/json");
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
        // A server that would go on for ever must not go on after the client has gone.
        if (!response.destroyed && sent < 2 ** 30) response.once("drain", more);
        else response.destroy();
      };
      more();
    });
    const failure = await failureOf(list(client(url)));
    expect(failure.code).toBe("BRIDGE_FEED_UNAVAILABLE");
    expect(sent).toBeLessThan(2 ** 29);
  });

  test("carries the request's id into the error's message, for the vendor's support", async () => {
    const console = await consoleWith();
    console.faults.add(answerFault({ ...forbidden(), headers: { "x-rqid": "1234-abcd" } }));
    expect((await failureOf(list(client(console.url)))).message).toMatch(/User does not have.*X-RqId/);
  });

  test("that does not come is given up with the signal's reason", async () => {
    const console = await consoleWith();
    console.faults.add(hang);
    const stop = new AbortController();
    const arrived = console.requests.next();
    const answer = list(client(console.url), "activities", stop.signal);
    await arrived;
    stop.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
  });
});

describe("the console's version", () => {
  test("is asked for once, also by feeds that ask together", async () => {
    const console = await consoleWith();
    const asking = client(console.url);
    expect(await Promise.all([asking.version(NEVER), asking.version(NEVER)])).toEqual(["S-25.1.3#77", "S-25.1.3#77"]);
    await asking.version(NEVER);
    expect(console.requests.count("/system/info")).toBe(1);
  });

  test("is done without where the token may not ask for it, and the clock is known all the same", async () => {
    const console = await consoleWith({ clock: () => Date.UTC(2026, 0, 1) });
    console.faults.add(answerFault(forbidden()), { path: "/system/info" });
    const asking = client(console.url);
    expect(await asking.version(NEVER)).toBeUndefined();
    expect(Math.abs((asking.clock.now() ?? 0) / 1000 - Date.UTC(2026, 0, 1))).toBeLessThan(3_600_000);
  });

  test("is asked for again after a failure", async () => {
    const console = await consoleWith();
    console.faults.add(badGateway, { path: "/system/info" });
    const asking = client(console.url);
    expect((await failureOf(asking.version(NEVER))).code).toBe("BRIDGE_FEED_UNAVAILABLE");
    expect(await asking.version(NEVER)).toBe("S-25.1.3#77");
  });
});

describe("requests", () => {
  test("of all clients that share a token and a path stay within the configured number for each second", async () => {
    const console = await consoleWith();
    const limits = new RequestLimits();
    const options = { limits, perSecond: { activities: 8 } };
    const clients = [client(console.url, options), client(console.url, options)];
    await Promise.all(Array.from({ length: 14 }, (_, at) => list(clients[at % 2] ?? client(console.url))));
    // One more than 8: the way to the console is not always equally long.
    expect(console.requests.busiestSecond("/activities")).toBeLessThanOrEqual(9);
  });

  test("of an hour stay within the budget of the token, and are refused with the time to wait", async () => {
    const console = await consoleWith();
    const limits = new RequestLimits();
    const clients = [client(console.url, { limits, perHour: 5 }), client(console.url, { limits, perHour: 5 })] as const;
    for (let made = 0; made < 5; made++) await list(clients[made % 2 === 0 ? 0 : 1]);
    const failure = await failureOf(list(clients[0]));
    expect([failure.code, console.requests.count("/activities")]).toEqual(["BRIDGE_FEED_THROTTLED", 5]);
    expect(failure.retryAfterMs).toBeGreaterThan(3_500_000);
  });

  test("wait for their turn no longer than the signal allows", async () => {
    const console = await consoleWith();
    const asking = client(console.url, { perSecond: { activities: 0.001 } });
    await list(asking);
    const stop = new AbortController();
    const waiting = list(asking, "activities", stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow("aborted");
    expect(console.requests.count("/activities")).toBe(1);
  });

  test("that were throttled are told so", async () => {
    const console = await consoleWith();
    console.faults.add(throttled(3));
    const failure = await failureOf(list(client(console.url)));
    expect([failure.code, failure.retryAfterMs]).toEqual(["BRIDGE_FEED_THROTTLED", 3000]);
  });
});

describe("a proxy", () => {
  /** Counts what goes through it: tunnels, and requests in absolute form. */
  async function proxy(): Promise<{ url: string; used: string[] }> {
    const used: string[] = [];
    const sockets = new Set<Socket>();
    const made = await server((request, response) => {
      used.push(`${request.method} ${request.url}`);
      response.setHeader("content-type", "application/json").end('{"data":[]}');
    });
    made.server.on("connect", (request: IncomingMessage, socket: Socket) => {
      used.push(`CONNECT ${request.url}`);
      const [host, port] = (request.url ?? "").split(":");
      const onward = connect(Number(port), host);
      onward.once("connect", () => socket.write("HTTP/1.1 200 Connection established\r\n\r\n"));
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
      }
    });
    open.push({ close: () => Promise.resolve(sockets.forEach((socket) => socket.destroy())) });
    return { url: made.url, used };
  }

  const certificates = makeCertificates();

  afterEach(() => vi.unstubAllEnvs());

  test("that is configured is the way to the console, and only the console's own CA vouches for it", async () => {
    const through = await proxy();
    const console = await consoleWith({ tls: certificates.server });
    await list(client(console.url, { proxy: through.url, ca: certificates.ca }));
    expect(through.used).toEqual([`CONNECT 127.0.0.1:${console.port}`]);
    const failure = await failureOf(list(client(console.url, { proxy: through.url, ca: certificates.strangerCa })));
    expect(failure.code).toBe("BRIDGE_FEED_UNAVAILABLE");
  });

  test("is the way to a console without TLS too", async () => {
    const through = await proxy();
    const console = await consoleWith();
    await list(client(console.url, { proxy: through.url }));
    expect(through.used).toEqual([`GET ${console.url}/web/api/v2.1/activities?limit=1`]);
  });

  test("of the environment is used, but for the hosts of NO_PROXY", async () => {
    const through = await proxy();
    const console = await consoleWith({ tls: certificates.server });
    for (const name of ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY"]) vi.stubEnv(name, undefined);
    vi.stubEnv("HTTPS_PROXY", through.url);
    await list(client(console.url, { ca: certificates.ca }));
    expect(through.used).toEqual([`CONNECT 127.0.0.1:${console.port}`]);
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    await list(client(console.url, { ca: certificates.ca }));
    expect(through.used).toHaveLength(1);
  });

  test("that can not be reached makes the console unavailable", async () => {
    const console = await consoleWith();
    const failure = await failureOf(list(client(console.url, { proxy: `http://127.0.0.1:${REFUSING_PORT}` })));
    expect(failure.code).toBe("BRIDGE_FEED_UNAVAILABLE");
    expect(console.requests.recent).toEqual([]);
  });
});
