import type { JsonRecord, JsonValue } from "../../event/event.ts";
import { isObject } from "../reading.ts";

/** Where the value of a path stands after `read`. */
export type Slot = number;

interface Place {
  slot: Slot | undefined;
  readonly members: Map<string, Place>;
}

/**
 * The values of many paths, such as `data.userName`, of one record after the other.
 *
 * A record has a third of the members that a table asks for, so each member is looked up once among the paths, and not each
 * path in the record: a lookup by a name that varies costs more than any other step of the mapping.
 */
export class RecordPaths {
  readonly #root: Place = { slot: undefined, members: new Map() };
  /** By slot; undefined for what the record does not have, null and the empty text included. */
  readonly values: (JsonValue | undefined)[] = [];
  /** The slots that have a value, the first `count` of them. */
  readonly #filled: Slot[] = [];
  #count = 0;

  /** The slot of a path; `""` is the record itself. All paths are asked for before the first record is read. */
  slot(path: string): Slot {
    let place = this.#root;
    for (const name of path === "" ? [] : path.split(".")) {
      let member = place.members.get(name);
      if (member === undefined) place.members.set(name, (member = { slot: undefined, members: new Map() }));
      place = member;
    }
    place.slot ??= this.values.push(undefined) - 1;
    return place.slot;
  }

  /** `onFilled` is told each slot that has a value. */
  read(record: JsonRecord, onFilled: (slot: Slot) => void): void {
    for (let at = 0; at < this.#count; at++) this.values[this.#filled[at] ?? 0] = undefined;
    this.#count = 0;
    if (this.#root.slot !== undefined) this.#fill(this.#root.slot, record);
    this.#readMembers(record, this.#root);
    for (let at = 0; at < this.#count; at++) onFilled(this.#filled[at] ?? 0);
  }

  #fill(slot: Slot, value: JsonValue): void {
    this.values[slot] = value;
    this.#filled[this.#count++] = slot;
  }

  #readMembers(section: JsonRecord, { members }: Place): void {
    for (const name in section) {
      const place = members.get(name);
      if (place === undefined) continue;
      const value = section[name];
      if (value === undefined || value === null || value === "") continue;
      if (place.slot !== undefined) this.#fill(place.slot, value);
      if (place.members.size > 0 && isObject(value)) this.#readMembers(value, place);
    }
  }
}
