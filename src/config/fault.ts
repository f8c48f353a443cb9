import { styleText } from "node:util";
import { BridgeError } from "../lib/errors.ts";
import type { Path } from "./values.ts";

/** One thing that is wrong with a configuration. */
export interface Fault {
  readonly file: string;
  /** Counted from 1; 0 when the fault has no place in the file. */
  readonly line: number;
  readonly column: number;
  /** As in `collectors[0].address`; empty for the file as a whole. */
  readonly path: string;
  /** The whole sentence; the fields below are its parts for programs. */
  readonly message: string;
  readonly expected?: string;
  /** What stands in the file, shortened; never for secrets. */
  readonly got?: string;
  readonly suggestion?: string;
}

/** The configuration can not be used. Carries every fault that was found, in the order of the file. */
export class ConfigError extends BridgeError {
  readonly code = "BRIDGE_CONFIG_INVALID";
  readonly retryable = false;
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[], options?: ErrorOptions) {
    super(`the configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}: ${summary(faults)}`, options);
    this.faults = faults;
  }
}

function summary(faults: readonly Fault[]): string {
  return faults.map((fault) => formatFault(fault)).join("; ");
}

/** Every fault on a line of its own, `config.yaml:12:5 collectors[0].adress: unknown key, did you mean "address"?`. */
export function formatFaults(faults: readonly Fault[], { colour = false }: { readonly colour?: boolean } = {}): string {
  return faults.map((fault) => formatFault(fault, colour)).join("\n");
}

function formatFault({ file, line, column, path, message }: Fault, colour = false): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const subject = path === "" ? place : `${paint("cyan", place, colour)} ${paint("bold", path, colour)}`;
  return `${subject}: ${message}`;
}

function paint(style: "cyan" | "bold", text: string, colour: boolean): string {
  return colour ? styleText(style, text, { validateStream: false }) : text;
}

/** `collectors[0].address`; keys that are no plain words are quoted in brackets. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w-]+$/.test(String(step))) text += text === "" ? String(step) : `.${String(step)}`;
    else text += `[${JSON.stringify(shorten(String(step)))}]`;
  }
  return text;
}

const MAX_SHOWN_CHARACTERS = 60;

export function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length <= MAX_SHOWN_CHARACTERS
    ? text
    : `${characters.slice(0, MAX_SHOWN_CHARACTERS - 1).join("")}…`;
}

/** In the order of the file, each once. */
export function sortFaults(faults: readonly Fault[]): readonly Fault[] {
  const once = new Map(faults.map((fault) => [formatFault(fault), fault]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
