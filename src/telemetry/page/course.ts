import type { CollectorHistory, FeedHistory, HistoryReport, Values } from "../history.ts";
import { age } from "./words.ts";

/** The last hours, ready to be looked up. Pure. */
export class Course {
  static readonly NONE = new Course({
    stepSeconds: 60,
    until: "",
    feeds: [],
    collectors: [],
    spool: { events: [], bytes: [] },
  });

  readonly spool: HistoryReport["spool"];
  /** All feeds' new events together, and all collectors' confirmed ones. */
  readonly read: Values;
  readonly confirmed: Values;
  /** `42 min`, `6 h`. */
  readonly span: string;
  readonly #feeds: ReadonlyMap<string, FeedHistory>;
  readonly #collectors: ReadonlyMap<string, CollectorHistory>;

  constructor({ feeds, collectors, spool, stepSeconds }: HistoryReport) {
    this.spool = spool;
    this.read = sum(feeds.map(({ events }) => events));
    this.confirmed = sum(collectors.map(({ events }) => events));
    this.span = age((spool.events.length + 1) * stepSeconds).replace(".0 ", " ");
    this.#feeds = new Map(feeds.map((one) => [JSON.stringify([one.console, one.feed]), one]));
    this.#collectors = new Map(collectors.map((one) => [one.collector, one]));
  }

  feed(console: string, feed: string): Pick<FeedHistory, "events" | "lagSeconds"> {
    return this.#feeds.get(JSON.stringify([console, feed])) ?? NO_FEED;
  }

  collector(collector: string): Pick<CollectorHistory, "events" | "oldestWaitingSeconds"> {
    return this.#collectors.get(collector) ?? NO_COLLECTOR;
  }
}

const NO_FEED = { events: [], lagSeconds: [] };
const NO_COLLECTOR = { events: [], oldestWaitingSeconds: [] };

/** Step by step; null where none of them is known. */
function sum(lists: readonly Values[]): Values {
  const [first = []] = lists;
  return first.map((_, at) => {
    const known = lists.map((list) => list[at] ?? null).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  });
}
