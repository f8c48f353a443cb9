import type { ApiAnswer } from "./api.ts";
import type { RecordChange } from "./record-change.ts";

interface Movable {
  readonly nowMs: number;
  store(path: string): { select(query: Page["query"], nowMs: number): { readonly entries: Page["entries"] } };
  update(path: string, id: string, change: RecordChange): void;
}

type Page = NonNullable<ApiAnswer["page"]>;

/**
 * Changes the last rows of a page that was just made and the first ones behind it. In the order of `updatedAt` both move
 * to the end: the former come once more, the latter later.
 */
export function moveRows(console: Movable, { resource, query, entries }: Page, rows: number): void {
  const path = resource.recordsOf ?? resource.path;
  const served = new Set(entries.map(({ id }) => id));
  const all = console.store(path).select({ ...query, limit: Infinity, skip: 0 }, console.nowMs).entries;
  const behind = all.filter(({ id }) => !served.has(id));
  for (const { id } of [...entries.slice(-rows), ...behind.slice(0, rows)]) console.update(path, id, {});
}
