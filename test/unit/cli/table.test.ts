import { describe, expect, it } from "vitest";
import { formatTable, plainText } from "../../../src/cli/table.ts";

describe("a table in a terminal", () => {
  it("has columns of equal width, whatever the colours", () => {
    const red = "\u001B[31mred\u001B[39m";
    expect(
      formatTable([
        ["a", "bb", "c"],
        [red, "x", "y"],
        ["long one", "", "z"],
      ]),
    ).toBe(`a         bb  c\n${red}       x   y\nlong one      z\n`);
  });

  it("has numbers at the right of their column, under its head", () => {
    const rows = [
      ["NAME", "EVENTS", "AGE", "LAST"],
      ["a", "7", "3 s", "1"],
      ["b", "1200", "-", "-"],
    ];
    expect(formatTable(rows)).toBe("NAME  EVENTS  AGE  LAST\na          7  3 s     1\nb       1200  -       -\n");
  });

  it.each([
    ["a line break", "a\nb", "a\uFFFDb"],
    ["a colour", "a\u001B[31mb", "ab"],
    ["a bell", "a\u0007", "a\uFFFD"],
    ["a text that is turned round", "a\u202Eb", "a\uFFFDb"],
    ["half a character", "a\uD800", "a\uFFFD"],
  ])("%s of others does not steer it", (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });
});
