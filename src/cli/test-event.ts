import { randomUUID } from "node:crypto";
import { OWN_FEED, type SecurityEvent } from "../event/event.ts";
import { microsFromMs } from "../event/time.ts";
import { VERSION } from "../version.ts";

/** An event that says of itself that it is a test, and by which an operator finds it: `s1bridge test`. */
export function testEvent(): SecurityEvent {
  const nowMs = Date.now();
  // `externalId` has 40 characters.
  const id = `s1bridge-test-${randomUUID().slice(0, 13)}`;
  const text = `s1bridge test event, to be ignored (${id})`;
  return {
    console: "s1bridge",
    consoleVersion: `s1bridge-${VERSION}`,
    feed: OWN_FEED,
    change: "event",
    id,
    key: `test/${id}`,
    time: microsFromMs(nowMs),
    record: { kind: "test", text, bridgeVersion: VERSION },
  };
}
