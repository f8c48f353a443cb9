import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSiemToken, readToken, Secret, SecretError } from "../../../src/config/secret.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "s1bridge-secret-"));
  file = join(directory, "token");
});

afterEach(() => rmSync(directory, { recursive: true }));

describe("a token", () => {
  test("is read from a file without the white space around it", () => {
    writeFileSync(file, "\uFEFF abc.def \r\n");
    expect(readToken({ file }, {})).toBe("abc.def");
  });

  test("is read from the environment", () => {
    expect(readToken({ env: "T" }, { T: "abc" })).toBe("abc");
  });

  test("is read anew each time", () => {
    const secret = new Secret({ file }, {});
    writeFileSync(file, "old");
    expect(secret.read()).toBe("old");
    writeFileSync(file, "new");
    expect(secret.read()).toBe("new");
  });

  test("shows itself in no text", () => {
    const secret = new Secret({ env: "T" }, { T: "hunter2" });
    for (const text of [JSON.stringify({ secret }), String(secret), inspect({ secret }, { showHidden: true })]) {
      expect(text).toContain("[redacted]");
      expect(text).not.toContain("hunter2");
    }
  });

  test.each([
    ["empty", ""],
    ["white space", " \n\t"],
    ["two lines", "hunter\n2"],
    ["a word apart", "hunter 2"],
    ["a NUL", "hunter\u00002"],
    ["not ASCII", "hünter2"],
  ])("that is %s is refused without being repeated", (_, value) => {
    writeFileSync(file, value);
    for (const read of [() => readToken({ file }, {}), () => readToken({ env: "T" }, { T: value })]) {
      expect(read).toThrow(SecretError);
      expect(read).toThrow(expect.objectContaining({ code: "BRIDGE_CONFIG_SECRET", retryable: false }));
      expect(read).not.toThrow(/h[uü]nter/);
    }
  });

  test("that is missing is named by its source", () => {
    expect(() => readToken({ env: "T" }, {})).toThrow("environment variable T is not set");
    expect(() => readToken({ file }, {})).toThrow(/can not be read: ENOENT.*token/);
  });
});

test("a SIEM token is no longer than a MSGID", () => {
  expect(readSiemToken({ env: "T" }, { T: "x".repeat(32) })).toHaveLength(32);
  expect(() => readSiemToken({ env: "T" }, { T: "x".repeat(33) })).toThrow("the token has 33 characters");
});
