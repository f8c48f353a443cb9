import type { SecurityEvent } from "../../event/event.ts";
import { type CefEvent, type MappingOptions, cefHeader } from "../cef-event.ts";
import { isPlain } from "../escape.ts";
import { ACTIVITIES } from "../mapping/activities.ts";
import { ACTIVITY_CATEGORY, activityFacts } from "../mapping/activity.ts";
import { headKeys, scopeOf } from "../mapping/head.ts";
import { ByteTable } from "./byte-table.ts";

/** A CEF message of which the end is written: what its syslog header has to know, and what stands before the rows. */
export interface ByteEvent extends Pick<CefEvent, "severity" | "classId"> {
  /** The CEF header and the first keys. */
  readonly head: string;
}

/** An id has 19 digits; of longer ones the key may have to be cut. */
const MAX_KEY_LENGTH = 200;

/** Makes CEF of activities from the bytes of their records, as `mapActivities` and `renderCef` would make it. */
export class ActivityBytes {
  readonly #options: MappingOptions;
  readonly #table = new ByteTable(ACTIVITIES);
  readonly #type = this.#table.slot("activityType");
  readonly #threatId = this.#table.slot("threatId");

  constructor(options: MappingOptions) {
    this.#options = options;
  }

  /** Undefined for what is left to others: what has to be cleaned or cut, and what is rare. */
  map(event: SecurityEvent, json: Uint8Array): ByteEvent | undefined {
    const table = this.#table;
    if (event.change !== "event" || !isPlainKey(event.key) || !table.open(json)) return undefined;
    const type = table.value(this.#type);
    if (type === null || !table.writeRows()) return undefined;
    const facts = activityFacts(table, type, event);
    if (facts.outcome !== undefined && !table.writeConstant(` outcome=${facts.outcome}`)) return undefined;
    if (this.#options.unmappedData && !table.writeLeftovers()) return undefined;
    table.writeText(` activityID=${event.id} activityType=${facts.classId}`);
    if (!table.writeTrailer() || !table.writeConstant(` notificationScope=${scopeOf(table)}`)) return undefined;
    const kind = table.isText(this.#threatId) ? "detection" : "administration";
    const head = cefHeader(facts) + headKeys(event, ACTIVITY_CATEGORY, kind, this.#options);
    return { head, severity: facts.severity, classId: facts.classId };
  }

  /** Bytes of what was written of the event that was mapped last; its head is not among them. */
  get length(): number {
    return this.#table.length;
  }

  /** The event that was mapped last, between a head and an end: bytes that stand until the next is mapped. */
  message(head: string, end: string): Uint8Array | undefined {
    this.#table.writeText(end);
    return this.#table.message(head);
  }
}

/** Nothing of it is escaped, nor of the id, which is a part of it. */
function isPlainKey(key: string): boolean {
  return key.length <= MAX_KEY_LENGTH && isPlain(key) && !key.includes(";");
}
