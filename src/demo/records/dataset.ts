import { formatTime } from "../../event/time.ts";
import type { Micros } from "../../event/time.ts";
import type { Dataset, Entry } from "../console/entry.ts";
import type { Paths } from "../console/resources.ts";
import { activityText } from "./activities.ts";
import { Random } from "./random.ts";
import { snowflake } from "./snowflake.ts";
import { timeAt } from "./timeline.ts";
import type { TimelineOptions } from "./timeline.ts";

/** Enough that no page of 1,000 compresses better than real ones for repetition. */
const BODIES = 4096;

/**
 * Any number of activities without holding one: each is made when it is asked for, and is always the same. Ids, UUIDs
 * and times are its own, the rest is one of 4,096 bodies, so that a benchmark measures the bridge and not its console.
 */
export class ActivityDataset implements Dataset {
  readonly length: number;
  readonly #options: TimelineOptions;
  readonly #bodies: readonly Body[];

  constructor(options: TimelineOptions) {
    this.length = options.count;
    this.#options = options;
    this.#bodies = Array.from({ length: Math.min(BODIES, options.count) }, (_, index) => makeBody(options, index));
  }

  at(index: number): Entry {
    const body = this.#bodies[index % this.#bodies.length];
    if (body === undefined) throw new RangeError(`no activity ${index} of ${this.length}`);
    return new MadeActivity(body, this.#options.seed, index, timeAt(this.#options, index));
  }

  /** The ids in order, to compare with what arrived. */
  *ids(): Generator<string> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index).id;
  }
}

/** An activity's text in pieces, to be joined around what is the record's own. */
interface Body {
  readonly pieces: readonly [string, string, string, string, string];
  readonly record: Readonly<Record<string, unknown>>;
}

const OWN_VALUE = /"(activityUuid|createdAt|id|updatedAt)":"[^"]*"/g;

function makeBody(options: TimelineOptions, index: number): Body {
  const text = toAscii(activityText({ seed: options.seed, index, time: timeAt(options, index) }));
  const pieces = text.replace(OWN_VALUE, '"$1":"\0"').split("\0");
  if (pieces.length !== 5) throw new Error(`an activity has an UUID, an id and two times of its own: ${text}`);
  return { pieces: pieces as unknown as Body["pieces"], record: JSON.parse(text) as Record<string, unknown> };
}

/** JSON may write any character as an escape. Pages of ASCII are joined and sent three times as fast. */
function toAscii(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

class MadeActivity implements Entry {
  readonly visibleAtMs = 0;
  readonly #body: Body;
  readonly #seed: number;
  readonly #index: number;
  readonly #time: Micros;

  constructor(body: Body, seed: number, index: number, time: Micros) {
    this.#body = body;
    this.#seed = seed;
    this.#index = index;
    this.#time = time;
  }

  get id(): string {
    return snowflake(this.#time / 1000, this.#index);
  }

  get text(): string {
    const [uuid, createdAt, id, updatedAt, end] = this.#body.pieces;
    const time = formatTime(this.#time);
    return uuid + new Random(this.#seed, this.#index).uuid() + createdAt + time + id + this.id + updatedAt + time + end;
  }

  /** `updatedAt` is no order of activities; what is asked for is always `createdAt`. */
  time(): number {
    return this.#time;
  }

  value([path = ""]: Paths): string | undefined {
    const value = path === "id" ? this.id : this.#body.record[path];
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  }
}
