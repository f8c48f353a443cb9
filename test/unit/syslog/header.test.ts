import { describe, expect, test } from "vitest";

import { parseTime } from "../../../src/event/time.ts";
import type { Micros } from "../../../src/event/time.ts";
import { createHeader, rfc3164Time } from "../../../src/syslog/header.ts";

const at = (text: string): Micros => parseTime(text) ?? (0 as Micros);

describe("the RFC 3164 header", () => {
  test("ends with the host, so that CEF: becomes the tag", () => {
    const write = createHeader({ format: "rfc3164", facility: "local4", hostname: "s1bridge" });
    expect(write(5, at("2026-09-21T13:47:01.605229Z"), "27")).toBe("<165>Sep 21 13:47:01 s1bridge ");
  });

  test("pads the day with a space", () => {
    expect(rfc3164Time(at("2026-09-01T07:05:09Z"))).toBe("Sep  1 07:05:09");
  });

  test("tells neighbouring seconds apart", () => {
    expect(rfc3164Time(at("2026-12-31T23:59:59.999999Z"))).toBe("Dec 31 23:59:59");
    expect(rfc3164Time(at("2027-01-01T00:00:00Z"))).toBe("Jan  1 00:00:00");
    expect(rfc3164Time(at("2026-12-31T23:59:59Z"))).toBe("Dec 31 23:59:59");
  });
});

describe("the RFC 5424 header", () => {
  const write = createHeader({ format: "rfc5424", facility: "user", hostname: "s1bridge" });

  test("has microseconds, the application, and the class as message id", () => {
    expect(write(6, at("2026-09-21T13:47:01.605229Z"), "threats.new")).toBe(
      "<14>1 2026-09-21T13:47:01.605229Z s1bridge SentinelOne - threats.new - ",
    );
  });

  test("keeps the message id within 32 printable characters", () => {
    expect(write(6, at("2026-09-21T13:47:01Z"), "a b\u00fc".repeat(30))).toBe(
      `<14>1 2026-09-21T13:47:01.000000Z s1bridge SentinelOne - ${"ab".repeat(16)} - `,
    );
    expect(write(6, at("2026-09-21T13:47:01Z"), "")).toContain(" SentinelOne - - - ");
  });
});

test("no header is no header", () => {
  expect(createHeader({ format: "none", facility: "kern", hostname: "x" })(0, at("2026-09-21T13:47:01Z"), "27")).toBe(
    "",
  );
});

test("a host name can not break the header", () => {
  const write = createHeader({ format: "rfc3164", facility: "kern", hostname: "a b\nc\u00e9" });
  expect(write(0, at("2026-09-21T13:47:01Z"), "")).toBe("<0>Sep 21 13:47:01 abc ");
});
