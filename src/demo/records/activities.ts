import { formatTime } from "../../event/time.ts";
import type { Micros } from "../../event/time.ts";
import { integer, writeExact } from "../console/json-text.ts";
import { ACTIVITY_KINDS } from "./activity-kinds.ts";
import type { ActivityDetail, Subject } from "./activity-kinds.ts";
import { Random } from "./random.ts";
import { administratorOf, findingOf, hostOf, placeOf } from "./scene.ts";
import { snowflake } from "./snowflake.ts";

/** What makes record `index` of a seed: always the same text. */
export interface Occasion {
  readonly seed: number;
  readonly index: number;
  /** `createdAt`, and the time in the id. */
  readonly time: Micros;
}

/** Its id. Those of two seeds differ, also when they make something in the same millisecond. */
export function occasionId({ seed, index, time }: Occasion): string {
  return snowflake(time / 1000, seed * SEED_STRIDE + index);
}

const SEED_STRIDE = 104_729;

/** The JSON text of one activity, in the console's shape and about as long as a real one. */
export function activityText(occasion: Occasion): string {
  const subject = subjectOf(occasion);
  return recordText(occasionId(occasion), occasion.time, subject, subject.random.pick(ACTIVITY_KINDS)(subject));
}

export function subjectOf({ seed, index, time }: Occasion): Subject {
  const random = new Random(seed, index);
  const place = placeOf(random);
  const host = hostOf(random, place);
  const ms = Math.floor(time / 1000);
  const foundAt = ((ms - random.below(5000)) * 1000) as Micros;
  const threatId = occasionId({ seed, index, time: foundAt });
  return {
    random,
    place,
    host,
    administrator: administratorOf(random),
    finding: findingOf(random, host, threatId),
    ms,
  };
}

/** `updatedAt` is a little before `createdAt`: the console writes it so. */
export function recordText(id: string, time: Micros, subject: Subject, detail: ActivityDetail): string {
  const { random, place, host, administrator, finding } = subject;
  const { type, about, primary, secondary = null, data, hash = null } = detail;
  return writeExact({
    accountId: place.accountId,
    accountName: place.accountName,
    activityType: type,
    activityUuid: random.uuid(),
    agentId: about === "user" ? null : host.id,
    agentUpdatedVersion: null,
    applications: null,
    comments: null,
    createdAt: formatTime(time),
    data: {
      ...data,
      accountName: place.accountName,
      fullScopeDetails: `Group ${place.groupName} in Site ${place.siteName} of Account ${place.accountName}`,
      fullScopeDetailsPath: `Global / ${place.accountName} / ${place.siteName} / ${place.groupName}`,
      groupName: place.groupName,
      scopeId: integer(place.groupNumber),
      scopeLevel: "Group",
      scopeName: place.groupName,
      siteName: place.siteName,
    },
    description: null,
    groupId: place.groupId,
    groupName: place.groupName,
    hash,
    id,
    osFamily: about === "user" ? null : host.osFamily,
    primaryDescription: primary,
    secondaryDescription: secondary,
    siteId: place.siteId,
    siteName: place.siteName,
    threatId: about === "threat" ? finding.threatId : null,
    updatedAt: formatTime((time - 20 - random.below(9000)) as Micros),
    userId: about === "user" ? administrator.id : null,
  });
}
