import { element, setAttribute, setText, svg } from "./dom.ts";
import { HEIGHT, type Scale, WIDTH, sparkline } from "./sparkline.ts";
import { parts } from "./words.ts";

/** What several sections of the page are made of. */

export type Mark = "ok" | "busy" | "idle" | "warn" | "bad" | "none";

/** Each mark has a shape of its own: colour is never the only sign. */
const SHAPES: Readonly<Record<Mark, string>> = {
  ok: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.6 5.1-4.2 5.1-3-2.6 1-1.1 1.8 1.6 3.2-4Z",
  busy: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm.8 7.4-.2.3-3 2.6-1-1.1 2.6-2.3V4h1.6Z",
  idle: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-3.5 6.2h7v1.6h-7Z",
  none: "",
  warn: "M8 1.2 15.4 14.5H.6ZM7.2 6v4h1.6V6Zm0 5.2v1.6h1.6v-1.6Z",
  bad: "M5 1h6l4 4v6l-4 4H5l-4-4V5Zm.6 3.4L4.400 5.600 6.800 8l-2.400 2.400 1.200 1.200L8 9.200l2.400 2.400 1.200-1.200L9.200 8l2.400-2.400-1.200-1.200L8 6.800Z",
};

export function markPath(mark: Mark): string {
  return SHAPES[mark];
}

/** A mark with its word. */
export class Badge {
  readonly node = element("span", { class: "badge" });
  readonly #path = svg("path", { "fill-rule": "evenodd" });
  readonly #word = element("span");

  constructor() {
    this.node.append(svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, this.#path), this.#word);
  }

  draw(mark: Mark, word: string): void {
    setAttribute(this.node, "data-level", mark);
    setAttribute(this.#path, "d", SHAPES[mark]);
    setText(this.#word, word);
  }
}

/** The pictures are drawn anew when the history is, and now and then for the value at the end. */
const REDRAW_MS = 10_000;

/** The last hours of a number. */
export class Chart {
  readonly node: SVGElement;
  readonly #line = svg("path", { class: "line" });
  readonly #area = svg("path", { class: "area" });
  #drawn:
    | { readonly values: readonly (number | null)[]; readonly now: number | null; readonly atMs: number }
    | undefined;

  constructor() {
    this.node = svg(
      "svg",
      { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
      this.#area,
      this.#line,
    );
  }

  /** `words` tells the same as a text, from the largest value. */
  draw(values: readonly (number | null)[], now: number | null, scale: Scale, words: (max: number) => string): void {
    const atMs = performance.now();
    const drawn = this.#drawn;
    const isSame =
      drawn !== undefined && drawn.values === values && (drawn.now === now || atMs - drawn.atMs < REDRAW_MS);
    if (isSame) return;
    this.#drawn = { values, now, atMs };
    const { line, area, max } = sparkline([...values, now], scale);
    setAttribute(this.#line, "d", line);
    setAttribute(this.#area, "d", area);
    setAttribute(this.node, "aria-label", words(max));
  }
}

/** A text with `code` in it. */
export function marked(text: string): readonly (Node | string)[] {
  return parts(text).map((part) => (part.isCode ? element("code", {}, part.text) : part.text));
}

/** The head of a table. Its roles are named, since a phone shows its rows as cards. */
export function tableHead(...titles: readonly string[]): HTMLElement {
  const cells = titles.map((title) => element("th", { scope: "col", role: "columnheader" }, title));
  return element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...cells));
}

/** A cell, which a phone shows with its title. */
export function cell(title: string, ...children: readonly (Node | string)[]): HTMLTableCellElement {
  return element("td", { role: "cell", "data-title": title }, ...children);
}
