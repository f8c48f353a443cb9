import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ReloadWorld, SOUND, courses } from "../support/reload-world.ts";

test("the daemon, told by SIGHUP or by the file's change: each event goes once to each of its collectors, in order", async () => {
  await fc.assert(
    fc.asyncProperty(courses(4), async (course) => {
      await using world = await ReloadWorld.start({ reload: { on_change: true } });
      const daemon = await world.home.start();
      let reloads = 0;
      const reload = async (isGood: boolean): Promise<void> => {
        const end = isGood ? "reloaded" : "the new configuration is refused";
        const told = daemon.logs(({ msg }) => msg.startsWith(end), end);
        if (reloads++ % 2 === 0) process.kill(daemon.pid, "SIGHUP");
        await told;
      };
      expect(await world.play(course, { reload })).toEqual(SOUND);
      expect(await daemon.signal("SIGTERM")).toEqual({ code: 0, signal: null });
    }),
    { numRuns: 1, endOnFailure: true },
  );
});
