import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { FEED_NAMES } from "../../../src/event/event.ts";
import { EVERY_KEY, messagesOf, parse, type Parts } from "./fixture.ts";

const DEFAULT_FEED = { overlap: 300_000, settle: 10_000, mode: "changes", include_types: [], exclude_types: [] };

describe("a console", () => {
  test("every key of the design is accepted and parsed", () => {
    const { config } = parseConfig(EVERY_KEY);
    expect(config.consoles[0]?.feeds.agents).toMatchObject({ cron: "0 */6 * * *", every: undefined });
    expect(config.consoles[0]?.feeds.threats?.start).toEqual({ kind: "back", backMs: 86_400_000 });
    expect(config.collectors[0]?.address).toEqual({ transport: "tls", host: "forwarder.example.com", port: 6514 });
    expect(config.spool).toMatchObject({ max_size: 2 * 1024 ** 3, min_free: 256 * 1024 ** 2 });
    expect(config.heartbeat).toEqual({ every: 300_000 });
    expect(config.telemetry.listen).toEqual({ host: "127.0.0.1", port: 9614 });
  });

  test("without feeds it reads activities from now and threats of the last day", () => {
    const { feeds } = parse({}).consoles[0] ?? {};
    expect(feeds).toEqual({
      activities: { ...DEFAULT_FEED, every: 30_000, cron: undefined, start: { kind: "now" } },
      threats: { ...DEFAULT_FEED, every: 30_000, cron: undefined, start: { kind: "back", backMs: 86_400_000 } },
    });
  });

  test("a feed that is named without options takes its defaults, and only named feeds are read", () => {
    expect(parse({ feeds: "threats: " }).consoles[0]?.feeds).toEqual(
      parse({ feeds: "threats: {}" }).consoles[0]?.feeds,
    );
    expect(Object.keys(parse({ feeds: "threats: " }).consoles[0]?.feeds ?? {})).toEqual(["threats"]);
  });

  test("every feed of the product is a legal key", () => {
    const feeds = FEED_NAMES.map((name) => `${name}: {}`).join(", ");
    expect(Object.keys(parse({ feeds }).consoles[0]?.feeds ?? {})).toHaveLength(19);
  });

  test("http is for loopback hosts only", () => {
    for (const host of ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:80"]) {
      expect(messagesOf({ url: `http://${host}` })).toEqual([]);
    }
    for (const host of ["acme.sentinelone.net", "localhost.example.com", "128.0.0.1", "127.example.com"]) {
      expect(messagesOf({ url: `http://${host}` })[0]).toContain("http:// is for loopback hosts only");
    }
  });

  test("a start is now, a duration back, or an ISO time", () => {
    const start = (text: string) => parse({ feeds: `threats: { start: "${text}" }` }).consoles[0]?.feeds.threats?.start;
    expect(start("now")).toEqual({ kind: "now" });
    expect(start("7d")).toEqual({ kind: "back", backMs: 7 * 86_400_000 });
    const time = Date.UTC(2026, 0, 31) * 1000;
    expect(start("2026-01-31")).toEqual({ kind: "at", time });
    expect(start("2026-01-31T01:00:00+01:00")).toEqual({ kind: "at", time });
  });

  test("unquoted 64-bit ids are exact", () => {
    const { scope } = parse({ scope: 'site_ids: [1234567890123456789, 9007199254740993, 7, "042"]' }).consoles[0] ?? {};
    expect(scope?.site_ids).toEqual(["1234567890123456789", "9007199254740993", "7", "042"]);
  });

  test.each<[string, Parts, string]>([
    ["a path in the url", { url: "https://x/web/api" }, "expected https://HOST[:PORT] without path"],
    ["every with cron", { feeds: 'threats: { every: 1m, cron: "* * * * *" }' }, "either every or cron, not both"],
    ["a cron that is none", { feeds: 'threats: { cron: "99 * * * *" }' }, "expected a cron expression"],
    ["an every below 1s", { feeds: "threats: { every: 200ms }" }, "expected a duration of 1s to 7d"],
    ["an every that no timer holds", { feeds: "threats: { every: 30d }" }, "expected a duration of 1s to 7d"],
    ["a number as duration", { feeds: "threats: { overlap: 5 }" }, "expected a duration such as 30s"],
    ["a start that is none", { feeds: "threats: { start: yesterday }" }, "expected now, a duration back"],
    ["activity types on another feed", { feeds: "threats: { exclude_types: [1] }" }, "for the activities feed only"],
    ["a request rate of 0", { feeds: "threats: { requests_per_second: 0 }" }, "expected a number above 0"],
    ["no feed at all", { feeds: "" }, "no feed: name at least one"],
    ["an id with letters", { scope: "site_ids: [abc]" }, "expected an id: digits only"],
    ["an id that YAML rounds", { scope: "site_ids: [1e18]" }, "expected an id: digits only"],
    ["a token from two places", { token: "{ file: a, env: B }" }, "either file or env, not both"],
    ["a token from nowhere", { token: "{}" }, "expected { file: PATH } or { env: NAME }"],
  ])("%s is a fault", (_, parts, message) => {
    const messages = messagesOf(parts);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(message);
  });
});

describe("a collector", () => {
  test("has the header that its format needs", () => {
    const structured = parse({ collector: "format: rfc5424" }).collectors[0];
    expect(structured).toMatchObject({ header: "rfc5424", structured_data: "one" });
    expect(parse({ collector: "format: rfc5424, header: none" }).collectors[0]).toMatchObject({ header: "none" });
    expect(messagesOf({ collector: "format: rfc5424, header: rfc3164" })).toEqual([
      'collectors[0].header: expected rfc5424 or none for format rfc5424: RFC 3164 has no structured data, got "rfc3164"',
    ]);
  });

  test("has a SIEM token only where a MSGID takes it", () => {
    const token = "siem_token: { env: SIEM }";
    expect(parse({ collector: `header: rfc5424, ${token}` }).collectors[0]?.siem_token).toEqual({ env: "SIEM" });
    expect(parse({ collector: `format: rfc5424, ${token}` }).collectors[0]?.siem_token).toEqual({ env: "SIEM" });
    expect(messagesOf({ collector: token })).toEqual([
      "collectors[0].siem_token: for header rfc5424 only, which has a MSGID; the header is rfc3164",
    ]);
    expect(messagesOf({ collector: "header: rfc5424, siem_token: secret" })[0]).toContain(
      "the token never stands in the configuration",
    );
  });

  test("takes what it leaves out from its profile", () => {
    const generic = parse({ collector: "profile: generic" }).collectors[0];
    expect(generic).toMatchObject({ format: "cef", header: "rfc5424", framing: "octet_counting", facility: "local4" });
    const mixed = parse({ collector: "profile: generic, header: rfc3164" }).collectors[0];
    expect(mixed).toMatchObject({ header: "rfc3164", framing: "octet_counting" });
    const none = parse({}).collectors[0];
    expect(none).toMatchObject({ profile: "sentinel", header: "rfc3164", framing: "newline", max_message_bytes: 8000 });
    expect(none).toMatchObject({ hostname: "s1bridge", rt: "epoch", unmapped_data: true, default: false, fields: {} });
  });

  test.each([
    ["tcp://h", { transport: "tcp", host: "h", port: 514 }, "half_close"],
    ["tls://[2001:db8::1]:7000", { transport: "tls", host: "2001:db8::1", port: 7000 }, "half_close"],
    ["tls://h", { transport: "tls", host: "h", port: 6514 }, "half_close"],
    ["relp://10.0.0.1", { transport: "relp", host: "10.0.0.1", port: 20514 }, "relp"],
    ["relp+tls://h:1", { transport: "relp+tls", host: "h", port: 1 }, "relp"],
    ["udp://h", { transport: "udp", host: "h", port: 514 }, "none"],
    ["stdout:", { transport: "stdout" }, "none"],
    ["stdout", { transport: "stdout" }, "none"],
    ["file:///var/log/s1.log", { transport: "file", path: "/var/log/s1.log" }, "none"],
  ])("%s sets transport, port and confirm", (address, expectedAddress, confirm) => {
    expect(parse({ address }).collectors[0]).toMatchObject({ address: expectedAddress, confirm });
  });

  test("TLS options are there for TLS addresses and never for others", () => {
    expect(parse({ address: "tls://h" }).collectors[0]?.tls).toEqual({ fingerprints: [], min_version: "TLSv1.2" });
    expect(parse({ address: "tcp://h" }).collectors[0]?.tls).toBeUndefined();
  });

  test("fingerprints may be written in any of the usual ways", () => {
    const digits = "ab".repeat(32);
    const colons = `SHA256:${"AB:".repeat(31)}AB`;
    const { tls } =
      parse({ address: "tls://h", collector: `tls: { fingerprints: ["${colons}"] }` }).collectors[0] ?? {};
    expect(tls?.fingerprints).toEqual([digits]);
  });

  test.each<[string, Parts, string]>([
    [
      "relp as confirm of tcp",
      { collector: "confirm: relp" },
      "expected half_close or window or none for tcp addresses",
    ],
    ["half_close as confirm of relp", { address: "relp://h", collector: "confirm: half_close" }, "for relp addresses"],
    ["half_close as confirm of a file", { address: "file:///a", collector: "confirm: half_close" }, "expected none"],
    ["window as confirm of udp", { address: "udp://h", collector: "confirm: window" }, "expected none for udp"],
    ["tls without a TLS address", { collector: "tls: { min_version: TLSv1.3 }" }, "for tls:// and relp+tls:// only"],
    ["a certificate without key", { address: "tls://h", collector: "tls: { cert_file: a }" }, "needs key_file too"],
    ["a key without certificate", { address: "tls://h", collector: "tls: { key_file: a }" }, "needs cert_file too"],
    [
      "messages above a datagram",
      { address: "udp://h", collector: "max_message_bytes: 70000" },
      "expected at most 65507",
    ],
    ["messages below 2048 bytes", { collector: "max_message_bytes: 2047" }, "expected 2048-1048576, got 2047"],
    ["a relative file", { address: "file://logs" }, "expected tcp://HOST:PORT"],
    ["an address without transport", { address: "forwarder:514" }, "expected tcp://HOST:PORT"],
    ["a port above 65535", { address: "tcp://h:65536" }, "expected tcp://HOST:PORT"],
    ["a hostname with a space", { collector: "hostname: a b" }, "expected 1-255 printable ASCII"],
    ["a min_severity of 11", { collector: "match: { min_severity: 11 }" }, "expected 0-10, got 11"],
    ["a console that does not exist", { collector: "match: { consoles: [acne] }" }, 'did you mean "acme"?'],
    ["an extension key with a space", { collector: 'fields: { "a b": x }' }, "expected an extension key"],
    ["a boolean in words", { collector: "default: yes" }, 'expected true or false, got "yes"'],
  ])("%s is a fault", (_, parts, message) => {
    const messages = messagesOf(parts);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(message);
  });
});

describe("the file", () => {
  test("everything but consoles and collectors has defaults", () => {
    const { spool, telemetry, log, heartbeat } = parse({});
    expect(spool).toEqual({
      directory: "/var/lib/s1bridge",
      max_size: 2 ** 31,
      min_free: 2 ** 28,
      dead_letters_max_size: 2 ** 26,
      when_full: "pause",
    });
    expect(telemetry).toEqual({ listen: { host: "127.0.0.1", port: 9614 } });
    expect(log).toEqual({ level: "info", format: "json" });
    expect(heartbeat).toBeUndefined();
  });

  test.each([
    ["spool: { max_size: 2GB }", 'spool.max_size: expected a size such as 512MiB or 2GiB, got "2GB"'],
    ["spool: { max_size: 1KiB }", 'spool.max_size: expected a size of at least 1MiB, got "1KiB"'],
    ["telemetry: { listen: 9614 }", "telemetry.listen: expected HOST:PORT such as 127.0.0.1:9614, got 9614"],
    [
      "log: { level: warning }",
      'log.level: expected one of debug, info, warn, error, got "warning", did you mean "warn"?',
    ],
    ["log: verbose", 'log: expected a mapping such as { level: info }, got "verbose"'],
  ])("%s is a fault", (tail, message) => {
    expect(messagesOf({ tail })).toEqual([message]);
  });
});
