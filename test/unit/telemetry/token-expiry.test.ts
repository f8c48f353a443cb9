import { expect, test } from "vitest";
import { TokenExpiry } from "../../../src/telemetry/token-expiry.ts";

const DAY = 86_400_000;
const END = Date.UTC(2027, 0, 1);

test("a token is warned of at 30, 7 and 1 days and when it is over, each once", () => {
  let now = END - 31 * DAY;
  const expiry = new TokenExpiry(
    () => [{ console: "acme", tokenExpiresMs: END }],
    () => now,
  );
  const left: number[] = [];
  for (; now < END + DAY; now += DAY / 4) left.push(...expiry.due().map(({ daysLeft }) => daysLeft));
  expect(left).toEqual([30, 7, 1, 0]);
});

test("a start in the last week warns once, and a new token that is as short anew", () => {
  let now = END - 3 * DAY;
  const source = { console: "acme", tokenExpiresMs: END as number | undefined };
  const expiry = new TokenExpiry(
    () => [source],
    () => now,
  );
  expect([expiry.due(), expiry.due()]).toEqual([
    [{ console: "acme", expiresAt: "2027-01-01T00:00:00.000Z", daysLeft: 3 }],
    [],
  ]);
  source.tokenExpiresMs = END + 2 * DAY;
  expect(expiry.due()).toHaveLength(1);
  source.tokenExpiresMs = undefined;
  now += 30 * DAY;
  expect(expiry.due()).toEqual([]);
});
