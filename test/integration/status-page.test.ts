import { createHash } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer, get } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { ADVICE } from "../../src/telemetry/advice.generated.ts";
import type { TelemetryOptions } from "../../src/telemetry/access.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { serveTelemetry } from "../../src/telemetry/server.ts";
import type { BridgeStatus } from "../../src/telemetry/status.ts";
import { MAX_WATCHERS, StatusStream, type StatusStreamOptions } from "../../src/telemetry/status-stream.ts";
import { eventually } from "../support/bridge-process.ts";
import { within } from "../support/collect.ts";
import { historyOf, statusOf } from "../support/made-up-status.ts";

/** The telemetry of a bridge that tells what a test says. */
async function serve(options: Partial<TelemetryOptions> = {}, status = async () => statusOf()) {
  const source = {
    metrics: new Metrics("0.1.0", { status, consoleNow: () => 0, intervalMs: () => undefined }),
    status,
    history: historyOf,
    standstills: () => [],
  };
  const telemetry = await serveTelemetry({ host: "127.0.0.1", port: 0, ...options }, source);
  const { port } = telemetry;
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get({ port, path, headers, agent: false }, resolve).once("error", reject);
    });
  return { telemetry, ask, [Symbol.asyncDispose]: () => telemetry.close() };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part as string;
  return text;
}

/** The events of a stream as they come. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<{ name: string; data: string }> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) {
    const blocks = `${text}${part as string}`.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name] = /^event: (.*)$/m.exec(block) ?? [];
      if (name !== undefined) yield { name, data: /^data: ?(.*)$/m.exec(block)?.[1] ?? "" };
    }
  }
}

async function next<T>(events: AsyncGenerator<T>): Promise<T | undefined> {
  const { value } = (await within(events.next(), "an event of the stream")) as { value: T | undefined };
  return value;
}

function hashes(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(
    ([, content = ""]) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`,
  );
}

test.concurrent("the page has everything in it, and its policy lets nothing else run or be loaded", async () => {
  await using served = await serve();
  const response = await served.ask("/");
  const page = await textOf(response);
  const policy = response.headers["content-security-policy"] ?? "";
  expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(policy).toContain(`script-src ${hashes(page, /<script>(.*?)<\/script>/gs).join(" ")};`);
  expect(policy).toContain(`style-src ${hashes(page, /<style>(.*?)<\/style>/gs).join(" ")};`);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
  expect(page).not.toMatch(/\s(?:src|srcset|style|on\w+)=["']|@import|url\(|href="https?:|href="\/\//);
  const [, advice = ""] = /id="advice">(.*?)<\/script>/s.exec(page) ?? [];
  expect(JSON.parse(advice)).toEqual(ADVICE);
  expect(advice).not.toContain("<");
});

test.concurrent("the stream tells the status at once and then again", async () => {
  await using served = await serve();
  const response = await served.ask("/api/status/stream");
  expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
  const events = eventsOf(response);
  for (const event of [await next(events), await next(events)])
    expect([event?.name, JSON.parse(event?.data ?? "")]).toEqual(["status", statusOf()]);
  response.destroy();
  expect(JSON.parse(await textOf(await served.ask("/api/history")))).toEqual(historyOf(statusOf()));
});

test.concurrent("a stop ends the stream, and does not wait for who looks", async () => {
  const served = await serve();
  const response = await served.ask("/api/status/stream");
  const ended = new Promise((resolve) => response.once("error", resolve).once("end", resolve));
  response.resume();
  await within(served.telemetry.close(), "the telemetry is closed");
  await within(ended, "the stream has ended");
  await expect(served.ask("/")).rejects.toThrow("ECONNREFUSED");
});

test.concurrent("with a token a browser is asked for it as a password, for the page and all that it asks for", async () => {
  await using served = await serve({ token: () => "open sesame" });
  const authorization = `Basic ${Buffer.from("me:open sesame").toString("base64")}`;
  for (const path of ["/", "/api/status", "/api/status/stream", "/api/history", "/metrics", "/elsewhere"]) {
    const refused = await served.ask(path);
    expect([refused.statusCode, refused.headers["www-authenticate"]]).toEqual([
      401,
      expect.stringMatching(/^Bearer, Basic /),
    ]);
    refused.destroy();
    const allowed = await served.ask(path, { authorization });
    expect(allowed.statusCode).toBe(path === "/elsewhere" ? 404 : 200);
    allowed.destroy();
  }
});

test.concurrent("an address that is none is not here, and ends nothing", async () => {
  await using served = await serve();
  for (const path of ["//", "//[", "/%00", "/elsewhere"]) {
    const response = await served.ask(path);
    expect([path, response.statusCode, await textOf(response)]).toEqual([
      path,
      404,
      expect.stringMatching(/^not here/),
    ]);
  }
});

test.concurrent("a name that somebody made to lead here gets nothing but the probes", async () => {
  await using served = await serve();
  const status = async (path: string, host: string): Promise<number | undefined> => {
    const response = await served.ask(path, { host });
    response.destroy();
    return response.statusCode;
  };
  for (const path of ["/", "/api/status", "/api/status/stream", "/metrics"])
    expect(await status(path, "evil.example")).toBe(403);
  expect(await status("/livez", "evil.example")).toBe(200);
  expect(await status("/api/status", "localhost:9614")).toBe(200);
});

/** A stream of its own, and how often it looked. */
async function stream(options: StatusStreamOptions = {}, status = async (): Promise<BridgeStatus> => statusOf()) {
  const looks = { count: 0 };
  const made = new StatusStream(
    () => {
      looks.count += 1;
      return status();
    },
    { everyMs: 5, ...options },
  );
  const responses: ServerResponse[] = [];
  const server = createServer((_, response) => {
    responses.push(response);
    if (!made.open(response)) response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const look = (): Promise<IncomingMessage> => new Promise((resolve) => get({ port }, resolve));
  const end = (): void => {
    made.close();
    server.closeAllConnections();
    server.close();
  };
  return { made, looks, look, port, responses, [Symbol.dispose]: end };
}

test.concurrent("nothing is done while nobody looks, and one look serves all who do", async () => {
  using used = await stream();
  using other = await stream();
  (await other.look()).resume();
  await eventually(() => other.looks.count >= 5, "5 looks of another");
  expect(used.looks.count).toBe(0);
  const watching = await Promise.all(Array.from({ length: 5 }, () => used.look()));
  const counted = { events: 0 };
  for (const response of watching) response.on("data", () => (counted.events += 1));
  await eventually(() => used.looks.count >= 20, "20 looks");
  expect(used.made.watchers).toBe(5);
  expect(counted.events).toBeGreaterThan(used.looks.count);
  for (const response of watching) response.destroy();
  await eventually(() => used.made.watchers === 0, "nobody looks any more");
  const [{ count }, others] = [used.looks, other.looks.count];
  await eventually(() => other.looks.count >= others + 20, "20 more looks of another");
  // One may have been under way.
  expect(used.looks.count).toBeLessThanOrEqual(count + 1);
});

test.concurrent("who looks after too many is refused until one of them goes", async () => {
  using used = await stream();
  const watching = await Promise.all(Array.from({ length: MAX_WATCHERS }, () => used.look()));
  for (const response of watching) response.resume();
  expect((await used.look()).statusCode).toBe(503);
  watching[0]?.destroy();
  await eventually(() => used.made.watchers < MAX_WATCHERS, "one has gone");
  const response = await used.look();
  expect(response.statusCode).toBe(200);
});

test.concurrent("who does not read is kept no more than one status, and dropped in the end", async () => {
  const big = { ...statusOf(), version: "x".repeat(1 << 20) };
  using used = await stream({ stalledMs: 500 }, async () => big);
  const reading = await used.look();
  const counted = { bytes: 0 };
  reading.on("data", (part: Buffer) => (counted.bytes += part.length));
  const deaf = connect(used.port, "127.0.0.1").pause();
  deaf.on("error", () => undefined);
  deaf.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await eventually(() => used.made.watchers === 2, "both look");
  let most = 0;
  await eventually(() => {
    most = Math.max(most, used.responses[1]?.writableLength ?? 0);
    return used.made.watchers === 1;
  }, "the deaf one is dropped");
  expect(most).toBeLessThan(3 << 20);
  expect(most).toBeGreaterThan(1 << 20);
  const { bytes } = counted;
  await eventually(() => counted.bytes > bytes + (2 << 20), "the other one still gets it");
  deaf.destroy();
});

test.concurrent("a status that does not come, or can not be had, is told by a beat", async () => {
  using hanging = await stream({}, () => new Promise<never>(() => undefined));
  expect(await next(eventsOf(await hanging.look()))).toEqual({ name: "beat", data: "" });
  expect(hanging.looks.count).toBe(1);
  using failing = await stream({}, () => Promise.reject(new Error("closed")));
  expect(await next(eventsOf(await failing.look()))).toEqual({ name: "beat", data: "" });
});
