/**
 * Every key of the configuration: type, default, range, description, secret mark. The reference page, the example, the
 * JSON Schema and the redaction are generated from here; nothing else lists keys.
 *
 * Keys keep their names in `Config`; values are parsed: durations are milliseconds, sizes bytes, times `Micros`.
 */
import * as z from "zod";
import { closest } from "../lib/suggest.ts";
import { collectorEntry } from "./schema/collector.ts";
import { consoleEntry } from "./schema/console.ts";
import { heartbeat, log, reload, spool, telemetry, verify } from "./schema/daemon.ts";
import { evenIfFaulty, expected, notes, type ReportFault } from "./values.ts";

export type { CollectorAddress, Confirm, NetworkTransport } from "./schema/address.ts";
export type { Facility, Format, Framing, Header, ProfileName } from "./schema/message.ts";
export type { SecretSource } from "./schema/secret-source.ts";
export type { FeedConfig, FeedStart } from "./schema/feed.ts";
export type { HostPort } from "./values.ts";

export type Config = z.output<typeof configSchema>;
export type ConsoleConfig = Config["consoles"][number];
export type CollectorConfig = Config["collectors"][number];

function atLeastOne<S extends z.ZodType>(entry: S, description: string) {
  const form = expected("a list with at least one entry");
  return z.array(entry, form).min(1, form).meta(notes({ description }));
}

const keys = z.strictObject({
  version: z.literal(1).meta(notes({ description: "Version of this file's format.", example: 1 })),
  consoles: atLeastOne(consoleEntry(), "The management consoles to read."),
  collectors: atLeastOne(collectorEntry(), "The collectors to deliver to. Each has its own position in the spool."),
  spool: spool(),
  verify: verify(),
  heartbeat: heartbeat(),
  telemetry: telemetry(),
  reload: reload(),
  log: log(),
});

export const configSchema = evenIfFaulty(keys, (config, fault) => {
  const consoles = namesIn(config, "consoles");
  reportDuplicates("consoles", consoles, fault);
  reportDuplicates("collectors", namesIn(config, "collectors"), fault);
  const known = consoles.filter((name) => name !== undefined);
  // A faulty console may be the one that is meant.
  if (known.length < consoles.length) return;
  for (const [index, collector] of entriesOf(valueAt(config, "collectors"))) {
    for (const [place, name] of entriesOf(valueAt(valueAt(collector, "match"), "consoles"))) {
      if (typeof name !== "string" || known.includes(name)) continue;
      const meant = closest(name, known);
      const hint = meant === undefined ? "" : `, did you mean "${meant}"?`;
      fault(["collectors", index, "match", "consoles", place], `no console has this name${hint}`);
    }
  }
});

function namesIn(config: object, list: string): readonly (string | undefined)[] {
  return entriesOf(valueAt(config, list)).map(([, entry]) => {
    const name = valueAt(entry, "name");
    return typeof name === "string" ? name : undefined;
  });
}

function reportDuplicates(list: string, names: readonly (string | undefined)[], fault: ReportFault): void {
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (name === undefined || first === index) continue;
    fault([list, index, "name"], `duplicate name, ${list}[${first}] has it already`);
  }
}

function entriesOf(value: unknown): readonly (readonly [number, unknown])[] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
