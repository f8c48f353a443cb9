import { setTimeout as sleep } from "node:timers/promises";
import { BridgeProcess } from "../bridge-process.ts";
import { Peer } from "../processes.ts";
import { slopeOf } from "../slope.ts";
import { MOST_RESIDENT_BYTES, type Row, mb, secondsSince, under, whole } from "./row.ts";

const PER_SECOND = 5000;
const SAMPLE_MS = 1000;

/** What the heap and the ids seen need to come to their size is no slope. */
const SETTLING = 1 / 4;

/** The console's default limit holds; with the default overlap of 5 min its 10,000 records a second would all be repetitions. */
const FEEDS = "activities: { every: 2s, start: now, settle: 0s, overlap: 1s }";

/** In less time the heap has not come to its size, and a slope says nothing of a month. */
const SLOPE_MINUTES = 20;

/** So steep a line is no leak that a machine would notice in a month. */
const FLAT_MB_PER_HOUR = 5;

export const soak: Row = {
  name: "soak",
  about: `memory over minutes (an hour with --hour) of ${PER_SECOND} events/s`,
  async run({ soakMinutes }, progress) {
    const seconds = soakMinutes * 60;
    await using console = await Peer.start<{ url: string; startMs: number }>("./live-console-process.ts", {
      perSecond: PER_SECOND,
      seconds: seconds + 60,
    });
    await using collector = await Peer.start<{ address: string }>("./collector-process.ts", {
      events: 0,
      countOnly: true,
    });
    await using bridge = await BridgeProcess.start({
      consoles: [console.told.url],
      collectors: [collector.told.address],
      feeds: FEEDS,
    });
    await bridge.ready();
    const startedMs = performance.now();
    const received = async (): Promise<number> => ((await collector.ask("count")) as { count: number }).count;
    const samples: (readonly [hours: number, megabytes: number])[] = [];
    let settled: { readonly atMs: number; readonly count: number } | undefined;
    for (let at = 0; at < seconds; at = secondsSince(startedMs)) {
      samples.push([at / 3600, bridge.residentBytes / 1e6]);
      if (samples.length % 15 === 1)
        progress(`${whole(at)} of ${whole(seconds)} s, ${mb(bridge.residentBytes)} resident`);
      if (at > seconds * SETTLING) settled ??= { atMs: performance.now(), count: await received() };
      await sleep(SAMPLE_MS);
    }
    const perSecond = ((await received()) - (settled?.count ?? 0)) / secondsSince(settled?.atMs ?? startedMs);
    const { perX: mbPerHour, plusMinus } = slopeOf(samples.slice(samples.length * SETTLING));
    const { peakBytes } = bridge;
    const share = bridge.cpuSeconds / seconds;
    return {
      figures: { minutes: soakMinutes, perSecond, peakBytes, mbPerHour, plusMinus, share, samples: thin(samples) },
      lines: [
        `${soakMinutes} min of ${whole(PER_SECOND)} events/s:    ${whole(perSecond)} a second delivered, ${(share * 100).toFixed(0)} % of a core`,
        `memory:                       peak ${mb(peakBytes)} resident, ${signed(mbPerHour)} ± ${plusMinus.toFixed(1)} MB per hour after the first quarter`,
      ],
      targets: [
        under("resident at 5,000 events/s", MOST_RESIDENT_BYTES, peakBytes, mb),
        ...(soakMinutes < SLOPE_MINUTES
          ? []
          : [
              {
                target: `flat: the slope is under ${FLAT_MB_PER_HOUR} MB per hour, or not told from none`,
                measured: `${signed(mbPerHour)} ± ${plusMinus.toFixed(1)} MB per hour`,
                isMet: mbPerHour < Math.max(FLAT_MB_PER_HOUR, plusMinus),
              },
            ]),
      ],
    };
  },
};

function thin(samples: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const every = Math.ceil(samples.length / 120);
  return samples.filter((_, at) => at % every === 0);
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
}
