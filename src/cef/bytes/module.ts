import { MODULE } from "./module.generated.ts";

/** An address in the module's memory; 0 is none. */
export type Address = number;

/** What assembly/index.ts exports; booleans come as 0 and 1. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  inputAt(): Address;
  inputBytes(): number;
  keep(text: Address, length: number): Address;
  root(): Address;
  addPlace(parent: Address, name: Address, length: number): Address;
  newSlot(): number;
  slotOf(place: Address): number;
  setSlot(place: Address, slot: number): void;
  setSection(place: Address): void;
  setRules(place: Address, rules: Address): void;
  newRules(isDropped: boolean, isLink: boolean): Address;
  addRule(rules: Address, kind: number, value: number): number;
  newRow(prefix: Address, length: number, reading: number, type: number, maxLength: number, isCustom: boolean): Address;
  addFrom(row: Address, slot: number): number;
  setNextRow(row: Address, next: Address): void;
  setOnlyWith(row: Address, slot: number): void;
  setUnlessIn(row: Address, other: Address): void;
  setNever(first: Address, second: Address): void;
  open(length: number): number;
  unknownNameAt(): Address;
  unknownNameLength(): number;
  kindOf(slot: number): number;
  startOf(slot: number): Address;
  endOf(slot: number): Address;
  isFound(row: Address): number;
  foundStart(row: Address): Address;
  foundEnd(row: Address): Address;
  writeRows(first: Address): number;
  writeLeftovers(prefix: Address, length: number): number;
  put(text: Address, length: number): number;
  end(): Address;
  headAt(): Address;
  headBytes(): number;
  join(length: number): Address;
}

/** What the module asks for: see assembly/host.ts. */
export interface Host {
  read(reading: number, isText: number, start: Address, end: Address, at: Address, room: number): number;
  conform(type: number, start: Address, end: Address, at: Address, room: number): number;
  compact(
    name: Address,
    length: number,
    isText: number,
    start: Address,
    end: Address,
    at: Address,
    room: number,
  ): number;
}

/** What we use of it; the types of Node have none of its values. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { readonly host: Host }) => { readonly exports: unknown };
};

/** Compiled once for each thread; an instance has a memory of its own, 1 MiB. */
let compiled: object | undefined;

export function instantiate(host: Host): Exports {
  compiled ??= new WebAssembly.Module(Buffer.from(MODULE, "base64"));
  const { exports } = new WebAssembly.Instance(compiled, { host });
  return withShape(exports as Exports);
}

/** The object that comes is a dictionary, in which the function would be looked up at each call: 2 µs for each event. */
function withShape(exports: Exports): Exports {
  const {
    memory,
    inputAt,
    inputBytes,
    keep,
    root,
    addPlace,
    newSlot,
    slotOf,
    setSlot,
    setSection,
    setRules,
    newRules,
    addRule,
    newRow,
    addFrom,
    setNextRow,
    setOnlyWith,
    setUnlessIn,
    setNever,
    open,
    unknownNameAt,
    unknownNameLength,
    kindOf,
    startOf,
    endOf,
    isFound,
    foundStart,
    foundEnd,
    writeRows,
    writeLeftovers,
    put,
    end,
    headAt,
    headBytes,
    join,
  } = exports;
  return {
    memory,
    inputAt,
    inputBytes,
    keep,
    root,
    addPlace,
    newSlot,
    slotOf,
    setSlot,
    setSection,
    setRules,
    newRules,
    addRule,
    newRow,
    addFrom,
    setNextRow,
    setOnlyWith,
    setUnlessIn,
    setNever,
    open,
    unknownNameAt,
    unknownNameLength,
    kindOf,
    startOf,
    endOf,
    isFound,
    foundStart,
    foundEnd,
    writeRows,
    writeLeftovers,
    put,
    end,
    headAt,
    headBytes,
    join,
  };
}
