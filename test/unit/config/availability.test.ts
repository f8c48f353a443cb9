import { describe, expect, test } from "vitest";
import { requireAvailable, unavailable, unavailableFaults } from "../../../src/config/availability.ts";
import { ConfigError, parseConfig } from "../../../src/config/load.ts";
import { configText, parse, type Parts } from "./fixture.ts";

describe("what this release does not do", () => {
  test.each<[string, Parts]>([
    ["consoles[0].feeds.agents: not available yet", { feeds: "agents: {}" }],
    ["consoles[0].feeds.threats.mode: snapshot is not available yet", { feeds: "threats: { mode: snapshot }" }],
  ])("%s", (message, parts) => {
    const faults = unavailableFaults(parseConfig(configText(parts)));
    expect(faults.map((fault) => `${fault.path}: ${fault.message}`)).toEqual([message]);
  });

  test("the rest is available", () => {
    const feeds = 'activities: { cron: "* * * * *", include_types: [1], exclude_types: [2], mode: changes }';
    const config = parse({ feeds, scope: "site_ids: [1]", address: "udp://h", tail: "heartbeat: {}" });
    expect(unavailable(config)).toEqual([]);
    for (const address of ["tls://h", "relp://h", "relp+tls://h", "stdout", "file:///a"]) {
      expect(unavailable(parse({ address, collector: "profile: generic, confirm: none" }))).toEqual([]);
    }
  });

  test("is thrown with its place when the configuration must run", () => {
    expect(() => requireAvailable(parseConfig(configText({})))).not.toThrow();
    expect(() => requireAvailable(parseConfig(configText({ feeds: "agents: {}" })))).toThrow(ConfigError);
  });
});
