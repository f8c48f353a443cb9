import * as fc from "fast-check";
import { expect, test } from "vitest";

import { frame } from "../../../src/syslog/framing.ts";

test("a newline ends a frame", () => {
  expect(frame("<14>hello", "newline")).toBe("<14>hello\n");
});

test("the length of a frame is counted in octets of UTF-8", () => {
  expect(frame("<14>grün 🦀", "octet_counting")).toBe("14 <14>grün 🦀");
});

test("the octets behind the count are the message, whatever it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (message) => {
      const bytes = Buffer.from(frame(message, "octet_counting"));
      const space = bytes.indexOf(0x20);
      expect(Number(bytes.toString("utf8", 0, space))).toBe(bytes.length - space - 1);
      expect(bytes.toString("utf8", space + 1)).toBe(message);
    }),
  );
});
