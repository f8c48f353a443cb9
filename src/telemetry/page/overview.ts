import type { BridgeStatus } from "../status.ts";
import type { Course } from "./course.ts";
import { type Item, Items, byId, element, setAttribute, setText, svg } from "./dom.ts";
import { Badge, Chart, marked, markPath } from "./parts.ts";
import type { Problem } from "./problems.ts";
import type { Verdict } from "./verdict.ts";
import { age, count, counted, share, size } from "./words.ts";

/** More than these nobody reads; the sections below have them all. */
const SHOWN_PROBLEMS = 8;

/** How it is, in one sentence, and what needs a look. */
export class Headline {
  readonly #box = byId("verdict");
  readonly #mark = svg("path", { "fill-rule": "evenodd" });
  readonly #icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  readonly #problems = new Items<Problem>(byId("problems"), problemItem);
  readonly #more = byId("more");

  constructor() {
    this.#box
      .querySelector("svg")
      ?.replaceWith(svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, this.#mark));
  }

  draw({ level, headline, detail, problems }: Verdict): void {
    setAttribute(this.#box, "data-level", level);
    setAttribute(this.#mark, "d", markPath(level));
    setText(byId("headline"), headline);
    setText(byId("detail"), detail);
    this.#problems.draw(problems.slice(0, SHOWN_PROBLEMS), ({ key }) => key);
    byId("problems").hidden = problems.length === 0;
    const left = problems.length - SHOWN_PROBLEMS;
    setText(this.#more, left > 0 ? `And ${counted(left, "problem")} more: the tables below have them.` : "");
    const title = `${headline} · s1bridge`;
    if (document.title !== title) document.title = title;
    if (this.#icon !== null) setAttribute(this.#icon, "href", iconOf(level));
  }
}

function iconOf(level: Verdict["level"]): string {
  const colour = { ok: "2da160", busy: "3f74d1", idle: "8590a0", warn: "d9930d", bad: "d93f33" }[level];
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#${colour}" fill-rule="evenodd" d="${markPath(level)}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(picture)}`;
}

function problemItem(): Item<Problem> {
  const badge = new Badge();
  const [when, code, message] = [element("p", { class: "when" }), element("code"), element("span")];
  const [meaning, action] = [element("p", { class: "meaning" }), element("p", { class: "action" })];
  const said = element("p", { class: "said" }, code, " ", message);
  const node = element("li", {}, badge.node, when, said, meaning, action);
  let shown = "";
  return {
    node,
    draw: (problem) => {
      setAttribute(node, "data-level", problem.level);
      badge.draw(problem.level, problem.title);
      setText(when, problem.when ?? "");
      setText(code, problem.code ?? "");
      setText(message, problem.message ?? "");
      said.hidden = problem.code === undefined;
      when.hidden = problem.when === undefined;
      const texts = JSON.stringify([problem.meaning, problem.action]);
      if (shown === texts) return;
      shown = texts;
      meaning.replaceChildren(...marked(problem.meaning ?? ""));
      meaning.hidden = problem.meaning === undefined;
      action.replaceChildren(element("b", {}, "What to do: "), ...marked(problem.action ?? ""));
      action.hidden = problem.action === undefined;
    },
  };
}

/** The totals, each with its last hours. */
export class Figures {
  readonly #read = new Figure("Read");
  readonly #confirmed = new Figure("Confirmed");
  readonly #waiting = new Figure("Waiting");
  readonly #spool = new Figure("Spool");

  constructor() {
    byId("figures").append(...[this.#read, this.#confirmed, this.#waiting, this.#spool].map(({ node }) => node));
  }

  draw({ feeds, collectors, spool }: BridgeStatus, course: Course): void {
    const read = feeds.reduce((sum, { eventsPerMinute }) => sum + eventsPerMinute, 0);
    const confirmed = collectors.reduce((sum, { eventsPerMinute }) => sum + eventsPerMinute, 0);
    const total = feeds.reduce((sum, feed) => sum + feed.total.events, 0);
    const since = collectors.reduce((sum, one) => sum + one.confirmed, 0);
    const most = (noun: string) => (max: number) =>
      `${noun} in the last ${course.span}: at most ${count(max)} a minute`;
    this.#read.draw(count(read), "events/min", `${counted(total, "event")} so far`);
    this.#read.chart.draw(course.read, read, { least: 10 }, most("Events read"));
    this.#confirmed.draw(count(confirmed), "events/min", `${count(since)} since the start`);
    this.#confirmed.chart.draw(course.confirmed, confirmed, { least: 10 }, most("Events confirmed"));
    const oldest = spool.oldestSeconds === null ? "nothing waits" : `the oldest for ${age(spool.oldestSeconds)}`;
    this.#waiting.draw(count(spool.events), spool.events === 1 ? "event" : "events", oldest);
    this.#waiting.chart.draw(
      course.spool.events,
      spool.events,
      { least: 100 },
      (max) => `Events that waited in the last ${course.span}: at most ${count(max)}`,
    );
    const free = spool.diskFreeBytes === null ? "" : `, disk ${size(spool.diskFreeBytes)} free`;
    this.#spool.draw(size(spool.bytes), "", `${share(spool.bytes, spool.maxBytes)} of ${size(spool.maxBytes)}${free}`);
    this.#spool.chart.draw(
      course.spool.bytes,
      spool.bytes,
      { least: spool.maxBytes / 20 },
      (max) => `Size of the spool in the last ${course.span}: at most ${size(max)}`,
    );
  }
}

class Figure {
  readonly chart = new Chart();
  readonly node: HTMLElement;
  readonly #value = element("b");
  readonly #unit = element("span");
  readonly #note = element("p", { class: "note" });

  constructor(title: string) {
    const number = element("p", { class: "number" }, this.#value, " ", this.#unit);
    this.node = element(
      "div",
      { class: "figure", role: "group", "aria-label": title },
      element("p", { class: "title" }, title),
      number,
      this.chart.node,
      this.#note,
    );
  }

  draw(value: string, unit: string, note: string): void {
    setText(this.#value, value);
    setText(this.#unit, unit);
    setText(this.#note, note);
  }
}
