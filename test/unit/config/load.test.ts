import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, formatFaults, loadConfig, parseConfig, readConfig } from "../../../src/config/load.ts";
import { secretPaths } from "../../../src/config/reference.ts";
import { configText, EVERY_KEY, faultsOf, messagesOf, parse } from "./fixture.ts";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXRva2Vu.c2lnbmF0dXJl";

const MANY_FAULTS = `version: 2
consoles:
  - name: acme inc
    urll: https://acme.sentinelone.net
    token: { file: /run/token }
    feeds:
      threat: {}
  - name: other
    url: https://other.sentinelone.net
    token: { env: T }
  - name: other
    url: http://other.example
    token: { env: T, vault: x }
collectors:
  - name: siem
    adress: tcp://127.0.0.1
    confirm: half-close
log: { level: 1 }
`;

describe("faults", () => {
  test("all of them come at once, in the order of the file, with line and column", () => {
    expect(faultsOf(MANY_FAULTS)).toEqual([
      "config.yaml:1:10 version: expected 1, got 2",
      "config.yaml:3:5 consoles[0].url: missing, expected URL",
      expect.stringMatching(/^config\.yaml:3:11 consoles\[0\]\.name: expected a name of .*, got "acme inc"$/),
      'config.yaml:4:5 consoles[0].urll: unknown key, did you mean "url"?',
      'config.yaml:7:7 consoles[0].feeds.threat: unknown key, did you mean "threats"?',
      "config.yaml:11:11 consoles[2].name: duplicate name, consoles[1] has it already",
      'config.yaml:12:10 consoles[2].url: expected https://; http:// is for loopback hosts only, got "http://other.example"',
      "config.yaml:13:22 consoles[2].token: unknown key",
      expect.stringMatching(/^config\.yaml:15:5 collectors\[0\]\.address: missing, expected tcp:/),
      'config.yaml:16:5 collectors[0].adress: unknown key, did you mean "address"?',
      'config.yaml:17:14 collectors[0].confirm: expected one of half_close, relp, window, none, got "half-close", did you mean "half_close"?',
      "config.yaml:18:15 log.level: expected one of debug, info, warn, error, got 1",
    ]);
  });

  test("they carry their parts for programs", () => {
    const [fault] = faultsOfError(configText({ tail: "log: { level: warning }" }));
    expect(fault).toMatchObject({
      file: "config.yaml",
      line: 6,
      column: 15,
      path: "log.level",
      expected: "one of debug, info, warn, error",
      got: '"warning"',
      suggestion: "warn",
    });
  });

  test("a long value is shown shortened", () => {
    const [fault] = faultsOfError(configText({ tail: `log: { level: ${"x".repeat(500)} }` }));
    expect(fault?.got).toHaveLength(60);
  });

  test("colour is used only when asked for", () => {
    const faults = faultsOfError("version: 1");
    expect(formatFaults(faults)).not.toContain("\u001B");
    expect(formatFaults(faults, { colour: true })).toContain("\u001B");
  });

  test("the error names its code and is not worth a retry", () => {
    const error = errorOf("version: 1");
    expect(error).toMatchObject({ code: "BRIDGE_CONFIG_INVALID", retryable: false, name: "ConfigError" });
    expect(error.message).toContain("consoles: missing");
  });
});

describe("a secret", () => {
  test.each([
    ["as text", TOKEN],
    ["as a key", `{ ${TOKEN} }`],
    ["as a list", `[ ${TOKEN} ]`],
    ["as a path", `{ file: ${TOKEN} }`],
    ["as a variable's name", `{ env: ${TOKEN} }`],
    ["in broken YAML", `"${TOKEN}`],
    ["in an anchor", `*${TOKEN}`],
    ["behind a tag", `!${TOKEN} x`],
    ["by substitution", "{ file: '', env: '${PASTED}' }"],
  ])("that stands inline %s is refused and not repeated", (_, token) => {
    const faults = faultsOf(configText({ token }), { PASTED: TOKEN });
    expect(faults).not.toEqual([]);
    expect(faults.join()).not.toContain("c2VjcmV0");
  });

  test("that stands inline is told where to go", () => {
    expect(messagesOf({ token: TOKEN })).toEqual([
      "consoles[0].token: the token never stands in the configuration: write { file: PATH } or { env: NAME }",
    ]);
  });

  test("does not show when the file is nothing but the token", () => {
    expect(faultsOf(TOKEN)).toEqual(["config.yaml:1:1: expected a mapping"]);
  });

  test("in a URL is not repeated", () => {
    expect(messagesOf({ url: "https://user:hunter2@host" }).join()).not.toContain("hunter2");
  });

  test("of the environment is not repeated when its key is at fault", () => {
    expect(messagesOf({ tail: "log: { level: '${LEVEL}' }" }, { LEVEL: "hunter2" })).toEqual([
      'log.level: expected one of debug, info, warn, error, got "${LEVEL}"',
    ]);
  });

  test("is marked for redaction", () => {
    expect(secretPaths()).toEqual([
      "consoles[*].token",
      "consoles[*].proxy",
      "collectors[*].siem_token",
      "telemetry.token",
    ]);
  });
});

describe("the environment", () => {
  test("replaces ${NAME} in any text", () => {
    const config = parse({ url: "https://${TENANT}.sentinelone.net" }, { TENANT: "acme" });
    expect(config.consoles[0]?.url).toBe("https://acme.sentinelone.net");
  });

  test("is not asked for $${NAME}, which stands for a plain ${NAME}", () => {
    const config = parse({ tail: "spool: { directory: '/a/$${B}/$c' }" });
    expect(config.spool.directory).toBe("/a/${B}/$c");
  });

  test("a variable that is missing is one fault with its line", () => {
    expect(faultsOf(configText({ url: "${ACME_URL}" }))).toEqual([
      "config.yaml:3:24 consoles[0].url: the environment variable ACME_URL is not set",
    ]);
  });

  test.each(["${}", "${A-b}", "${OPEN"])("%s is a fault", (text) => {
    expect(messagesOf({ tail: `spool: { directory: '${text}' }` })[0]).toContain("expected ${NAME}");
  });

  test("a value is never read as YAML", () => {
    const config = parse({ tail: "spool: { directory: '${DIR}' }" }, { DIR: "a: [${B}]" });
    expect(config.spool.directory).toBe("a: [${B}]");
  });
});

describe("the text", () => {
  test.each([
    ["", "config.yaml: is empty"],
    ["# only a comment\n", "config.yaml: is empty"],
    ["- a\n", "config.yaml:1:1: expected a mapping"],
    ["a: 1\n---\nb: 2\n", "config.yaml:2:1: expected one YAML document, got several"],
    ["a:\n\tb: 1\n", "config.yaml:2:1: YAML takes no tabs as indentation"],
    ["a: stdout:\n", 'config.yaml:1:4: not YAML: a value that contains ": " or ends with ":" needs quotes'],
    ["a: *b\n", "config.yaml:1:4 a: alias without anchor; a value that begins with * needs quotes"],
  ])("%j is refused", (text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });

  test("a key that stands twice is a fault beside the others", () => {
    const faults = faultsOf(configText({ tail: "log: {}\nlog: { levle: info }" }));
    expect(faults).toEqual([
      "config.yaml:7:1: this key stands here twice",
      'config.yaml:7:8 log.levle: unknown key, did you mean "level"?',
    ]);
  });

  test("anchors repeat a part, and can not be multiplied without end", () => {
    expect(faultsOf("x: &a [1, 2]\ny: [*a, *a]").join()).not.toContain("alias");
    const levels = ["a", "b", "c", "d", "e", "f"];
    const bomb = levels.map((name, index) => `${name}: &${name} [${`*${levels[index - 1]},`.repeat(10)}]`).slice(1);
    bomb.unshift("a: &a [x, x]");
    expect(faultsOf(bomb.join("\n")).join("\n")).toContain("expected at most 200 aliases");
    expect(faultsOf("a: &a [*a]").join("\n")).toContain("expected at most 200 aliases");
  });

  test("merge keys and __proto__ are unknown keys like any other", () => {
    expect(messagesOf({ tail: "<<: { log: {} }\n__proto__: { log: {} }" })).toEqual([
      '["<<"]: unknown key',
      "__proto__: unknown key",
    ]);
  });
});

describe("a file", () => {
  test("that can not be read is one fault", () => {
    expect(() => loadConfig("/nowhere/config.yaml", {})).toThrow(/\/nowhere\/config\.yaml: can not be read: ENOENT/);
  });

  test("is read, and places of its keys can be asked for", () => {
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-config-"));
    try {
      const file = join(directory, "config.yaml");
      writeFileSync(file, EVERY_KEY);
      const { config, locate } = readConfig(file, {});
      expect(loadConfig(file, {})).toEqual(config);
      expect(locate(["collectors", 0, "address"])).toEqual({ line: 15, column: 14 });
      // Left to its default: the place of the parent.
      expect(locate(["consoles", 0, "feeds", "threats", "mode"])).toEqual({ line: 11, column: 7 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

function errorOf(text: string): ConfigError {
  try {
    parseConfig(text);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("expected a ConfigError");
}

function faultsOfError(text: string) {
  return errorOf(text).faults;
}
