/**
 * How the page is changed: elements are made once and then get other texts, so that what a reader has selected, focused or
 * heard stays. All text goes through `textContent` and attributes; nothing is ever parsed as markup, and the page's policy
 * (`require-trusted-types-for`) would refuse it.
 */
export type Attributes = Readonly<Record<string, string>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function svg(tag: string, attributes: Attributes = {}, ...children: readonly Node[]): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** What page.html has under this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** One of a list, which is drawn again and again. */
export interface Item<T> {
  readonly node: Element;
  draw(what: T): void;
}

/** Keeps an element for each of a list by its key: in the list's order, behind `leading` elements that stay. */
export class Items<T> {
  readonly #parent: Element;
  readonly #make: (what: T) => Item<T>;
  readonly #leading: number;
  #items = new Map<string, Item<T>>();

  constructor(parent: Element, make: (what: T) => Item<T>) {
    this.#parent = parent;
    this.#make = make;
    this.#leading = parent.children.length;
  }

  draw(list: readonly T[], keyOf: (what: T) => string): void {
    const before = this.#items;
    this.#items = new Map(list.map((what) => [keyOf(what), before.get(keyOf(what)) ?? this.#make(what)]));
    for (const [key, { node }] of before) if (!this.#items.has(key)) node.remove();
    for (const [at, what] of list.entries()) {
      const item = this.#items.get(keyOf(what));
      if (item === undefined) continue;
      const place = this.#parent.children[this.#leading + at] ?? null;
      if (place !== item.node) this.#parent.insertBefore(item.node, place);
      item.draw(what);
    }
  }
}
