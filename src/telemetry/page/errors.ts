import type { AdviceByCode } from "../advice.generated.ts";
import type { BridgeStatus, IncidentStatus } from "../status.ts";
import { type Item, Items, byId, element, setAttribute, setText } from "./dom.ts";
import { Badge, marked } from "./parts.ts";
import { age, clock, counted, plain, secondsSince } from "./words.ts";

type Entry = { readonly incident: IncidentStatus; readonly nowMs: number };

/** The last errors, those that are over included, each with what to do. */
export class ErrorList {
  readonly #items: Items<Entry>;
  readonly #none = byId("no-errors");

  constructor(advice: AdviceByCode) {
    this.#items = new Items<Entry>(byId("errors"), ({ incident }) => errorItem(incident, advice));
  }

  draw({ incidents, startedAt, at }: BridgeStatus): void {
    const nowMs = Date.parse(at);
    this.#items.draw(
      incidents.map((incident) => ({ incident, nowMs })),
      ({ incident: { kind, about, code } }) => JSON.stringify([kind, about, code]),
    );
    byId("errors").hidden = incidents.length === 0;
    setText(
      this.#none,
      incidents.length > 0 ? "" : `None since the start, ${age(secondsSince(startedAt, nowMs))} ago.`,
    );
  }
}

function errorItem({ about, code }: IncidentStatus, advice: AdviceByCode): Item<Entry> {
  const [badge, when, message] = [new Badge(), element("span", { class: "when" }), element("p", { class: "said" })];
  const head = element("p", {}, badge.node, " ", element("code", {}, plain(code)), " ", when);
  const node = element("li", {}, head, message);
  const known = advice[code];
  if (known !== undefined) {
    const summary = element("summary", {}, "What to do", element("span", { class: "hidden" }, ` about ${plain(code)}`));
    const paragraphs = [known.meaning, known.action].map((text) => element("p", {}, ...marked(text)));
    node.append(element("details", {}, summary, ...paragraphs));
  }
  return {
    node,
    draw: ({ incident, nowMs }) => {
      const isOver = incident.overAt !== null;
      setAttribute(node, "data-over", String(isOver));
      badge.draw(isOver ? "ok" : "bad", `${plain(about)}, ${isOver ? "over" : "goes on"}`);
      setText(when, courseOf(incident, nowMs));
      setText(message, plain(incident.message));
    },
  };
}

function courseOf({ since, at, overAt, times }: IncidentStatus, nowMs: number): string {
  const often = times === 1 ? "once" : counted(times, "time");
  const began = clock(since, nowMs);
  if (overAt === null) return `${often} since ${began}, last ${age(secondsSince(at, nowMs))} ago`;
  const lasted = age(secondsSince(since, Date.parse(overAt)));
  return `${often} from ${began}, for ${lasted}; over since ${age(secondsSince(overAt, nowMs))}`;
}
