import type { BridgeStatus, CollectorStatus, ConsoleStatus, FeedStatus } from "../status.ts";
import { tokenStep } from "../token-expiry.ts";
import type { Course } from "./course.ts";
import { type Item, Items, byId, element, setAttribute, setText } from "./dom.ts";
import { Badge, Chart, type Mark, cell, tableHead } from "./parts.ts";
import { age, count, counted, plain, secondsSince } from "./words.ts";

type Row<T> = Item<{ readonly of: T; readonly course: Course; readonly nowMs: number }>;

/** A number and its last hours. */
class Measure {
  readonly chart = new Chart();
  readonly node: HTMLTableCellElement;
  readonly #text = element("span");

  constructor(title: string) {
    this.node = cell(title, this.chart.node, this.#text);
    this.node.classList.add("measure");
  }

  draw(text: string): void {
    setText(this.#text, text);
  }
}

/** A state with the code of what is wrong. */
class StateCell {
  readonly node: HTMLTableCellElement;
  readonly #badge = new Badge();
  readonly #code = element("code");

  constructor() {
    this.node = cell("State", this.#badge.node, this.#code);
  }

  draw(mark: Mark, word: string, code: string): void {
    this.#badge.draw(mark, word);
    setText(this.#code, code);
  }
}

/** Events a minute, now and before. */
function drawRate(rate: Measure, past: Parameters<Chart["draw"]>[0], perMinute: number, span: string): void {
  rate.draw(count(perMinute));
  rate.chart.draw(past, perMinute, { least: 10 }, (max) => `Last ${span}: at most ${count(max)} a minute`);
}

function rowHead(name: string): HTMLTableCellElement {
  return element("th", { scope: "row", role: "rowheader" }, plain(name));
}

export class CollectorTable {
  readonly #rows: Items<Parameters<Row<CollectorStatus>["draw"]>[0]>;

  constructor() {
    const body = element("tbody", { role: "rowgroup" });
    const head = tableHead(
      "Collector",
      "State",
      "Confirmed/min",
      "Oldest waiting",
      "Waiting",
      "In doubt",
      "Last confirmed",
      "Confirmed",
    );
    byId("collectors").append(head, body);
    this.#rows = new Items(body, ({ of }) => collectorRow(of.collector));
  }

  draw({ collectors, at }: BridgeStatus, course: Course): void {
    const nowMs = Date.parse(at);
    this.#rows.draw(
      collectors.map((of) => ({ of, course, nowMs })),
      ({ of }) => of.collector,
    );
  }
}

function collectorRow(name: string): Row<CollectorStatus> {
  const [state, rate, oldest] = [new StateCell(), new Measure("Confirmed/min"), new Measure("Oldest waiting")];
  const titles = ["Waiting", "In doubt", "Last confirmed", "Confirmed"] as const;
  const cells = titles.map((title) => cell(title));
  const node = element("tr", { role: "row" }, rowHead(name), state.node, rate.node, oldest.node, ...cells);
  return {
    node,
    draw: ({ of, course, nowMs }) => {
      const past = course.collector(of.collector);
      const [mark, word] = COLLECTOR_STATES[of.state];
      state.draw(mark, word, of.fault?.code ?? "");
      drawRate(rate, past.events, of.eventsPerMinute, course.span);
      oldest.draw(age(of.oldestWaitingSeconds));
      oldest.chart.draw(
        past.oldestWaitingSeconds,
        of.oldestWaitingSeconds ?? 0,
        { least: 30 },
        (max) => `Last ${course.span}: at most ${age(max)}`,
      );
      const texts = [count(of.waiting), count(of.inDoubt), ago(of.lastConfirmAt, nowMs), count(of.confirmed)];
      for (const [at, text] of texts.entries()) if (cells[at] !== undefined) setText(cells[at], text);
    },
  };
}

const COLLECTOR_STATES: Readonly<Record<CollectorStatus["state"], readonly [Mark, string]>> = {
  ok: ["ok", "confirms"],
  idle: ["idle", "nothing sent yet"],
  failing: ["bad", "fails"],
  stopped: ["idle", "stopped"],
};

interface Group {
  readonly console: ConsoleStatus;
  readonly feeds: readonly FeedStatus[];
  readonly isOpenAtFirst: boolean;
}

/** Many consoles are shown folded, but for those that need a look. */
const SHOWN_OPEN = 3;

/** The feeds, by console. */
export class FeedTable {
  readonly #groups: Items<Parameters<Row<Group>["draw"]>[0]>;

  constructor() {
    const table = byId("feeds");
    table.append(tableHead("Feed", "State", "Events/min", "Lag", "Last read", "Total", "To know"));
    this.#groups = new Items(table, ({ of }) => groupBody(of));
  }

  draw({ consoles, feeds, at }: BridgeStatus, course: Course): void {
    const nowMs = Date.parse(at);
    const groups = consoles.map((console): Group => {
      const own = feeds.filter((feed) => feed.console === console.console);
      const isOpenAtFirst = consoles.length <= SHOWN_OPEN || own.some(({ fault }) => fault !== null);
      return { console, feeds: own, isOpenAtFirst };
    });
    this.#groups.draw(
      groups.map((of) => ({ of, course, nowMs })),
      ({ of }) => of.console.console,
    );
  }
}

function groupBody({ console: { console }, isOpenAtFirst }: Group): Row<Group> {
  const [facts, token] = [element("span", { class: "facts" }), new Badge()];
  const fold = element("button", { type: "button" }, plain(console));
  const head = element("th", { scope: "rowgroup", colspan: "7", role: "rowheader" }, fold, " ", facts, " ", token.node);
  const node = element("tbody", { role: "rowgroup" }, element("tr", { role: "row", class: "console" }, head));
  const rows = new Items<Parameters<Row<FeedStatus>["draw"]>[0]>(node, ({ of }) => feedRow(of.feed));
  const setOpen = (isOpen: boolean): void => {
    setAttribute(fold, "aria-expanded", String(isOpen));
    setAttribute(node, "data-open", String(isOpen));
  };
  setOpen(isOpenAtFirst);
  fold.addEventListener("click", () => setOpen(fold.getAttribute("aria-expanded") !== "true"));
  return {
    node,
    draw: ({ of, course, nowMs }) => {
      setText(facts, factsOf(of));
      drawToken(token, of.console.tokenSecondsLeft);
      rows.draw(
        of.feeds.map((feed) => ({ of: feed, course, nowMs })),
        ({ of: { feed } }) => feed,
      );
    },
  };
}

/** What there is to know of a console, in one line. */
function factsOf({ console: { version, skewSeconds }, feeds }: Group): string {
  const failing = feeds.filter(({ fault }) => fault !== null).length;
  const skew =
    Math.abs(skewSeconds) < 2
      ? "clock agrees"
      : `clock ${age(Math.abs(skewSeconds))} ${skewSeconds > 0 ? "ahead" : "behind"}`;
  return [
    `${counted(feeds.length, "feed")}${failing === 0 ? "" : `, ${failing} with trouble`}`,
    version === null ? undefined : `version ${plain(version)}`,
    skew,
  ]
    .filter((fact) => fact !== undefined)
    .join(" · ");
}

/** A token has no end that matters while it is far. */
function drawToken(badge: Badge, secondsLeft: number | null): void {
  badge.node.hidden = secondsLeft === null;
  const step = secondsLeft === null ? undefined : tokenStep(secondsLeft * 1000);
  const word = (secondsLeft ?? 0) <= 0 ? "token has expired" : `token ends in ${age(secondsLeft)}`;
  badge.draw(step === undefined ? "none" : step.days > 7 ? "warn" : "bad", word);
}

function feedRow(name: string): Row<FeedStatus> {
  const [state, rate, lag] = [new StateCell(), new Measure("Events/min"), new Measure("Lag")];
  const [lastPage, events, notes] = [cell("Last read"), cell("Total"), cell("To know")];
  notes.classList.add("notes");
  const node = element("tr", { role: "row" }, rowHead(name), state.node, rate.node, lag.node, lastPage, events, notes);
  return {
    node,
    draw: ({ of, course, nowMs }) => {
      const past = course.feed(of.console, of.feed);
      const [mark, word] = FEED_STATES[of.state];
      state.draw(mark, word, of.fault?.code ?? "");
      drawRate(rate, past.events, of.eventsPerMinute, course.span);
      lag.draw(age(of.lagSeconds));
      lag.chart.draw(
        past.lagSeconds,
        of.lagSeconds,
        { least: 120 },
        (max) => `Last ${course.span}: at most ${age(max)}`,
      );
      setText(lastPage, ago(of.lastPageAt, nowMs));
      setText(events, count(of.total.events));
      setText(notes, notesOf(of));
    },
  };
}

const FEED_STATES: Readonly<Record<FeedStatus["state"], readonly [Mark, string]>> = {
  ok: ["ok", "read"],
  starting: ["idle", "not read yet"],
  failing: ["warn", "fails"],
  parked: ["bad", "parked"],
  stopped: ["idle", "stopped"],
};

/** What is not as usual; most feeds have nothing here. */
function notesOf({ late, latestSeconds, total }: FeedStatus): string {
  const { dropped, damaged, deadLetters } = total;
  return [
    late === 0 ? "" : `${count(late)} late, by up to ${age(latestSeconds)}`,
    deadLetters === 0 ? "" : counted(deadLetters, "dead letter"),
    dropped === 0 ? "" : `${count(dropped)} dropped`,
    damaged === 0 ? "" : `${count(damaged)} damaged`,
  ]
    .filter((note) => note !== "")
    .join(", ");
}

function ago(iso: string | null, nowMs: number): string {
  return iso === null ? "-" : `${age(secondsSince(iso, nowMs))} ago`;
}
