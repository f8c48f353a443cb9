import { zstdDecompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ZstdFrames } from "../../../src/lib/zstd-frames.ts";

test("each text is a frame of its own, whoever packs at the same time", async () => {
  const frames = new ZstdFrames();
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    // Larger than what one chunk of the stream takes, and does not get smaller.
    fc.integer({ min: 1, max: 9 }).map((seed) => noise(seed, 200_000 * seed)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (texts) => {
      const packed = await Promise.all(texts.map((each) => frames.pack(() => intoShared(each))));
      for (const [at, frame] of packed.entries()) {
        expect(zstdDecompressSync(frame).equals(texts[at] ?? Buffer.alloc(0))).toBe(true);
        // Whoever gets it may give its memory back.
        expect([frame.length, Buffer.poolSize]).toContain(frame.buffer.byteLength);
      }
    }),
    { numRuns: 60 },
  );
});

test("a frame tells of a flipped bit", async () => {
  const packed = await new ZstdFrames().pack(() => Buffer.from("as it was".repeat(50)));
  packed[packed.length - 6] = (packed[packed.length - 6] ?? 0) ^ 1;
  expect(() => zstdDecompressSync(packed)).toThrow(/checksum|corrupt/i);
});

test("what can not be packed is told, and the next one is packed", async () => {
  const frames = new ZstdFrames();
  await expect(frames.pack(() => 17 as never)).rejects.toThrow(/chunk/);
  const failing = (): never => {
    throw new RangeError("no text");
  };
  await expect(frames.pack(failing)).rejects.toThrow("no text");
  const packed = await frames.pack(() => Buffer.from("the next"));
  expect(zstdDecompressSync(packed).toString()).toBe("the next");
});

const SHARED = Buffer.alloc(2_000_000);

function intoShared(text: Uint8Array): Buffer {
  SHARED.set(text);
  return SHARED.subarray(0, text.length);
}

/** Bytes that do not compress, the same for the same seed. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
