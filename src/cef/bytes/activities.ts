import type { JsonBytes, SecurityEvent } from "../../event/event.ts";
import { toMs } from "../../event/time.ts";
import { HEADER_START, MAX_DEVICE_VERSION, MAX_NAME, type MappingOptions, versionField } from "../cef-event.ts";
import { isPlain } from "../escape.ts";
import { ACTIVITIES } from "../mapping/activities.ts";
import { ACTIVITY_CATEGORY, type ActivityFacts, activityFacts, isOfEndpoint, systemOf } from "../mapping/activity.ts";
import { type Kind, nativeTime, scopeOf } from "../mapping/head.ts";
import type { Table } from "../mapping/table.ts";
import type { ByteSink, Kept } from "./byte-head.ts";
import { ByteTable } from "./byte-table.ts";

/** An id has 19 digits; of longer ones the key may have to be cut. */
const MAX_ID_LENGTH = 180;

const MAX_SEVERITY = 10;

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
  readonly #id = this.#table.row("activityID");
  readonly #osName = this.#table.row("osName");
  readonly #outcomes = this.#constants(OUTCOMES, (outcome) => ` outcome=${outcome}`);
  readonly #scopes = this.#constants(SCOPES, (scope) => ` notificationScope=${scope}`);
  readonly #start = this.#table.constant(HEADER_START);
  readonly #bar = this.#table.constant("|");
  readonly #severities = Array.from({ length: MAX_SEVERITY + 1 }, (_, severity) =>
    this.#table.constant(`|${severity}|cat=${ACTIVITY_CATEGORY} externalId=`),
  );
  readonly #key = this.#table.constant(" S1eventKey=activities/");
  readonly #sequence = this.#table.constant(" S1seq=");
  readonly #rt = this.#table.constant(" rt=");

  constructor(options: MappingOptions) {
    this.#options = options;
  }

  /** Writes the rows. Undefined for what is left to others: what has to be cleaned or cut, and what is rare. */
  map({ change, id, typeNames }: SecurityEvent, json: JsonBytes): ActivityFacts | undefined {
    const table = this.#table;
    if (change !== "event" || !isPlainId(id) || !table.open(json)) return undefined;
    const type = table.integer(this.#type);
    // Another type is written as what it is taken for.
    if (type === undefined || type === 0 || !table.writeRows()) return undefined;
    const facts = activityFacts(table, type, typeNames);
    if (facts.outcome !== undefined && !this.#write(this.#outcomes.get(facts.outcome))) return undefined;
    if (this.#options.unmappedData && !table.writeLeftovers()) return undefined;
    // Without an id of its own it has one that was made for it.
    if (!table.writeTrailer() || !table.isRowFound(this.#id)) return undefined;
    return this.#write(this.#scopes.get(scopeOf(table))) ? facts : undefined;
  }

  /** Puts what stands before the rows in front of them, and gives the bytes of all; undefined for what is left to others. */
  finish(syslogHeader: string, event: SecurityEvent, facts: ActivityFacts): number | undefined {
    const { head } = this.#table;
    head.begin();
    const isWritten =
      head.text(syslogHeader) &&
      head.kept(this.#start) &&
      this.#writeVersion(event) &&
      head.kept(this.#bar) &&
      head.word(facts.classId) &&
      head.kept(this.#bar) &&
      head.name(facts.template, MAX_NAME) &&
      this.#write(this.#severities[facts.severity]) &&
      this.#writeKeys(event);
    return isWritten ? head.finish() : undefined;
  }

  /** Hands it over, behind a prefix or with a line break. */
  handTo(sink: ByteSink, framing: { prefix?: string; endsLine?: boolean }): void {
    this.#table.head.handTo(sink, framing);
  }

  #writeVersion({ consoleVersion = "" }: SecurityEvent): boolean {
    const table = this.#table;
    const isSystem = isOfEndpoint(table) && table.isRowFound(this.#osName);
    if (isSystem && table.head.field(this.#osName, MAX_DEVICE_VERSION)) return true;
    return table.head.word(versionField(systemOf(table) ?? consoleVersion));
  }

  #writeKeys({ id, sequence, time }: SecurityEvent): boolean {
    const { head } = this.#table;
    const { rt, sequence: counts = false } = this.#options;
    return (
      head.text(id) &&
      head.kept(this.#key) &&
      head.text(id) &&
      (!counts || sequence === undefined || (head.kept(this.#sequence) && head.number(sequence))) &&
      head.kept(this.#rt) &&
      (rt === "epoch" ? head.number(toMs(time)) : head.text(nativeTime(time, this.#kind)))
    );
  }

  get #kind(): Kind {
    return this.#table.isText(this.#threatId) ? "detection" : "administration";
  }

  #write(constant: Kept | undefined): boolean {
    return constant !== undefined && this.#table.head.kept(constant);
  }

  #constants<T extends string>(of: readonly T[], textOf: (one: T) => string): ReadonlyMap<string, Kept> {
    return new Map(of.map((one) => [one, this.#table.constant(textOf(one))]));
  }
}

/** Nothing of it is escaped. An entry has no version: its key is its feed and its id. */
function isPlainId(id: string): boolean {
  return id.length <= MAX_ID_LENGTH && isPlain(id) && !id.includes(";");
}
