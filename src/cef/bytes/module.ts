import { LazyModule } from "../../lib/web-assembly.ts";
import { MODULE } from "./module.generated.ts";

/** An address in the module's memory; 0 is none. */
export type Address = number;

/** What assembly/index.ts exports; booleans come as 0 and 1. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputAt: () => Address;
  readonly inputBytes: () => number;
  readonly keep: (text: Address, length: number) => Address;
  readonly root: () => Address;
  readonly addPlace: (parent: Address, name: Address, length: number) => Address;
  readonly newSlot: () => number;
  readonly slotOf: (place: Address) => number;
  readonly setSlot: (place: Address, slot: number) => void;
  readonly setSection: (place: Address) => void;
  readonly setRules: (place: Address, rules: Address) => void;
  readonly newRules: (isDropped: boolean, isLink: boolean) => Address;
  readonly addRule: (rules: Address, kind: number, value: number) => number;
  readonly newRow: (
    prefix: Address,
    length: number,
    reading: number,
    type: number,
    maxLength: number,
    isCustom: boolean,
  ) => Address;
  readonly addFrom: (row: Address, slot: number) => number;
  readonly setNextRow: (row: Address, next: Address) => void;
  readonly setOnlyWith: (row: Address, slot: number) => void;
  readonly setUnlessIn: (row: Address, other: Address) => void;
  readonly setNever: (first: Address, second: Address) => void;
  readonly open: (length: number) => number;
  readonly unknownNameAt: () => Address;
  readonly unknownNameLength: () => number;
  readonly kindOf: (slot: number) => number;
  readonly startOf: (slot: number) => Address;
  readonly endOf: (slot: number) => Address;
  readonly isFound: (row: Address) => number;
  readonly foundStart: (row: Address) => Address;
  readonly foundEnd: (row: Address) => Address;
  readonly foundWord: (row: Address) => Address;
  readonly keepWord: (row: Address) => Address;
  readonly writeRows: (first: Address) => number;
  readonly writeLeftovers: (prefix: Address, length: number) => number;
  readonly put: (text: Address, length: number) => number;
  readonly placeFor: (bytes: number) => Address;
  readonly wrote: (bytes: number) => void;
  readonly scratchAt: () => Address;
  readonly newName: () => Address;
  readonly addText: (last: Address, text: Address, length: number) => Address;
  readonly addValue: (last: Address, row: Address) => Address;
  readonly or: (last: Address) => Address;
  readonly beginHead: () => void;
  readonly putName: (name: Address, maxBytes: number) => number;
  readonly putHeaderOf: (row: Address, maxBytes: number) => number;
  readonly putNumber: (value: number) => number;
  readonly joinHead: () => Address;
  readonly end: () => Address;
}

/** What the module asks for: see assembly/host.ts. */
export interface Host {
  hostRead(reading: number, isText: number, start: Address, end: Address, at: Address, room: number): number;
  hostConform(type: number, start: Address, end: Address, at: Address, room: number): number;
  hostCompact(
    name: Address,
    length: number,
    isText: number,
    start: Address,
    end: Address,
    at: Address,
    room: number,
  ): number;
}

const ASSEMBLY = new LazyModule<Exports>(MODULE);

export function instantiate(host: Host): Exports {
  return ASSEMBLY.instantiate({ host });
}

/** There is room for every table of ours, and for what is learned. */
export function some(address: number): number {
  if (address === 0 || address === -1) throw new Error("no more room for a mapping table");
  return address;
}
