import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FeedKey } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import { transaction } from "./database.ts";
import { SpoolUnusableError } from "./errors.ts";
import { type Mirrored, writeMirror } from "./mirror.ts";
import { opening } from "./opening.ts";

/**
 * Moves checkpoints while no bridge has the spool open; `undefined` forgets them. The ids and looks of the feed go with it, so
 * that what is read from there on is forwarded, again if need be. What waits in the queue stays there.
 */
export function moveCheckpoints(directory: string, keys: readonly FeedKey[], to: Micros | undefined): void {
  if (!existsSync(join(directory, "spool.db"))) throw new SpoolUnusableError(`there is no spool in ${directory}`);
  opening(directory, ({ database, sql, lock }) => {
    transaction(database, () => {
      for (const { console, feed } of keys) {
        sql.addFeed.run(console, feed);
        const { id } = sql.feedId.get(console, feed) as { id: number };
        database.prepare("DELETE FROM seen WHERE feed = ?").run(id);
        database.prepare("UPDATE objects SET look = NULL WHERE feed = ?").run(id);
        database
          .prepare("UPDATE feeds SET checkpoint = ?1, floor = ?1, checkpoint_copy = ?1, floor_copy = ?1 WHERE id = ?2")
          .run(to ?? null, id);
      }
    });
    // Before anything reads the old ones out of it.
    writeMirror(directory, {
      end: Number(database.prepare("SELECT value FROM facts WHERE key = 'end'").get()?.["value"]),
      feeds: sql.safeCheckpoints.all() as unknown as Mirrored["feeds"],
    });
    database.close();
    lock.release();
  });
}
