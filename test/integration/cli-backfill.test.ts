import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { activitiesOf, archive, backfill, home, iso, siem } from "../support/backfill-world.ts";

describe("backfill", () => {
  test("beside the running bridge forwards the past once", async () => {
    const bridge = await home.start();
    const { code, stdout } = await backfill();
    expect([code, stdout]).toEqual([0, "acme/activities: 2500 read, 2500 sent, 0 were sent before or are excluded\n"]);
    expect([activitiesOf(siem), activitiesOf(archive)]).toEqual([2500, 2500]);
    await bridge.signal("SIGTERM");
  });

  test("says what it can not do", async () => {
    const bridge = await home.start();
    expect(statSync(join(home.spool, "control.sock")).mode & 0o777).toBe(0o600);
    expect(await backfill("--feed", "threats")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("activities, sites") as string,
    });
    expect(await backfill("--feed", "sites")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("BRIDGE_FEED_NO_PAST") as string,
    });
    expect(await backfill("--to", iso(-1))).toMatchObject({ code: 2 });
    await bridge.signal("SIGTERM");
  });
});
