import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  cleanText,
  cutEscaped,
  cutText,
  escapeExtension,
  headerField,
  headerText,
  isPlain,
} from "../../../src/cef/escape.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: fc.constantFrom("\\", "=", "\n", "\r", "|", " ", "n", "🦀", "\ud83e", "\u0000", "\ufeff", "é") }),
);

describe("cleanText", () => {
  test.each([
    ["a lone surrogate becomes U+FFFD", "a\ud800b", "a\ufffdb"],
    ["a pair stays", "🦀", "🦀"],
    ["byte order marks go", "\ufeffa\ufeffb", "ab"],
    ["tab, NUL and escape become spaces", "a\tb\u0000c\u001b[31md", "a b c [31md"],
    ["delete and C1 become spaces", "a\u007fb\u0085c\u009fd", "a b c d"],
    ["line and paragraph separators become spaces", "a\u2028b\u2029c", "a b c"],
    ["line breaks stay, they have an escape", "a\r\nb", "a\r\nb"],
    ["trailing spaces go, leading ones stay", "  a  ", "  a"],
    ["trailing controls go as the spaces they become", "a\t\u0000 ", "a"],
  ])("%s", (_behaviour, text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });
});

describe("escapeExtension", () => {
  test.each([
    ["C:\\temp", "C:\\\\temp"],
    ["a=b", "a\\=b"],
    ["a\nb\rc", "a\\nb\\rc"],
    ["a|b", "a|b"],
    ["\\n", "\\\\n"],
  ])("%j becomes %j", (text, expected) => {
    expect(escapeExtension(text)).toBe(expected);
  });
});

test("plain text needs neither cleaning nor escapes", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(isPlain(text)).toBe(
        cleanText(text) === text && escapeExtension(text) === text && text.isWellFormed() && !hasPair(text),
      );
    }),
  );
});

/** Pairs take the slow way: telling them from lone surrogates costs more than it saves. */
function hasPair(text: string): boolean {
  return /[\ud800-\udfff]/.test(text);
}

test("a header field that needs nothing is what it would become anyway", () => {
  const slowly = (text: string, maxLength: number): string =>
    headerText(text, maxLength).replaceAll("=", ":").replace(/[\\|]/g, "\\$&");
  fc.assert(
    fc.property(anyText, fc.nat({ max: 40 }), (text, maxLength) => {
      expect(headerField(text, maxLength)).toBe(slowly(text, maxLength));
    }),
  );
});

test("a cut never leaves half a character", () => {
  fc.assert(
    fc.property(anyText.map(cleanText), fc.nat({ max: 40 }), (text, maxLength) => {
      const cut = cutText(text, maxLength);
      expect(cut.length).toBeLessThanOrEqual(maxLength);
      expect(cut.isWellFormed()).toBe(true);
      expect(text.startsWith(cut)).toBe(true);
    }),
  );
});

test("a cut of an escaped value leaves neither half a character nor half an escape", () => {
  fc.assert(
    fc.property(anyText.map(cleanText), fc.nat({ max: 60 }), (text, maxBytes) => {
      const cut = cutEscaped(escapeExtension(text), maxBytes);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut).toMatch(/^(?:[^\\=]|\\[\\=nr])*$/u);
      expect(text.startsWith(unescape(cut))).toBe(true);
    }),
  );
});

function unescape(value: string): string {
  const characters: Readonly<Record<string, string>> = { n: "\n", r: "\r" };
  return value.replace(/\\(.)/g, (_all, escaped: string) => characters[escaped] ?? escaped);
}

describe("headerField", () => {
  test.each([
    ["pipes and backslashes are escaped", "a|b\\c", "a\\|b\\\\c"],
    ["an equals sign becomes a colon", "a=b", "a:b"],
    ["line breaks become spaces", "a\r\nb", "a  b"],
    ["spaces around go", "  a  ", "a"],
  ])("%s", (_behaviour, text, expected) => {
    expect(headerField(text, 100)).toBe(expected);
  });

  test("the length is that of the unescaped text", () => {
    expect(headerField("||||", 2)).toBe("\\|\\|");
  });
});
