import { expect, test, vi } from "vitest";
import type { Collector, Frames, SpoolReader } from "../../../src/bridge/ports.ts";
import type * as Block from "../../../src/spool/block.ts";
import { HARD, SOUND, play } from "./model.ts";
import type { Between } from "./world.ts";

vi.mock("../../../src/spool/thread.ts", async () => (await import("./mocks.ts")).threadHere());
vi.mock("../../../src/spool/block.ts", async (original) =>
  (await import("./mocks.ts")).blockObserved(await original<typeof Block>()),
);

/**
 * The test of the model itself: each bug that a delivery might have is put between the bridge and its ports, and the model
 * has to see it.
 */
/** A reader with other methods in place of some of its own. */
function reading(change: (reader: SpoolReader) => Partial<SpoolReader>): Between {
  return {
    reader: (reader) => {
      const own: SpoolReader = {
        get position() {
          return reader.position;
        },
        read: (position, maxEvents, signal) => reader.read(position, maxEvents, signal),
        upcoming: (position) => reader.upcoming(position),
        release: (position) => reader.release(position),
      };
      return Object.defineProperties(own, Object.getOwnPropertyDescriptors(change(reader)));
    },
  };
}

function delivering(deliver: (collector: Collector) => Collector["deliver"]): Between {
  return {
    collector: (collector) => Object.assign(Object.create(collector) as Collector, { deliver: deliver(collector) }),
  };
}

function reversed({ bytes, count }: Frames): Frames {
  const lines = bytes.toString("utf8").split("\n").slice(0, -1).toReversed();
  return { bytes: Buffer.from(lines.map((line) => `${line}\n`).join("")), count };
}

async function* twice(window: AsyncIterable<Frames>): AsyncGenerator<Frames> {
  for await (const { bytes, count } of window) yield { bytes: Buffer.concat([bytes, bytes]), count };
}

async function* withoutSecond(window: AsyncIterable<Frames>): AsyncGenerator<Frames> {
  let at = 0;
  for await (const frames of window) if (at++ !== 1) yield frames;
}

const BUGS: Readonly<Record<string, Between>> = {
  "takes one chunk more as confirmed than the collector has told": delivering(
    (collector) => (window, signal, onConfirmed) =>
      collector.deliver(window, signal, (chunks) => onConfirmed?.(chunks + 1)),
  ),
  "takes a broken window as confirmed": delivering(
    (collector) => (window, signal, onConfirmed) =>
      collector.deliver(window, signal, onConfirmed).catch(() => signal.throwIfAborted()),
  ),
  "takes a window as confirmed when it is written": delivering((collector) => async (window, signal, onConfirmed) => {
    const frames: Frames[] = [];
    for await (const each of window) frames.push(each);
    collector.deliver(ReadableStream.from(frames), signal, onConfirmed).catch(() => undefined);
  }),
  "releases what it has read before it is confirmed": reading((reader) => ({
    read: async (position, maxEvents, signal) => {
      const batch = await reader.read(position, maxEvents, signal);
      await reader.release(batch.end);
      return batch;
    },
  })),
  "releases one event more than is confirmed": reading((reader) => ({
    release: (position) => reader.release(position + 1),
  })),
  "goes on behind what broke": reading((reader) => {
    let next = 0;
    return {
      read: async (position, maxEvents, signal) => {
        const batch = await reader.read(Math.max(next, position), maxEvents, signal);
        next = batch.end;
        return batch;
      },
    };
  }),
  "never releases": reading(() => ({ release: () => Promise.resolve(undefined) })),
  "sends each chunk twice": delivering(
    (collector) => (window, signal, onConfirmed) => collector.deliver(twice(window), signal, onConfirmed),
  ),
  "leaves out the second chunk of a window": delivering(
    (collector) => (window, signal, onConfirmed) => collector.deliver(withoutSecond(window), signal, onConfirmed),
  ),
  "turns the order round within a chunk": reading((reader) => ({
    read: async (position, maxEvents, signal) => {
      const { frames, ...rest } = await reader.read(position, maxEvents, signal);
      return { frames: reversed(frames), ...rest };
    },
  })),
};

test.each(Object.entries(BUGS))("the model sees a delivery that %s", async (_bug, between) => {
  const found = [];
  for (const scenario of HARD) found.push(await play(scenario, between));
  expect(found).not.toEqual(HARD.map(() => SOUND));
});

test("the model finds nothing wrong in the same scenarios without a bug", async () => {
  for (const scenario of HARD) expect(await play(scenario)).toEqual(SOUND);
});
