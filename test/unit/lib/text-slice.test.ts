import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TextSlice } from "../../../src/lib/text-slice.ts";
import { releaseBuffer } from "../../../src/lib/release-buffer.ts";

test("a slice of a text is what its string is, with quotes where they were asked for", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), text, text, (pieces, before, behind) => {
      const bytes = Buffer.from(before + pieces.join("") + behind);
      const start = Buffer.byteLength(before);
      const ends = pieces.map((_, at) => start + Buffer.byteLength(pieces.slice(0, at + 1).join("")));
      const end = ends.pop() ?? start;
      const cuts = [start, ...ends];
      const slice = new TextSlice({ bytes, cuts }, { start, end, units: pieces.join("").length }, 1);
      // Those of the next stretch stand behind its own.
      cuts.push(start, end);
      const whole = pieces.join('"');
      expect(String(slice)).toBe(whole);
      expect([slice.length, slice.byteLength]).toEqual([whole.length, Buffer.byteLength(whole)]);
      const target = Buffer.alloc(slice.byteLength + 2, "#");
      expect(slice.copyTo(target, 1)).toBe(slice.byteLength + 1);
      expect(target.toString()).toBe(`#${whole}#`);
    }),
  );
});

test("a slice of a text whose memory was given back is an error, and not an empty record", () => {
  const bytes = Buffer.from("x".repeat(Buffer.poolSize + 1));
  const slice = new TextSlice({ bytes, cuts: [] }, { start: 0, end: 5, units: 5 }, 0);
  releaseBuffer(bytes);
  expect(() => String(slice)).toThrow(RangeError);
});
