import { describe, expect, test } from "vitest";

import { CefFault, decodeCef } from "../../support/cef-decoder.ts";

/** The oracle of the other tests has to be strict. */

const HEADER = "CEF:0|SentinelOne|Mgmt|2.1|19|A name|8|";

describe("the strict decoder", () => {
  test("reads what is right", () => {
    const { name, extension } = decodeCef(
      `CEF:0|SentinelOne|Mgmt|2.1|19|a\\|b\\\\|8|msg=a\\=b \\\\ c|d\\ne rt=1 S1x=y`,
    );
    expect(name).toBe("a|b\\");
    expect([...extension]).toStrictEqual([
      ["msg", "a=b \\ c|d\ne"],
      ["rt", "1"],
      ["S1x", "y"],
    ]);
  });

  test.each([
    ["another version", "CEF:1|SentinelOne|Mgmt|2.1|19|A name|8|msg=a"],
    ["a header field too few", "CEF:0|SentinelOne|Mgmt|2.1|19|8|"],
    ["a blank header field", "CEF:0|SentinelOne|Mgmt||19|A name|8|msg=a"],
    ["a version that is too long", `CEF:0|SentinelOne|Mgmt|${"x".repeat(32)}|19|A name|8|msg=a`],
    ["an equals sign escaped in the header", "CEF:0|SentinelOne|Mgmt|2.1|19|A\\=name|8|msg=a"],
    ["a severity above 10", "CEF:0|SentinelOne|Mgmt|2.1|19|A name|11|msg=a"],
    ["a pipe escaped in a value", `${HEADER}msg=a\\|b`],
    ["a lone backslash", `${HEADER}msg=C:\\temp`],
    ["a backslash at the end", `${HEADER}msg=a\\`],
    ["an unescaped equals sign", `${HEADER}msg=a==b`],
    ["a key twice", `${HEADER}msg=a msg=b`],
    ["an empty value", `${HEADER}msg= rt=1`],
    ["two spaces before a key", `${HEADER}msg=a  rt=1`],
    ["a space at the end", `${HEADER}msg=a `],
    ["a control character", `${HEADER}msg=a\tb`],
    ["a line break", `${HEADER}msg=a\nb`],
    ["a lone surrogate", `${HEADER}msg=\ud800`],
    ["a consumer's key", `${HEADER}eventId=1`],
    ["a full name", `${HEADER}sourceHostName=a`],
    ["a key of nobody", `${HEADER}foo=a`],
    ["IPv6 where IPv4 belongs", `${HEADER}src=2001:db8::1`],
    ["a time in words", `${HEADER}rt=yesterday`],
    ["an integer beyond 32 bits", `${HEADER}fsize=2147483648`],
    ["a value that is too long", `${HEADER}act=${"x".repeat(64)}`],
    ["a semicolon in a custom key", `${HEADER}S1x=a;b`],
  ])("refuses %s", (_what, text) => {
    expect(() => decodeCef(text)).toThrow(CefFault);
  });
});
