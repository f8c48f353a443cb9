import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_TXNR, type RelpFrame, RelpFrameReader, relpFrame } from "../../../src/collector/relp-frame.ts";
import { RelpSession, type RelpWindow } from "../../../src/collector/relp-session.ts";
import { frame } from "../../../src/syslog/framing.ts";

const WIDE: RelpWindow = { maxTransactions: 1000, maxBytes: 1 << 20 };
const OFFERS = "200 OK\nrelp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog";

function counted(...texts: string[]): Buffer {
  return Buffer.from(texts.map((text) => frame(text, "octet_counting")).join(""));
}

function framesOf(bytes: Buffer): RelpFrame[] {
  const frames: RelpFrame[] = [];
  new RelpFrameReader((each) => frames.push(each)).push(bytes);
  return frames;
}

function opened(window = WIDE, firstTxnr = 1): RelpSession {
  const session = new RelpSession(window, "s1bridge,1.2.3", firstTxnr);
  session.open();
  session.receive(relpFrame(firstTxnr, "rsp", OFFERS));
  return session;
}

function answer(session: RelpSession, txnr: number, text = "200 OK"): void {
  session.receive(relpFrame(txnr, "rsp", text));
}

describe("opening a session", () => {
  test("offers the protocol, who we are, and what we send", () => {
    const [open] = framesOf(new RelpSession(WIDE, "s1bridge,1.2.3").open());
    expect(open).toMatchObject({ txnr: 1, command: "open" });
    expect(open?.data.toString()).toBe("relp_version=0\nrelp_software=s1bridge,1.2.3\ncommands=syslog");
  });

  test("is done with the collector's 200 and its command syslog, among others", () => {
    expect(opened().state).toBe("open");
    const session = new RelpSession(WIDE, "s1bridge");
    session.open();
    expect(session.state).toBe("opening");
    answer(session, 1, "200 OK\nrelp_version=1\ncommands=starttls,syslog,eventlog\nnovel=1=2\nbare");
    expect([session.state, session.unanswered]).toEqual(["open", 0]);
  });

  test.each([
    ["500 no more sessions", "BRIDGE_COLLECTOR_REFUSED", "no more sessions"],
    ["200 OK\nrelp_version=0\ncommands=eventlog", "BRIDGE_COLLECTOR_REFUSED", 'no command "syslog"'],
    ["200 OK", "BRIDGE_COLLECTOR_REFUSED", 'no command "syslog"'],
    ["OK", "BRIDGE_COLLECTOR_PROTOCOL", "no RELP status"],
    ["", "BRIDGE_COLLECTOR_PROTOCOL", "no RELP status"],
    ["2000 OK\ncommands=syslog", "BRIDGE_COLLECTOR_PROTOCOL", "no RELP status"],
  ])("fails with the answer %j", (text, code, message) => {
    const session = new RelpSession(WIDE, "s1bridge");
    session.open();
    const refusal = { code, message: expect.stringContaining(message) as string };
    expect(() => answer(session, 1, text)).toThrow(expect.objectContaining(refusal));
  });
});

describe("messages", () => {
  test("are transactions of their own, open until they are answered, in any order", () => {
    const session = opened();
    const { bytes, end } = session.send(counted("a", "bb", "ccc"), 0);
    expect(framesOf(bytes).map(({ txnr, data }) => [txnr, data.toString()])).toEqual([
      [2, "a"],
      [3, "bb"],
      [4, "ccc"],
    ]);
    expect([end, session.unanswered]).toEqual([bytes.length - 3 * "2 syslog \n".length, 3]);
    expect([session.sent, session.confirmed]).toEqual([3, 0]);
    for (const txnr of [4, 2]) answer(session, txnr);
    // The second is missing: the third says nothing of it.
    expect([session.unanswered, session.confirmed]).toEqual([1, 1]);
    answer(session, 3, "200 OK, thank you\nmore");
    expect([session.unanswered, session.confirmed]).toEqual([0, 3]);
  });

  test("wait while the window is full, of transactions or of bytes", () => {
    const few = opened({ maxTransactions: 2, maxBytes: 1000 });
    const { end } = few.send(counted("a", "b", "c"), 0);
    expect([end, few.hasRoom]).toEqual([6, false]);
    answer(few, 3);
    expect(few.hasRoom).toBe(true);

    const small = opened({ maxTransactions: 10, maxBytes: 25 });
    const sent = counted("a".repeat(10), "b".repeat(10), "c".repeat(100));
    expect(small.send(sent, 0)).toMatchObject({ end: 13 });
    // One that is larger than the whole window goes when there is any room.
    answer(small, 2);
    small.send(sent, 26);
    expect(small.hasRoom).toBe(false);
    answer(small, 3);
    expect([small.hasRoom, small.unanswered]).toEqual([true, 0]);
  });

  test("are numbered from 1 again behind 999,999,999", () => {
    const session = opened(WIDE, MAX_TXNR - 1);
    const txnrs = framesOf(session.send(counted("a", "b", "c"), 0).bytes).map(({ txnr }) => txnr);
    expect(txnrs).toEqual([MAX_TXNR, 1, 2]);
    for (const txnr of txnrs) answer(session, txnr);
    expect(session.unanswered).toBe(0);
  });

  test.each([
    ["500 the disk is full\nreally", "BRIDGE_COLLECTOR_REFUSED", 'refused a message: "500 the disk is full"'],
    ["201 almost", "BRIDGE_COLLECTOR_REFUSED", "201 almost"],
    ["fine", "BRIDGE_COLLECTOR_PROTOCOL", "no RELP status"],
    [`500 ${"long ".repeat(1000)}`, "BRIDGE_COLLECTOR_REFUSED", '…"'],
    ["500 \u001b[31mred\u0000", "BRIDGE_COLLECTOR_REFUSED", "\\u001b[31mred\\u0000"],
  ])("answered with %j fail", (text, code, message) => {
    const session = opened();
    session.send(counted("a"), 0);
    let failure: unknown;
    try {
      answer(session, 2, text);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect((failure as Error).message.length).toBeLessThan(300);
  });

  test.each([2, 1, 3, MAX_TXNR])("are not answered by transaction %i, which is not open", (txnr) => {
    const session = opened();
    session.send(counted("a"), 0);
    answer(session, 2);
    expect(() => answer(session, txnr)).toThrow(expect.objectContaining({ code: "BRIDGE_COLLECTOR_PROTOCOL" }));
  });

  test("are confirmed exactly when each has had its answer, whatever the order and the cuts", () => {
    const runs = fc.record({
      texts: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 }),
      maxTransactions: fc.integer({ min: 1, max: 8 }),
      seed: fc.infiniteStream(fc.nat({ max: 1_000_000 })),
    });
    fc.assert(
      fc.property(runs, ({ texts, maxTransactions, seed }) => {
        const session = opened({ maxTransactions, maxBytes: 1 << 20 }, MAX_TXNR - 5);
        const bytes = counted(...texts);
        const received: string[] = [];
        const open: number[] = [];
        for (let at = 0; at < bytes.length || open.length > 0;) {
          if (at < bytes.length && session.hasRoom) {
            const sent = session.send(bytes, at);
            at = sent.end;
            for (const { txnr, data } of framesOf(sent.bytes)) {
              received.push(data.toString());
              open.push(txnr);
            }
          }
          expect(session.unanswered).toBe(open.length);
          expect(open.length).toBeLessThanOrEqual(maxTransactions);
          const [txnr = 0] = open.splice((seed.next().value ?? 0) % open.length, 1);
          const rsp = relpFrame(txnr, "rsp", "200 OK");
          const place = (seed.next().value ?? 0) % rsp.length;
          session.receive(rsp.subarray(0, place));
          session.receive(rsp.subarray(place));
        }
        expect(received).toEqual(texts);
        expect(session.unanswered).toBe(0);
      }),
    );
  });
});

describe("the end of a session", () => {
  test("that we ask for comes with the answer, and with the hint behind it", () => {
    const session = opened();
    expect(session.close().toString()).toBe("2 close 0\n");
    expect(session.state).toBe("closing");
    session.receive(Buffer.from("2 rsp 0\n0 serverclose 0\n"));
    expect(session.state).toBe("closed");
  });

  test("that the collector tells leaves open messages in doubt", () => {
    const session = opened();
    session.send(counted("a"), 0);
    expect(() => session.receive(relpFrame(0, "serverclose"))).toThrow(
      expect.objectContaining({ code: "BRIDGE_COLLECTOR_BROKEN" }),
    );
  });

  test("that the collector tells between messages only means another session", () => {
    const session = opened();
    session.receive(relpFrame(0, "serverclose"));
    expect(session.state).toBe("closed");
  });

  test("is not any other hint, and a command of the collector is none of ours", () => {
    const session = opened();
    session.receive(relpFrame(0, "novelhint", "data"));
    expect(session.state).toBe("open");
    expect(() => session.receive(relpFrame(2, "syslog", "a"))).toThrow(
      expect.objectContaining({ code: "BRIDGE_COLLECTOR_PROTOCOL" }),
    );
  });
});
