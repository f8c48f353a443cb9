import { expect, test } from "vitest";
import { FEED_NAMES } from "../../../src/event/event.ts";
import type { Micros } from "../../../src/event/time.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import { decodeCef } from "../../support/cef-decoder.ts";
import { OPTIONS } from "./events.ts";

const RECORD = { id: "7", name: "Lab", siteId: "11", siteName: "HQ", registrationToken: "SECRET-MARK" };

test.each(FEED_NAMES)("an object of %s has a class id of its own, its scope, and no secret", (feed) => {
  const { body } = createEncoder(OPTIONS).encodeParts({
    console: "acme",
    consoleVersion: "S-25.1.3#77",
    feed,
    change: "new",
    id: "7",
    key: `${feed}/7/1`,
    time: 1_790_000_000_000_000 as Micros,
    record: RECORD,
  });
  const { classId, extension } = decodeCef(body);
  expect(classId).toBe(feed === "activities" ? "0" : `${feed}.new`);
  expect(extension.get("siteId") ?? extension.get("notificationScope")).toBe("11");
  expect(body).not.toContain("SECRET-MARK");
});
