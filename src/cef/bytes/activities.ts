import type { JsonBytes, SecurityEvent } from "../../event/event.ts";
import { type CefEvent, type MappingOptions, cefHeader } from "../cef-event.ts";
import { isPlain } from "../escape.ts";
import { ACTIVITIES } from "../mapping/activities.ts";
import { ACTIVITY_CATEGORY, activityFacts } from "../mapping/activity.ts";
import { headKeys, scopeOf } from "../mapping/head.ts";
import type { Table } from "../mapping/table.ts";
import { ByteTable, type Kept } from "./byte-table.ts";

/** A CEF message of which the end is written: what its syslog header has to know, and what stands before the rows. */
export interface ByteEvent extends Pick<CefEvent, "severity" | "classId"> {
  /** The CEF header and the first keys. */
  readonly head: string;
}

/** An id has 19 digits; of longer ones the key may have to be cut. */
const MAX_KEY_LENGTH = 200;

/** What `activityFacts` may say of the outcome, and `scopeOf` of the scope. */
const OUTCOMES = ["success", "failure", "pending", "partial"] as const;
const SCOPES = ["SITE", "ACCOUNT", "GLOBAL"] as const;

/** The ids that `mapActivities` has from elsewhere; they are the same. */
const TABLE: Table = {
  ...ACTIVITIES,
  trailer: [
    { key: "activityID", from: ["id"] },
    { key: "activityType", from: ["activityType"] },
    ...ACTIVITIES.trailer,
  ],
};

/** Makes CEF of activities from the bytes of their records, as `mapActivities` and `renderCef` would make it. */
export class ActivityBytes {
  readonly #options: MappingOptions;
  readonly #table = new ByteTable(TABLE);
  readonly #type = this.#table.slot("activityType");
  readonly #threatId = this.#table.slot("threatId");
  readonly #outcomes = new Map<string, Kept>();
  readonly #scopes = new Map<string, Kept>();

  constructor(options: MappingOptions) {
    this.#options = options;
    for (const outcome of OUTCOMES) this.#outcomes.set(outcome, this.#table.constant(` outcome=${outcome}`));
    for (const scope of SCOPES) this.#scopes.set(scope, this.#table.constant(` notificationScope=${scope}`));
  }

  /** Undefined for what is left to others: what has to be cleaned or cut, and what is rare. */
  map(event: SecurityEvent, json: JsonBytes): ByteEvent | undefined {
    const table = this.#table;
    if (event.change !== "event" || !isPlainKey(event.key) || !table.open(json)) return undefined;
    const type = table.integer(this.#type);
    // Another type is written as what it is taken for.
    if (type === undefined || type === 0 || !table.writeRows()) return undefined;
    const facts = activityFacts(table, type, event);
    if (facts.outcome !== undefined && !this.#write(this.#outcomes.get(facts.outcome))) return undefined;
    if (this.#options.unmappedData && !table.writeLeftovers()) return undefined;
    // Without an id of its own it has one that was made for it.
    if (!table.writeTrailer() || !table.isFound("activityID")) return undefined;
    if (!this.#write(this.#scopes.get(scopeOf(table)))) return undefined;
    const kind = table.isText(this.#threatId) ? "detection" : "administration";
    const head = cefHeader(facts) + headKeys(event, ACTIVITY_CATEGORY, kind, this.#options);
    return { head, severity: facts.severity, classId: facts.classId };
  }

  /** Gives the event that was mapped last its whole head, and tells its bytes; undefined when the head is too long. */
  finish(head: string): number | undefined {
    return this.#table.finish(head);
  }

  /** Hands it over, behind a prefix. */
  handTo(take: (bytes: Buffer, start: number, end: number) => void, prefix?: string): void {
    this.#table.handTo(take, prefix);
  }

  #write(constant: Kept | undefined): boolean {
    return constant !== undefined && this.#table.write(constant);
  }
}

/** Nothing of it is escaped, nor of the id, which is a part of it. */
function isPlainKey(key: string): boolean {
  return key.length <= MAX_KEY_LENGTH && isPlain(key) && !key.includes(";");
}
