import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MAX_TXNR,
  type RelpFrame,
  RelpFrameReader,
  nextTxnr,
  relpFrame,
  syslogFrames,
} from "../../../src/collector/relp-frame.ts";
import { frame } from "../../../src/syslog/framing.ts";

interface Plain {
  readonly txnr: number;
  readonly command: string;
  readonly data: string;
}

const frames = fc.array(
  fc.record<Plain>({
    txnr: fc.integer({ min: 0, max: MAX_TXNR }),
    command: fc.constantFrom("rsp", "serverclose", "syslog", "open", "a".repeat(32)),
    data: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "\n", "200 OK", "1 rsp 0\n", "é😀")),
  }),
  { maxLength: 20 },
);
const ROOMY = { count: Infinity, bytes: Infinity };

function read(chunks: readonly Buffer[], maxDataBytes?: number): Plain[] {
  const got: Plain[] = [];
  const reader = new RelpFrameReader(
    ({ txnr, command, data }: RelpFrame) => got.push({ txnr, command, data: data.toString() }),
    maxDataBytes,
  );
  for (const chunk of chunks) reader.push(chunk);
  return got;
}

function tried<T>(act: () => T): T | { readonly code?: unknown } {
  try {
    return act();
  } catch (error) {
    return error as { readonly code?: unknown };
  }
}

/** Cuts at these places, taken modulo the length. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("a RELP frame", () => {
  test("is written as librelp writes it", () => {
    expect(relpFrame(1, "open", "commands=syslog").toString()).toBe("1 open 15 commands=syslog\n");
    expect(relpFrame(7, "close").toString()).toBe("7 close 0\n");
    expect(relpFrame(2, "syslog", "é").toString()).toBe("2 syslog 2 é\n");
  });

  test("is read as it was written, wherever the stream is cut", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (sent, places) => {
        const bytes = Buffer.concat(sent.map(({ txnr, command, data }) => relpFrame(txnr, command, data)));
        expect(read(cut(bytes, places))).toEqual(sent);
        expect(read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(sent);
      }),
      { numRuns: 200 },
    );
  });

  test("without data may have a space behind its length", () => {
    expect(read([Buffer.from("0 serverclose 0 \n1 rsp 0\n")])).toEqual([
      { txnr: 0, command: "serverclose", data: "" },
      { txnr: 1, command: "rsp", data: "" },
    ]);
  });

  test.each([
    ["HTTP/1.1 400 Bad Request\r\n", "a transaction number"],
    [" rsp 0\n", "a transaction number"],
    ["\n", "a transaction number"],
    ["1\n", "a transaction number"],
    ["1000000000 rsp 0\n", "no more than nine digits"],
    ["1  rsp 0\n", "a command"],
    ["1 r5p 0\n", "a command"],
    [`1 ${"a".repeat(33)} 0\n`, "a command"],
    ["1 rsp \n", "the length of the data"],
    ["1 rsp -1\n", "the length of the data"],
    ["1 rsp 1x", "the length of the data"],
    ["1 rsp 3\n", "data"],
    ["1 rsp 3 abcd\n", "the end of a frame"],
    ["1 rsp 0 x", "the end of a frame"],
    ["1 rsp 131073 ", "131072 at most"],
    ["1 rsp 999999999 ", "131072 at most"],
  ])("%j is none", (text, wanted) => {
    const refusal = { code: "BRIDGE_COLLECTOR_PROTOCOL", message: expect.stringContaining(wanted) as string };
    for (const chunks of [[text], text.split("")]) {
      expect(() => read(chunks.map((chunk) => Buffer.from(chunk)))).toThrow(expect.objectContaining(refusal));
    }
  });

  test("or its own error is all that any bytes can give", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom("1 ", "rsp ", "0\n", "6 200 OK\n", "999999999", " ", "\n").map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (chunks) => {
        const got = tried(() => read(chunks, 16));
        const isSound = Array.isArray(got)
          ? got.every(({ txnr, data }) => txnr <= MAX_TXNR && data.length <= 16)
          : got.code === "BRIDGE_COLLECTOR_PROTOCOL";
        expect(isSound).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("syslog frames", () => {
  const texts = fc.array(fc.string({ minLength: 1, unit: "binary" }), { minLength: 1, maxLength: 30 });

  test("hold each counted message, in order, numbered on from the last", () => {
    const first = fc.oneof(fc.integer({ min: 1, max: MAX_TXNR }), fc.integer({ min: MAX_TXNR - 30, max: MAX_TXNR }));
    const room = fc.record({ count: fc.integer({ min: -1, max: 40 }), bytes: fc.integer({ min: -1, max: 300 }) });
    fc.assert(
      fc.property(texts, first, room, (sent, firstTxnr, limits) => {
        const counted = Buffer.from(sent.map((text) => frame(text, "octet_counting")).join(""));
        const got: Plain[] = [];
        let txnr = firstTxnr;
        for (let at = 0; at < counted.length;) {
          const made = syslogFrames(counted, at, txnr, limits);
          expect(made.count).toBeGreaterThan(0);
          const isWithin = made.count <= limits.count && made.end - at <= limits.bytes;
          expect(isWithin || made.count === 1).toBe(true);
          got.push(...read([made.bytes]));
          ({ end: at, nextTxnr: txnr } = made);
        }
        expect(got.map(({ data }) => data)).toEqual(sent.map((text) => Buffer.from(text).toString()));
        let expected = firstTxnr;
        for (const each of got) {
          expect([each.command, each.txnr]).toEqual(["syslog", expected]);
          expected = nextTxnr(expected);
        }
        expect(txnr).toBe(expected);
      }),
    );
  });

  test("are numbered from 1 again behind the last number", () => {
    const { bytes } = syslogFrames(Buffer.from("1 a1 b1 c"), 0, MAX_TXNR - 1, ROOMY);
    expect(bytes.toString()).toBe("999999998 syslog 1 a\n999999999 syslog 1 b\n1 syslog 1 c\n");
  });

  test.each(["a", "1", "1a", "0 ", "2 a", "-1 a", "1.5 a"])(
    "are not made of %j, which is no counted message",
    (text) => {
      expect(() => syslogFrames(Buffer.from(text), 0, 1, ROOMY)).toThrow(RangeError);
    },
  );
});
