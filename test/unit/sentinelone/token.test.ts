import { describe, expect, test } from "vitest";
import { ConsoleToken, jwtExpiry, toldExpiry } from "../../../src/sentinelone/token.ts";
import { microsFromMs } from "../../../src/event/time.ts";

const EXPIRY = Date.UTC(2027, 0, 1);

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256", kid: "tokenSigning" })}.${part(claims)}.c2lnbmF0dXJl`;
}

describe("the end of a token", () => {
  test("stands in a JSON Web Token", () => {
    expect(jwtExpiry(jwt({ exp: EXPIRY / 1000, sub: "x" }))).toBe(microsFromMs(EXPIRY));
  });

  test.each([
    ["an opaque token", "k".repeat(80)],
    ["one without the claim", jwt({ sub: "x" })],
    ["one with a strange claim", jwt({ exp: "soon" })],
    ["one that is torn", "eyJhbGciOiJFUzI1NiJ9.eyJleHAi.x"],
    ["nothing", ""],
  ])("is not told by %s", (_case, token) => {
    expect(jwtExpiry(token)).toBeUndefined();
  });

  test.each([
    ["a user's own record", { id: "1", apiToken: { createdAt: "x", expiresAt: "2027-01-01T00:00:00Z" } }, EXPIRY],
    ["the details of a token", { expiresAt: "2027-01-01T00:00:00.000000Z" }, EXPIRY],
    ["a record without token", { id: "1", apiToken: null }, undefined],
    ["nothing", undefined, undefined],
  ])("is read from %s", (_case, data, ms) => {
    expect(toldExpiry(data)).toBe(ms === undefined ? undefined : microsFromMs(ms));
  });
});

describe("a console's token", () => {
  test("is the last one that could be read while it can not be read now", () => {
    let text: string | undefined;
    const token = new ConsoleToken(() => {
      if (text === undefined) throw new Error("no such file");
      return text;
    });
    expect(() => token.current()).toThrow("no such file");
    text = "first";
    expect(token.current()).toBe("first");
    text = undefined;
    expect(token.current()).toBe("first");
    text = "second";
    expect(token.current()).toBe("second");
  });

  test("has no end that was told of the one before it", () => {
    let text = "first";
    const token = new ConsoleToken(() => text);
    expect(token.isUntold).toBe(false);
    token.current();
    expect(token.isUntold).toBe(true);
    token.tell("first", microsFromMs(EXPIRY));
    expect([token.expiresAt, token.isUntold]).toEqual([microsFromMs(EXPIRY), false]);
    text = "second";
    token.current();
    expect([token.expiresAt, token.isUntold]).toEqual([undefined, true]);
  });
});
