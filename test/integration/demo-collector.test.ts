import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import type { CollectorOptions } from "../../src/demo/collector/collector.ts";
import { FrameScanner } from "../../src/demo/collector/frame-scanner.ts";
import { within } from "../support/collect.ts";
import { requireProgram } from "../support/requires.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { requireSyslogNg, SyslogNg } from "../support/syslog-ng.ts";
import { makeCertificates } from "../support/tls.ts";
import type { Certificates, Identity } from "../support/tls.ts";

let collector: DemoCollector;

async function start(options: CollectorOptions = {}): Promise<void> {
  collector = await DemoCollector.start(options);
}

afterEach(async () => {
  await collector?.close();
});

/** How a connection came to its end. */
interface End {
  /** The peer ended the stream cleanly. */
  readonly ended: boolean;
  readonly error: string | undefined;
}

async function endOf(socket: Socket): Promise<End> {
  let ended = false;
  let error: string | undefined;
  socket.on("end", () => (ended = true));
  socket.on("error", (cause: NodeJS.ErrnoException) => (error = cause.code ?? cause.message));
  socket.resume();
  await within(new Promise((resolve) => socket.once("close", resolve)), "the connection is closed");
  return { ended, error };
}

/** Sends the text, ends the connection, and tells what the collector answered. */
async function send(text: string, port = collector.port): Promise<End> {
  const socket = connect(port, "127.0.0.1");
  const end = endOf(socket);
  socket.end(text);
  return end;
}

async function sendTls(certificates: Certificates, text: string, port: number, identity?: Identity): Promise<End> {
  const client = identity === undefined ? {} : { cert: identity.cert, key: identity.key };
  const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca: certificates.ca, ...client });
  const end = endOf(socket);
  socket.end(text);
  return end;
}

const CLEAN: End = { ended: true, error: undefined };

describe("framing", () => {
  test("newline and octet-counted frames may follow each other, and cut anywhere", () => {
    const stream = Buffer.from("<1>one\n7 <2>t\nwo<3>three\r\n\n5 <4>é0 9x <5>no count\n<6>last");
    for (let size = 1; size <= stream.length; size += 1) {
      const frames: string[] = [];
      const scanner = new FrameScanner((bytes, from, to) => frames.push(bytes.toString("utf8", from, to)));
      for (let at = 0; at < stream.length; at += size) scanner.push(stream.subarray(at, at + size));
      scanner.end();
      expect(frames).toEqual(["<1>one", "<2>t\nwo", "<3>three\r", "<4>é", "", "9x <5>no count", "<6>last"]);
      expect(scanner.framingErrors).toBe(1);
    }
  });

  test("half an octet-counted frame at the end is no message", () => {
    const frames: string[] = [];
    const scanner = new FrameScanner((bytes, from, to) => frames.push(bytes.toString("utf8", from, to)));
    scanner.push(Buffer.from("10 <1>half"));
    expect(scanner.pendingBytes).toBe(10);
    scanner.end();
    expect([frames, scanner.framingErrors]).toEqual([[], 1]);
  });
});

describe("a good collector", () => {
  test("answers the end of the stream only after reading everything", async () => {
    await start();
    const text = Array.from({ length: 20_000 }, (_, index) => `<13>${"x".repeat(200)} ${index}\n`).join("");
    expect(await send(text)).toEqual(CLEAN);
    expect(collector.received.count).toBe(20_000);
    expect(collector.received.messages.at(-1)).toMatch(/ 19999$/);
    expect([collector.accepted, collector.open]).toEqual([1, 0]);
  });

  test("hands out each message, counts keys, and can be waited for", async () => {
    const texts: string[] = [];
    await start({ keep: "keys", onMessage: (text) => texts.push(text) });
    const arrived = collector.received.atLeast(4);
    await send("<1>S1eventKey=a/1 x\n<1>S1eventKey=a/2\n<1>S1eventKey=a/1 y\n<1>none\n");
    await arrived;
    expect(texts).toHaveLength(4);
    expect(collector.received.messages).toEqual([]);
    expect([...collector.received.keys]).toEqual([
      ["a/1", 2],
      ["a/2", 1],
    ]);
    expect([collector.received.duplicates, collector.received.withoutKey]).toEqual([1, 1]);
  });
});

describe("a bad collector", () => {
  const text = "<13>0123456789\n".repeat(1000);

  test("stalls, then resets", async () => {
    await start();
    collector.behaveNext({ stall: { afterBytes: 1500, ms: 30 } });
    const started = performance.now();
    expect((await send(text.repeat(1000))).error).toMatch(/ECONNRESET|EPIPE/);
    expect(performance.now() - started).toBeGreaterThanOrEqual(25);
    expect(collector.received.count).toBe(100);
    expect(await send(text)).toEqual(CLEAN);
  });

  test("resets in place of the clean end", async () => {
    await start({ behaviour: { resetOnClose: true } });
    expect(await send(text)).toEqual({ ended: false, error: "ECONNRESET" });
  });

  test("closes at once, or sends an end that confirms nothing", async () => {
    await start();
    collector.behaveNext({ closeOnAccept: true }, { endAfterBytes: 150 });
    await send(text);
    expect(collector.received.count).toBe(0);
    const socket = connect({ port: collector.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.write(text);
    socket.resume();
    await within(once(socket, "end"), "the collector ends first");
    socket.end();
    expect(collector.received.count).toBe(10);
  });

  test.each([{ neverAnswerClose: true }, { stopReadingAfter: 0 }, { stopReadingAfter: 150 }])(
    "%j leaves the sender without an answer",
    async (behaviour) => {
      await start({ behaviour });
      const socket = connect(collector.port, "127.0.0.1");
      const end = endOf(socket);
      socket.end(text);
      const readable = behaviour.neverAnswerClose === true ? 1000 : behaviour.stopReadingAfter! / 15;
      await collector.received.atLeast(readable);
      await expect(within(end, "an answer", 100)).rejects.toThrow("not within 100 ms: an answer");
      socket.destroy();
      expect(collector.received.count).toBe(readable);
    },
  );

  test("reads slowly", async () => {
    await start({ behaviour: { bytesPerSecond: 100_000 } });
    const started = performance.now();
    expect(await send(text)).toEqual(CLEAN);
    expect(performance.now() - started).toBeGreaterThan(100);
  });

  test("goes away and comes back on its port", async () => {
    await start();
    const socket = connect(collector.port, "127.0.0.1");
    const end = endOf(socket);
    await once(socket, "connect");
    await collector.goAway();
    expect((await end).error).toBe("ECONNRESET");
    expect((await send(text)).error).toBe("ECONNREFUSED");
    await collector.back();
    expect(await send(text)).toEqual(CLEAN);
  });
});

describe.skipIf(requireProgram("openssl").missing)("TLS", () => {
  const certificates = requireProgram("openssl").missing ? undefined : makeCertificates();

  test("confirms by close_notify, resets the connection below, and asks for a client certificate", async () => {
    if (certificates === undefined) return;
    await start({ tls: { ...certificates.server, ca: certificates.ca } });
    const { port } = collector;
    expect(await sendTls(certificates, "<1>a\n", port, certificates.client)).toEqual(CLEAN);
    expect((await sendTls(certificates, "<1>b\n", port)).error).toBeDefined();
    // Node turns a stranger away without an alert: what the sender sees is an end like any other.
    await sendTls(certificates, "<1>c\n", port, certificates.stranger);
    collector.behaveNext({ resetOnClose: true });
    expect((await sendTls(certificates, "<1>d\n", port, certificates.client)).error).toBe("ECONNRESET");
    expect(collector.received.messages).toEqual(["<1>a", "<1>d"]);
    expect([collector.accepted, collector.refusedHandshakes]).toEqual([2, 2]);
  });

  describe.skipIf(requireProgram("rsyslogd").missing)("a real rsyslog", () => {
    test.each([
      { transport: "tcp" },
      { transport: "tls", driver: "ossl", clientAuth: true },
      { transport: "tls", driver: "gtls" },
    ] as const)("$transport $driver", async (options) => {
      if (certificates === undefined) return;
      await using rsyslog = await Rsyslog.start({ ...options, certificates, maxMessageSize: "64k" });
      const text = `<13>Nov 21 20:00:00 host CEF:0|a|${"b".repeat(20_000)}`;
      const sent =
        options.transport === "tcp"
          ? send(`${text}\n`, rsyslog.port)
          : sendTls(certificates, `${Buffer.byteLength(text)} ${text}`, rsyslog.port, certificates.client);
      expect(await sent).toEqual(CLEAN);
      expect(await rsyslog.lines(1)).toEqual([text]);
    });
  });

  describe.skipIf(requireSyslogNg().missing)("a real syslog-ng", () => {
    test.each([{ framing: "newline" }, { framing: "octet_counting", clientAuth: true }] as const)(
      "$framing",
      async (options) => {
        if (certificates === undefined) return;
        const secure = options.framing === "octet_counting" ? { certificates } : {};
        await using syslogNg = await SyslogNg.start({ ...options, ...secure });
        const text = "<13>Nov 21 20:00:00 host CEF:0|a|b";
        const sent =
          options.framing === "newline"
            ? send(`${text}\n`, syslogNg.port)
            : sendTls(certificates, `${text.length} ${text}`, syslogNg.port, certificates.client);
        expect(await sent).toEqual(CLEAN);
        expect(await syslogNg.lines(1)).toEqual([text]);
      },
    );
  });
});
