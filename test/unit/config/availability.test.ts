import { expect, test } from "vitest";
import { requireAvailable, unavailable } from "../../../src/config/availability.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { FEED_NAMES } from "../../../src/event/event.ts";
import { configText, parse } from "./fixture.ts";

test("everything that the configuration knows is available", () => {
  const feeds = [
    'activities: { cron: "* * * * *", include_types: [1], exclude_types: [2], mode: changes }',
    "threats: { mode: snapshot, notes: true, timeline: true }",
    ...FEED_NAMES.slice(2).map((name) => `${name}: {}`),
  ].join(", ");
  const config = parse({ feeds, scope: "site_ids: [1]", address: "udp://h", tail: "heartbeat: {}" });
  expect(unavailable(config)).toEqual([]);
  for (const address of ["tls://h", "relp://h", "relp+tls://h", "stdout", "file:///a"]) {
    expect(unavailable(parse({ address, collector: "profile: generic, confirm: none" }))).toEqual([]);
  }
  expect(() => requireAvailable(parseConfig(configText({})))).not.toThrow();
});
