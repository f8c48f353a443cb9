import type { ConsoleFacts } from "../bridge/bridge.ts";
import type { DeliveryFault, WindowReport } from "../bridge/delivery.ts";
import type { FeedFault, PageReport } from "../bridge/intake.ts";
import type { Dropped, FeedKey, Unrouted } from "../bridge/ports.ts";
import type { Fault } from "../bridge/retry.ts";
import { formatTime } from "../event/time.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { ThreadedSpool } from "../spool/spool.ts";
import type { Forgotten } from "../spool/places.ts";
import { codeOf, isForTheOperator } from "./codes.ts";
import type { Logger } from "./log.ts";
import { fullReason } from "./readiness.ts";
import { Repeats } from "./repeats.ts";
import type { BridgeStatus } from "./status.ts";
import { TokenExpiry } from "./token-expiry.ts";

/** Tokens and certificates care, and people who compare logs; polling goes by the console's clock. */
const SKEW_MS = 60_000;

const SKEW_EVERY_MS = 60 * 60_000;

/** While the spool is full, each page drops something; a console that sends no good records may do so with each page. */
const DROPPED_EVERY_MS = 60_000;

const LOOK_EVERY_MS = 30_000;

/** Warnings about sites without a collector: names come from the records. */
const MAX_UNROUTED = 10_000;

/**
 * What an operator reads of the bridge's work: one line for each thing to act on, and one when it is over. What goes on is told
 * every ten minutes with how often it was, for the counters have them all at once.
 */
export class OperatorLog {
  readonly #log: Logger;
  readonly #repeats: Repeats;
  readonly #looking: NodeJS.Timeout;
  readonly #consoles: () => readonly ConsoleFacts[];
  readonly #tokens: TokenExpiry;
  readonly #unrouted = new Set<string>();
  /** The codes of the faults that are not over, by what they are about. */
  readonly #faulty = new Map<string, Set<string>>();

  constructor(log: Logger, consoles: () => readonly ConsoleFacts[]) {
    this.#log = log;
    this.#consoles = consoles;
    this.#tokens = new TokenExpiry(consoles);
    this.#repeats = new Repeats(log);
    this.#looking = setInterval(() => this.#repeats.look(), LOOK_EVERY_MS);
    this.#looking.unref();
  }

  end(): void {
    clearInterval(this.#looking);
    this.#repeats.end();
  }

  reloaded(fields: { readonly started: readonly string[]; readonly ended: readonly string[] }): void {
    this.#log.info(fields, "reloaded");
  }

  forgotten(collectors: readonly Forgotten[]): void {
    for (const { collector, events } of collectors) {
      const fields = { collector, events };
      if (events === 0) this.#log.info(fields, "collector is not configured any more");
      else
        this.#log.warn(
          fields,
          "collector is not configured any more; what it had not confirmed will not be sent to it",
        );
    }
  }

  salvaged({ salvaged, repairs }: Pick<ThreadedSpool, "salvaged" | "repairs">): void {
    if (salvaged !== undefined) {
      const { reason, movedTo, kept, lost, rereads } = salvaged;
      this.#log.error(
        { code: "BRIDGE_SPOOL_DAMAGED", reason, movedTo, kept, lost, feeds: rereads.map(told) },
        "the spool was damaged: what could be read goes on, and what is lost is read again from the console",
      );
    }
    if (repairs.restored.length + repairs.corrected > 0)
      this.#log.error(
        { code: "BRIDGE_SPOOL_DAMAGED", corrected: repairs.corrected, feeds: repairs.restored.map(told) },
        "checkpoints or positions of the spool were lost or damaged: these are from their copies, and may bring duplicates",
      );
  }

  page(report: PageReport): void {
    this.#dropped(report.dropped ?? []);
    this.#over("feed", report.key, "the feed is read again");
    this.#log.debug(
      { ...report.key, read: report.read, added: report.added, duplicates: report.duplicates },
      "page stored",
    );
    this.#late(report);
    this.#tokensDue();
    this.#clock(report.key.console);
    this.#letters(report);
  }

  window({ collector, events, bytes, tookMs, damaged, unrouted }: WindowReport): void {
    this.#over("delivery", { collector }, "the collector confirms again");
    this.#log.debug({ collector, events, bytes, tookMs: Math.round(tookMs) }, "window confirmed");
    if (damaged > 0)
      this.#log.error(
        { collector, events: damaged },
        "events of the spool are lost or can not be mapped; what is lost was read again, see code BRIDGE_SPOOL_DAMAGED",
      );
    this.#notRouted(unrouted);
  }

  feedFault({ key, error, attempt, retryInMs }: FeedFault): void {
    this.#tokensDue();
    this.#fault(error, courseOf("feed", key), { ...key, attempt, retryInMs }, "feed failed");
  }

  deliveryFault({ collector, error, attempt, retryInMs, inDoubt }: DeliveryFault): void {
    this.#fault(
      error,
      courseOf("delivery", { collector }),
      { collector, attempt, retryInMs, inDoubt },
      "delivery failed; what is in doubt is sent again",
    );
  }

  ownFault({ error, attempt, retryInMs }: Fault): void {
    this.#fault(error, "own", { attempt, retryInMs }, "a heartbeat or notice could not be stored");
  }

  /** To be called now and then. */
  status({ spool }: BridgeStatus): void {
    const reason = fullReason(spool);
    if (reason !== undefined) {
      const fields = { bytes: spool.bytes, diskFreeBytes: spool.diskFreeBytes, reason };
      const message = "the spool is full: nothing is read until there is room; the console keeps what is there";
      this.#repeats.tell({ key: "full", level: "error", fields, message });
    } else if (this.#repeats.over("full")) {
      this.#repeats.tell({ key: "full over", level: "info", fields: {}, message: "the spool has room again" });
    }
  }

  #clock(console: string): void {
    const skewMs = this.#consoles().find((one) => one.console === console)?.skewMs ?? 0;
    if (Math.abs(skewMs) < SKEW_MS) return;
    this.#repeats.tell({
      key: `clock ${console}`,
      level: "warn",
      fields: { console, consoleAheadSeconds: Math.round(skewMs / 1000) },
      message: "this machine's clock and the console's differ; nothing is lost, but times in logs and alarms are off",
      everyMs: SKEW_EVERY_MS,
    });
  }

  /** Each poll looks: there is no other clock here, and a feed that is refused its polls looks as well. */
  #tokensDue(): void {
    for (const warning of this.#tokens.due()) {
      if (warning.daysLeft < 0) this.#log.error(warning, "the API token has expired; its feeds wait for a new one");
      else this.#log.warn(warning, "the API token expires soon; put a new one into its file, no restart is needed");
    }
  }

  #late({ key, late, overlapMs }: PageReport): void {
    if (late.widened)
      this.#log.warn(
        { ...key, late: late.count, behindMs: late.maxBehindMs, overlapMs },
        "records became visible later than the overlap reaches; it is longer from now on. Raise `overlap` to keep it so",
      );
  }

  /** Once for each site: the counter has the rest. */
  #notRouted(unrouted: Unrouted): void {
    for (const [belongsTo, events] of Object.entries(unrouted)) {
      if (this.#unrouted.has(belongsTo) || this.#unrouted.size >= MAX_UNROUTED) continue;
      this.#unrouted.add(belongsTo);
      this.#log.warn(
        { belongsTo, events },
        "no collector matches; events of this kind are discarded and counted. `s1bridge routes` shows what goes where; a collector with `default: true` takes the rest",
      );
    }
  }

  #letters({ key, deadLetters, droppedLetters = [] }: PageReport): void {
    if (deadLetters > 0)
      this.#repeats.tell({
        key: courseOf("dead letters", key),
        level: "warn",
        fields: { ...key },
        events: deadLetters,
        everyMs: DROPPED_EVERY_MS,
        message: "records can not become events; they are kept in dead-letters.ndjson",
      });
    for (const { letters, ...origin } of droppedLetters)
      this.#repeats.tell({
        key: courseOf("dropped letters", origin),
        level: "error",
        fields: { code: "BRIDGE_SPOOL_LETTERS_DROPPED", ...origin },
        events: letters,
        everyMs: DROPPED_EVERY_MS,
        message: "dead letters were deleted to make room for later ones: spool.dead_letters_max_size",
      });
  }

  #dropped(dropped: readonly Dropped[]): void {
    for (const { events, ...fields } of dropped) {
      this.#repeats.tell({
        key: courseOf("dropped", fields),
        level: "error",
        fields: { code: "BRIDGE_SPOOL_DROPPED", ...fields },
        events,
        everyMs: DROPPED_EVERY_MS,
        message: "the spool is full: its oldest events were deleted before the collector had confirmed them",
      });
    }
  }

  #fault(error: unknown, course: string, fields: object, message: string): void {
    const code = codeOf(error);
    const details = {
      ...fields,
      code,
      error: describeError(error),
      ...(code === "BRIDGE_BUG" && error instanceof Error ? { stack: error.stack } : {}),
    };
    const codes = this.#faulty.get(course) ?? new Set();
    this.#faulty.set(course, codes.add(code));
    const level = !(error instanceof BridgeError) || isForTheOperator(code) ? "error" : "warn";
    this.#repeats.tell({ key: `${course} ${code}`, level, fields: details, message });
  }

  #over(kind: string, about: object, message: string): void {
    if (this.#faulty.size === 0) return;
    const course = courseOf(kind, about);
    const codes = this.#faulty.get(course);
    if (codes === undefined) return;
    this.#faulty.delete(course);
    for (const code of codes) this.#repeats.over(`${course} ${code}`);
    this.#repeats.tell({ key: `${course} over`, level: "info", fields: { ...about, after: [...codes] }, message });
  }
}

function courseOf(kind: string, about: object): string {
  return `${kind} ${JSON.stringify(about)}`;
}

function told({ console, feed, from }: FeedKey & { readonly from: Parameters<typeof formatTime>[0] }): object {
  return { console, feed, from: formatTime(from) };
}
