import type { AdviceByCode } from "../advice.generated.ts";
import type { HistoryReport } from "../history.ts";
import type { BridgeStatus } from "../status.ts";
import { Course } from "./course.ts";
import { byId, setAttribute, setText } from "./dom.ts";
import { ErrorList } from "./errors.ts";
import { Live } from "./live.ts";
import { Figures, Headline } from "./overview.ts";
import { CollectorTable, FeedTable } from "./tables.ts";
import { type Silence, silent, verdictOf } from "./verdict.ts";
import { age, clock, plain, secondsSince } from "./words.ts";

/** The status page: draws what the bridge says, as it says it. */
class Page {
  readonly #headline = new Headline();
  readonly #figures = new Figures();
  readonly #collectors = new CollectorTable();
  readonly #feeds = new FeedTable();
  readonly #errors: ErrorList;
  readonly #advice: AdviceByCode;
  #status: BridgeStatus | undefined;
  #course = Course.NONE;

  constructor(advice: AdviceByCode) {
    this.#advice = advice;
    this.#errors = new ErrorList(advice);
  }

  status(status: BridgeStatus): void {
    // After an upgrade the page is another one, too.
    if (this.#status !== undefined && this.#status.version !== status.version) location.reload();
    this.#status = status;
    this.#draw(status);
  }

  history(history: HistoryReport): void {
    this.#course = new Course(history);
    if (this.#status !== undefined) this.#draw(this.#status);
  }

  silence(silence: Silence | undefined): void {
    setAttribute(document.body, "data-silent", String(silence !== undefined));
    if (silence === undefined) return;
    this.#pulse("silent", "not live");
    this.#headline.draw(silent(silence, this.#status?.at));
  }

  #draw(status: BridgeStatus): void {
    const nowMs = Date.parse(status.at);
    this.#pulse("live", `live, ${clock(status.at, nowMs)}`);
    this.#headline.draw(verdictOf(status, this.#advice));
    this.#figures.draw(status, this.#course);
    this.#collectors.draw(status, this.#course);
    this.#feeds.draw(status, this.#course);
    this.#errors.draw(status);
    setText(byId("version"), plain(status.version));
    const up = age(secondsSince(status.startedAt, nowMs));
    setText(byId("process"), `Process ${status.pid}, up for ${up}.`);
    setText(byId("span"), `Charts: the last ${this.#course.span}`);
  }

  #pulse(state: string, text: string): void {
    setAttribute(byId("pulse"), "data-state", state);
    setText(byId("pulse"), text);
  }
}

void new Live(new Page(JSON.parse(byId("advice").textContent ?? "{}") as AdviceByCode));
