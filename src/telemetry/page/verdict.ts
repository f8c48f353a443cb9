import type { AdviceByCode } from "../advice.generated.ts";
import type { BridgeStatus } from "../status.ts";
import { type Problem, isStarting, problemsOf } from "./problems.ts";
import { age, clock, counted, share } from "./words.ts";

/** What is said first. `busy`: it goes on, but behind; `idle`: there is nothing to say yet. */
export interface Verdict {
  readonly level: "ok" | "busy" | "idle" | "warn" | "bad";
  /** Read out when it changes: nothing in it counts. */
  readonly headline: string;
  readonly detail: string;
  /** The worst first. */
  readonly problems: readonly Problem[];
}

/** Nobody has to care for what waits less long. */
const ON_THE_WAY_SECONDS = 30;

export function verdictOf(status: BridgeStatus, advice: AdviceByCode): Verdict {
  const found = problemsOf(status, advice);
  const problems = [...found.filter(({ level }) => level === "bad"), ...found.filter(({ level }) => level === "warn")];
  const [worst, ...others] = problems;
  if (worst === undefined) return { ...calm(status), problems };
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return { level: worst.level, headline: `${worst.title}${more}`, detail: waitingText(status), problems };
}

/** Nothing is wrong. */
function calm({ spool, feeds }: BridgeStatus): Pick<Verdict, "level" | "headline" | "detail"> {
  const starting = feeds.filter(isStarting);
  const { events, oldestSeconds } = spool;
  if (starting.length > 0) {
    const read = feeds.length - starting.length;
    return {
      level: "idle",
      headline: "Starting",
      detail: `${read} of ${feeds.length} feeds have read a page.`,
    };
  }
  if (events === 0) {
    if (spool.end === 0)
      return { level: "ok", headline: "Nothing to deliver yet", detail: "No event has come so far." };
    return {
      level: "ok",
      headline: "All delivered",
      detail: "Every collector has confirmed everything that was read.",
    };
  }
  const wait = `${counted(events, "event")} ${events === 1 ? "is" : "are"} on the way, the oldest for ${age(oldestSeconds)}.`;
  if ((oldestSeconds ?? 0) < ON_THE_WAY_SECONDS) return { level: "ok", headline: "All delivered", detail: wait };
  return { level: "busy", headline: "Catching up", detail: wait };
}

function waitingText({ spool }: BridgeStatus): string {
  if (spool.events === 0) return "No event waits to be delivered.";
  const wait = `${counted(spool.events, "event")} ${spool.events === 1 ? "waits" : "wait"} on disk`;
  return `${wait}, the oldest for ${age(spool.oldestSeconds)}; ${share(spool.bytes, spool.maxBytes)} of the spool is used.`;
}

/** `no status`: the process lives, and its spool does not answer. */
export type Silence = "no answer" | "no status";

/** In place of a verdict, when nothing comes any more. */
export function silent(silence: Silence, lastAt: string | undefined): Verdict {
  const shown = lastAt === undefined ? "" : ` What is shown is of ${clock(lastAt, Date.parse(lastAt))}.`;
  return {
    level: "bad",
    headline: silence === "no answer" ? "s1bridge does not answer" : "The spool of s1bridge does not answer",
    detail:
      silence === "no answer"
        ? `It may have been stopped, or the way to it is cut.${shown} This page goes on asking.`
        : `The process lives; its disk may be slow, or it hangs.${shown}`,
    problems: [],
  };
}
