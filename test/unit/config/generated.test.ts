import { describe, expect, test } from "vitest";
import { GENERATED, staleFiles } from "../../../scripts/generate.ts";
import { exampleConfig } from "../../../src/config/example.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { configurationPage } from "../../../src/config/page.ts";
import { jsonSchema, schemaAt, type KeySchema } from "../../../src/config/reference.ts";

describe("the example", () => {
  test("is valid, and this release does all of it", () => {
    expect(() => parseConfig(exampleConfig())).not.toThrow();
  });

  test("stays valid when the keys behind # are set, but for what excludes another", () => {
    const text = exampleConfig()
      .replaceAll(/^( *)#(?! \S)/gm, "$1")
      .replaceAll(/^( *)#(?! \S)/gm, "$1")
      .replace(/^ *cron: .*$/m, "")
      .replace(/^ *siem_token: .*$/m, "");
    const { config } = parseConfig(text);
    expect(config.collectors[0]?.tls?.server_name).toBe("forwarder.example.com");
    expect(config.heartbeat).toEqual({ every: 300_000 });
  });

  test("stands at the defaults where it sets what need not be set", () => {
    const { consoles, collectors, ...rest } = parseConfig(exampleConfig()).config;
    const bare = `version: 1
consoles: [{ name: acme, url: "https://acme.sentinelone.net", token: { env: T } }]
collectors: [{ name: sentinel, address: "tls://forwarder.example.com" }]`;
    const least = parseConfig(bare).config;
    expect(consoles[0]?.feeds).toEqual(least.consoles[0]?.feeds);
    expect(collectors).toEqual(least.collectors);
    expect(rest).toEqual({
      version: 1,
      spool: least.spool,
      verify: least.verify,
      telemetry: least.telemetry,
      reload: least.reload,
      log: least.log,
    });
  });
});

describe("the reference page", () => {
  test("has a row for every key", () => {
    const page = configurationPage();
    for (const key of keysIn(schemaAt([]) ?? {})) expect(page).toContain(`| \`${key}\` |`);
  });

  test("every key is described", () => {
    expect([...undescribed(schemaAt([]) ?? {}, "")]).toEqual([]);
  });
});

test("the JSON Schema refuses unknown keys and names the required ones", () => {
  expect(jsonSchema()).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    additionalProperties: false,
    required: ["version", "consoles", "collectors"],
  });
});

test.each(Object.keys(GENERATED))("%s is current", (path) => {
  expect(staleFiles()).not.toContain(path);
});

function* keysIn(schema: KeySchema): Generator<string> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    yield key;
    yield* keysIn(child.items ?? child);
  }
}

function* undescribed(schema: KeySchema, path: string): Generator<string> {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    if ((child.description ?? "") === "") yield `${path}.${key}`;
    yield* undescribed(child.items ?? child, `${path}.${key}`);
  }
}
