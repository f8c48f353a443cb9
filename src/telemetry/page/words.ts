/** What the page shows, as text. Pure: the tests run it without a browser. */

export { age, size } from "../../lib/words.ts";

const NUMBERS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,204`. */
export function count(value: number): string {
  return NUMBERS.format(value);
}

/** `1 event`, `1,204 events`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `7 %`, `0.4 %`. */
export function share(part: number, whole: number): string {
  const percent = (100 * part) / Math.max(1, whole);
  return `${percent < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`;
}

/** `14:03:22 UTC`, with the day when it is another than that of `nowMs`. */
export function clock(iso: string, nowMs: number): string {
  const [day = "", time = ""] = iso.split("T");
  const isToday = day === new Date(nowMs).toISOString().slice(0, 10);
  return `${isToday ? "" : `${day} `}${time.slice(0, 8)} UTC`;
}

/** How long ago, never negative. */
export function secondsSince(iso: string, nowMs: number): number {
  return Math.max(0, (nowMs - Date.parse(iso)) / 1000);
}

/** Text of others as one line: what steers a terminal or turns the direction of writing shows as what it is, a stranger. */
export function plain(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\uFFFD");
}

/** A text with `code` in it, in parts. */
export function parts(text: string): readonly { readonly text: string; readonly isCode: boolean }[] {
  return text
    .split("`")
    .map((part, at) => ({ text: part, isCode: at % 2 === 1 }))
    .filter((part) => part.text !== "");
}
