import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { accessOf } from "../../../src/telemetry/access.ts";

const OPEN = { host: "127.0.0.1", port: 0 };
const TOKEN = { ...OPEN, token: () => "open:sesame" };

function asks(headers: IncomingMessage["headers"]): IncomingMessage {
  return { socket: {}, headers } as unknown as IncomingMessage;
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

describe("with a token", () => {
  test.each([
    ["Bearer open:sesame", "allowed"],
    ["bearer open:sesame", "allowed"],
    [basic("anybody:open:sesame"), "allowed"],
    [basic(":open:sesame").replace("Basic", "basic"), "allowed"],
    [basic("open:sesame"), "stranger"],
    [basic("no colon"), "stranger"],
    ["Basic", "stranger"],
    ["Basic open:sesame", "stranger"],
    ["Bearer", "stranger"],
    ["Digest open:sesame", "stranger"],
    ["open:sesame", "stranger"],
  ])("%s is %s", (authorization, access) => {
    expect(accessOf(asks({ authorization }), TOKEN)).toBe(access);
  });

  test("who shows nothing is a stranger, whatever name it asks for", () => {
    expect(accessOf(asks({ host: "127.0.0.1" }), TOKEN)).toBe("stranger");
  });

  test("who shows it may ask for any name", () => {
    expect(accessOf(asks({ host: "bridge.example", authorization: "Bearer open:sesame" }), TOKEN)).toBe("allowed");
  });
});

describe("without a token", () => {
  test.each([
    "127.0.0.1",
    "127.0.0.1:9614",
    "[::1]:9614",
    "10.0.0.3",
    "localhost",
    "LOCALHOST:80",
    "s1bridge.localhost:9614",
  ])("%s can only be this machine", (host) => {
    expect(accessOf(asks({ host }), OPEN)).toBe("allowed");
  });

  test.each([
    "evil.example",
    "evil.example:9614",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "notlocalhost",
    "",
  ])("%j may be anybody's name for this machine", (host) => {
    expect(accessOf(asks({ host }), OPEN)).toBe("misled");
  });

  test("a program that names no host is let in: it is no browser", () => {
    expect(accessOf(asks({}), OPEN)).toBe("allowed");
  });
});
