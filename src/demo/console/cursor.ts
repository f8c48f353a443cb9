import { formatTime, parseTime } from "../../event/time.ts";
import type { Micros } from "../../event/time.ts";
import type { SortValue } from "./entry.ts";
import { refuse } from "./parameters.ts";
import { isTimeSort } from "./resources.ts";

/**
 * The console's cursor: no session, only the last row's place in the order. The filters are not in it.
 *
 * base64 of a JSON text as Python writes it, and percent-encoded when it is handed out: a client that encodes it once
 * more must still be understood, and so must one that decodes it first.
 */
export interface Cursor {
  readonly sortBy: string;
  readonly descending: boolean;
  readonly value: SortValue;
  readonly id: string;
}

export function encodeCursor(view: string, { sortBy, descending, value, id }: Cursor): string {
  const order = descending ? "desc" : "asc";
  const idValue = /^(0|[1-9]\d{0,18})$/.test(id) ? id : JSON.stringify(id);
  const sortValue = sortBy === "id" ? idValue : JSON.stringify(isTime(sortBy, value) ? formatTime(value) : value);
  const json = [
    `{"id_column": "${view}.id"`,
    `"id_value": ${idValue}`,
    `"id_sort_order": "${order}"`,
    `"sort_by_column": "${view}.${sortBy}"`,
    `"sort_by_value": ${sortValue}`,
    `"sort_order": "${order}"}`,
  ].join(", ");
  return encodeURIComponent(Buffer.from(json).toString("base64"));
}

const CURSOR_JSON =
  /^\{"id_column": "(\w+)\.id", "id_value": (\d+|".*"), "id_sort_order": "(asc|desc)", "sort_by_column": "\1\.(\w+)", "sort_by_value": (.+), "sort_order": "\3"\}$/;

/** Refuses what this console has not handed out for the resource. */
export function decodeCursor(view: string, text: string): Cursor {
  const json = CURSOR_JSON.exec(decodeBase64(text));
  if (json === null || json[1] !== view) return refuseCursor();
  const [, , idText = "", order, sortBy = "", valueText = ""] = json;
  try {
    const id = idText.startsWith('"') ? (JSON.parse(idText) as string) : idText;
    const value = sortBy === "id" ? id : (JSON.parse(valueText) as SortValue);
    return {
      sortBy,
      descending: order === "desc",
      id,
      value: isTimeSort(sortBy) ? (parseTime(value) ?? null) : value,
    };
  } catch {
    // Not JSON: not ours.
    return refuseCursor();
  }
}

function decodeBase64(text: string): string {
  const base64 = text.replace(/%(2B|2F|3D)/gi, (escape) => decodeURIComponent(escape));
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, "base64").toString() : "";
}

function isTime(sortBy: string, value: SortValue): value is Micros {
  return isTimeSort(sortBy) && typeof value === "number";
}

export function refuseCursor(): never {
  return refuse("Invalid cursor value received");
}
