import type { DeadLetter, Page, PageRecord } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import type { WindowPoll } from "./window-poll.ts";

/** What became of a record of a page. */
export type Item = PageRecord | DeadLetter | Excluded;

interface Excluded {
  readonly excludedAt: Micros;
}

/** The poll sees them only now: the page is whole. */
export function sorted(items: readonly Item[], poll: WindowPoll): Pick<Page, "records" | "deadLetters" | "excluded"> {
  const records: PageRecord[] = [];
  const deadLetters: DeadLetter[] = [];
  let excluded = 0;
  for (const item of items) {
    if ("reason" in item) {
      deadLetters.push(item);
      continue;
    }
    if ("excludedAt" in item) excluded += 1;
    else records.push(item);
    poll.see("excludedAt" in item ? item.excludedAt : item.time);
  }
  return { records, deadLetters, excluded };
}
