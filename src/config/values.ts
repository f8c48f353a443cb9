import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";
import { DURATION, formatDuration, parseDuration, type Milliseconds } from "../lib/duration.ts";
import { formatSize, parseSize, SIZE, type Bytes } from "../lib/size.ts";

/** What the reference page, the example and the redaction need to know of a key beyond its type. */
export interface Notes {
  readonly description: string;
  /** The type in words, where the schema alone would say "text". */
  readonly form?: string;
  /** The default in words, where it depends on other keys. */
  readonly fallback?: string;
  readonly example?: unknown;
  /** Whether config.example.yaml sets the key or shows it as a comment. Without it: set if required or defaulted. */
  readonly shown?: boolean;
  /** The value may hold a secret: it never reaches a message or a log. */
  readonly secret?: boolean;
}

/** Notes as keywords of JSON Schema, for `.meta()`. */
export function notes({ description, ...own }: Notes): Record<string, unknown> {
  const extensions = Object.entries(own).map(([name, value]) => [`x-${name}`, value]);
  return { description, ...Object.fromEntries(extensions) };
}

/**
 * The parameter of a zod type or check that makes its fault read `expected <text>`.
 *
 * A missing value and faults of keys keep the general message.
 */
export function expected(text: string): { error: (issue: { code?: string; input?: unknown }) => string | undefined } {
  return {
    error: ({ code, input }) =>
      input === undefined || code === "unrecognized_keys" || code === "invalid_key" ? undefined : `expected ${text}`,
  };
}

export type Path = readonly PropertyKey[];
export type ReportFault = (path: Path, message: string) => void;

/**
 * Adds a check that runs even while parts of the value are faulty, so that one run tells all faults. What is faulty
 * stands in the value as it came.
 */
export function evenIfFaulty<S extends z.ZodType>(
  schema: S,
  check: (value: object, fault: ReportFault, faulty: ReadonlySet<unknown>) => void,
): S {
  const refinement = z.superRefine<unknown>(
    (value, context) => {
      const faulty = new Set(context.issues.map((issue) => issue.path?.[0]));
      check(value as object, (path, message) => context.addIssue({ code: "custom", path: [...path], message }), faulty);
    },
    { when: ({ value }: { value: unknown }) => typeof value === "object" && value !== null },
  );
  return schema.check(refinement);
}

/** Adds a check over several keys of a mapping. It sees only the keys that are sound, and runs with those. */
export function acrossKeys<S extends z.ZodObject>(
  schema: S,
  check: (sound: Partial<z.output<S>>, fault: ReportFault) => void,
): S {
  return evenIfFaulty(schema, (value, fault, faulty) => {
    const sound = Object.entries(value).filter(([key]) => !faulty.has(key));
    check(Object.fromEntries(sound) as Partial<z.output<S>>, fault);
  });
}

/** Timers hold 24 days at most: a longer interval would fire at once. */
export const MAX_INTERVAL_MS: Milliseconds = 7 * 86_400_000;

export function duration(minMs: Milliseconds = 0, maxMs: Milliseconds = Number.POSITIVE_INFINITY) {
  const form = expected("a duration such as 30s, 5m, 24h or 7d");
  const range = maxMs === Number.POSITIVE_INFINITY ? `at least ${formatDuration(minMs)}` : rangeOf(minMs, maxMs);
  return z
    .string(form)
    .regex(DURATION, form)
    .refine((text) => within(parseDuration(text), minMs, maxMs), expected(`a duration of ${range}`))
    .transform((text): Milliseconds => parseDuration(text) ?? 0);
}

function rangeOf(minMs: Milliseconds, maxMs: Milliseconds): string {
  return `${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
}

export function size(minBytes: Bytes = 0) {
  const form = expected("a size such as 512MiB or 2GiB");
  return z
    .string(form)
    .regex(SIZE, form)
    .refine((text) => within(parseSize(text), minBytes), expected(`a size of at least ${formatSize(minBytes)}`))
    .transform((text): Bytes => parseSize(text) ?? 0);
}

/** True for undefined too: what can not be read at all has its fault already. */
function within(value: number | undefined, min: number, max = Number.POSITIVE_INFINITY): boolean {
  return value === undefined || (value >= min && value <= max);
}

export function wholeNumber(min: number, max: number) {
  const range = expected(`${min}-${max}`);
  return z.int(range).min(min, range).max(max, range);
}

/** A name that stands in metrics and checkpoints. */
export function label() {
  const form = expected("a name of 1-64 letters, digits, '.', '_' or '-', in quotes if it is a number");
  return z.string(form).regex(/^[A-Za-z0-9_.-]{1,64}$/, form);
}

export function filePath() {
  const form = expected("a path");
  return z.string(form).min(1, form);
}

/** Unquoted integers are taken as they stand in the file: YAML gives those beyond 2^53 as bigint. */
function exactText(value: unknown): unknown {
  return typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : value;
}

/** A 64-bit id of the console, as text because a number would round it. */
export function consoleId() {
  const form = expected("an id: digits only");
  return z.preprocess(exactText, z.string(form).regex(/^\d{1,20}$/, form));
}

export function nameOrId() {
  const form = expected("a name or an id");
  return z.preprocess(exactText, z.string(form).min(1, form));
}

export function listOf<S extends z.ZodType>(item: S) {
  return z.array(item, expected("a list")).prefault([]);
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const HOST_PORT = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;

/** Reads `host:port`, with IPv6 in brackets; the port may be missing only when there is a default. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const match = HOST_PORT.exec(text);
  if (match === null) return undefined;
  const [, v6, name, digits] = match;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined || port > 65_535) return undefined;
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : undefined;
  const host = name ?? "";
  return /^[\d.]+$/.test(host) && !isIPv4(host) ? undefined : { host, port };
}
