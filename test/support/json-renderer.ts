import type { Batch } from "../../src/bridge/ports.ts";
import type { SecurityEvent } from "../../src/event/event.ts";
import { moduleUrl } from "../../src/lib/module-url.ts";
import type { ModuleSource, Renderer } from "../../src/spool/rendered.ts";

/** Renders an event as a line of JSON, so that a test of the spool sees what stood in it. */
export function createRenderer(): Renderer {
  return ({ console, consoleVersion, feed, change, changed, id, key, time, sequence, record }, output) => {
    if (record["mapping"] === "fails") throw new Error("no such mapping");
    const event = { console, consoleVersion, feed, change, changed, id, key, time, sequence, record };
    output.add(`${JSON.stringify(event)}\n`);
  };
}

export const JSON_RENDERER: ModuleSource = {
  module: moduleUrl("./json-renderer", import.meta.url).href,
  options: {},
};

/** The options of a spool whose collectors all render so. */
export function jsonCollectors(...names: readonly string[]): Record<string, ModuleSource> {
  return Object.fromEntries(names.map((name) => [name, JSON_RENDERER]));
}

/** The events of a batch that was rendered so. */
export function eventsOf({ frames }: Batch): SecurityEvent[] {
  const lines = frames.bytes.toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as SecurityEvent);
}
