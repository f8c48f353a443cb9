import { stripVTControlCharacters } from "node:util";

export interface TableStyle {
  /** Colours the head of each column. */
  readonly head?: (text: string) => string;
}

/**
 * Rows as columns of equal width, the first row as their head, with a line break at the end; numbers stand at the right. Cells may be coloured; what
 * stands in them must have gone through {@link plainText} when it is not ours.
 */
export function formatTable(rows: readonly (readonly string[])[], { head = (text) => text }: TableStyle = {}): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map((row) => width(row[at] ?? ""))));
  const areNumbers = widths.map((_, at) => {
    const cells = rows.slice(1).map((row) => stripVTControlCharacters(row[at] ?? "-"));
    return cells.some((cell) => cell !== "-") && cells.every((cell) => /^(-|\d[\d.]*)$/.test(cell));
  });
  return rows
    .map((row, line) => {
      const cells = row.map((cell, at) => {
        const last = at === row.length - 1;
        const room = " ".repeat((widths[at] ?? 0) - width(cell));
        const padded = areNumbers[at] === true ? room + cell : last ? cell : cell + room;
        return line === 0 ? head(padded) : padded;
      });
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}

function width(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}

/** Text of others, such as the name of a site, as one line that can not steer a terminal. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\uFFFD");
}
