import type { Micros } from "../../event/time.ts";
import { activityText, occasionId, recordText, subjectOf } from "./activities.ts";
import type { Occasion } from "./activities.ts";
import { maliciousThreat, mitigated } from "./activity-kinds.ts";
import { threatRecordText, threatText } from "./threats.ts";
import { timeAt } from "./timeline.ts";
import type { TimelineOptions } from "./timeline.ts";

/** Texts of made-up activities, each about as long as a real one, in the order of their time. */
export function* generateActivities(options: TimelineOptions): Generator<string> {
  for (let index = 0; index < options.count; index += 1) yield activityText(occasionAt(options, index));
}

export function* generateThreats(options: TimelineOptions): Generator<string> {
  for (let index = 0; index < options.count; index += 1) yield threatText(occasionAt(options, index));
}

/** A detection as both feeds tell it: the threat, and the activities that go with it under the same threat id. */
export function detection(occasion: Occasion): { threatId: string; threat: string; activities: string[] } {
  const drawn = subjectOf(occasion);
  const threatId = occasionId(occasion);
  const subject = { ...drawn, finding: { ...drawn.finding, threatId } };
  const threat = threatRecordText(subject, occasion.time);
  const kinds = [maliciousThreat, mitigated(2001, "kill", "killed"), mitigated(2004, "quarantine", "quarantined")];
  const activities = kinds.map((kind, step) => {
    const time = (occasion.time + step * 150_000) as Micros;
    const id = occasionId({ ...occasion, time, index: occasion.index * kinds.length + step });
    return recordText(id, time, subject, kind(subject));
  });
  return { threatId, threat, activities };
}

function occasionAt(options: TimelineOptions, index: number): Occasion {
  return { seed: options.seed, index, time: timeAt(options, index) };
}
