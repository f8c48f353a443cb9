import { statfsSync } from "node:fs";
import type { AuditOrder } from "../bridge/audit.ts";
import { Bridge, type Observer } from "../bridge/bridge.ts";
import { OwnEvents } from "../bridge/own-events.ts";
import type { CertificateReport, Dropped, JobOrder, RequestReport, StopSignals, Unrouted } from "../bridge/ports.ts";
import type { PageReport } from "../bridge/intake.ts";
import { type Half, type Report, runBridge } from "../bridge/run.ts";
import { readPem } from "../config/files.ts";
import type { Config } from "../config/schema.ts";
import { readToken } from "../config/secret.ts";
import { type ControlServer, serveControl } from "../control/server.ts";
import type { Fault } from "../bridge/retry.ts";
import { formatTime } from "../event/time.ts";
import type { Backoff } from "../lib/backoff.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import type { Forgotten } from "../spool/places.ts";
import type { Reloads } from "./reload.ts";
import { standstillLimits } from "./standstill-limits.ts";
import type { Logger } from "../telemetry/log.ts";
import { codeOf } from "../telemetry/codes.ts";
import { heartbeat } from "../telemetry/heartbeat.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { NoticeBoard, tellNotices } from "../telemetry/notices.ts";
import { fullReason } from "../telemetry/readiness.ts";
import { Repeats } from "../telemetry/repeats.ts";
import type { BridgeStatus } from "../telemetry/status.ts";
import { StatusBoard } from "../telemetry/status-board.ts";
import { writeLastStatus } from "../telemetry/status-file.ts";
import { type StandstillLimits, standstills } from "../telemetry/standstill.ts";
import type { Supervisor } from "../telemetry/supervisor.ts";
import { TokenExpiry } from "../telemetry/token-expiry.ts";
import { type Telemetry, type TelemetryOptions, serveTelemetry } from "../telemetry/server.ts";
import { USER_AGENT, VERSION } from "../version.ts";

export interface DaemonOptions {
  readonly config: Config;
  /** Tells of other configurations while it runs. */
  readonly reloads?: Reloads;
  readonly log: Logger;
  readonly stop: StopSignals;
  readonly onReport?: (report: Report) => void;
  readonly supervisor?: Supervisor | undefined;
}

/** Runs the bridge with its telemetry until it is stopped. Rejects when it has to give up. */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, reloads, log, stop, onReport, supervisor } = options;
  const watch = new Watch(log);
  const bridge = await Bridge.open(config, { userAgent: USER_AGENT, stop, observer: watch });
  try {
    watch.begin(bridge, config);
    const telemetry = await openTelemetry(config, watch, log);
    const control = await openControl(bridge, config, stop.soft, log);
    log.info(
      {
        version: VERSION,
        consoles: config.consoles.map(({ name }) => name),
        collectors: config.collectors.map(({ name }) => name),
        spool: config.spool.directory,
        // With port 0 this is the only place that tells which one it is.
        telemetry: telemetry === undefined ? undefined : `${config.telemetry.listen.host}:${telemetry.port}`,
      },
      "started",
    );
    using _supervised = supervisor?.begin(watch);
    const leave = leaveStatus(config, watch, telemetry, log);
    using _attached = reloads?.attach((next) => watch.reload(next));
    try {
      await runBridge([bridge.reports, ...watch.voices(config, stop)], (report) => {
        watch.report(report);
        onReport?.(report);
      });
    } finally {
      await control?.close();
      await leave();
      await telemetry?.close();
    }
  } finally {
    watch.end();
    await bridge.close();
  }
  log.info("stopped");
}

async function openTelemetry({ telemetry }: Config, watch: Watch, log: Logger): Promise<Telemetry | undefined> {
  try {
    return await serveTelemetry(telemetryOptions(telemetry), watch);
  } catch (error) {
    // Events matter more than numbers about them: the bridge runs on, and says so.
    log.error(
      { listen: `${telemetry.listen.host}:${telemetry.listen.port}`, error: describeError(error) },
      "telemetry can not listen; there are no probes and no metrics",
    );
    return undefined;
  }
}

/** What commands ask of the process that has the spool. */
async function openControl(
  bridge: Bridge,
  { spool }: Config,
  stop: AbortSignal,
  log: Logger,
): Promise<ControlServer | undefined> {
  const operations = {
    verify: (order: AuditOrder, signal: AbortSignal) => bridge.audit(order, signal),
    backfill: (order: JobOrder, signal: AbortSignal) => bridge.backfill(order, signal),
  };
  try {
    return await serveControl(spool.directory, operations, stop);
  } catch (error) {
    log.warn(
      { directory: spool.directory, error: describeError(error) },
      "the control socket can not be made: verify --repair and backfill need the bridge to be stopped",
    );
    return undefined;
  }
}

/** Leaves the status for `s1bridge status` now and then, and once more at the end. */
function leaveStatus(
  { spool, telemetry: { listen } }: Config,
  watch: Watch,
  telemetry: Telemetry | undefined,
  log: Logger,
): () => Promise<void> {
  const write = async (): Promise<void> => {
    try {
      const at = telemetry === undefined ? undefined : `${listen.host}:${telemetry.port}`;
      const status = await watch.status();
      watch.tellFull(status);
      writeLastStatus(spool.directory, { telemetry: at, status });
    } catch (error) {
      log.debug({ error: describeError(error) }, "the status file can not be written");
    }
  };
  void write();
  const timer = setInterval(() => void write(), STATUS_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await write();
  };
}

function telemetryOptions({ listen: { host, port }, token, tls }: Config["telemetry"]): TelemetryOptions {
  return {
    host,
    port,
    token: token && (() => readToken(token)),
    tls: tls && {
      cert: readPem(tls.cert_file),
      key: readPem(tls.key_file),
      clientCa: tls.client_ca_file === undefined ? undefined : readPem(tls.client_ca_file),
    },
  };
}

interface Running {
  readonly bridge: Bridge;
  readonly board: StatusBoard;
  readonly metrics: Metrics;
  readonly tokens: TokenExpiry;
}

/** Turns reports and faults into metrics, health and log lines. */
class Watch implements Observer {
  readonly #log: Logger;
  readonly #repeats: Repeats;
  readonly #looking: NodeJS.Timeout;
  readonly #unrouted = new Set<string>();
  readonly #notices = new NoticeBoard();
  /** The codes of the faults that are not over, by what they are about. */
  readonly #faulty = new Map<string, Set<string>>();
  #begun: Running | undefined;
  /** What may be expected of the configuration, and since when it has been in force. */
  #expected: { readonly limits: StandstillLimits; readonly since: string } | undefined;

  constructor(log: Logger) {
    this.#log = log;
    this.#repeats = new Repeats(log);
    this.#looking = setInterval(() => this.#repeats.look(), LOOK_EVERY_MS);
    this.#looking.unref();
  }

  end(): void {
    clearInterval(this.#looking);
    this.#repeats.end();
  }

  begin(bridge: Bridge, config: Config): void {
    const { spool } = bridge;
    const tokens = new TokenExpiry(() => bridge.tokens);
    const metrics = new Metrics(VERSION, {
      status: () => this.status(),
      consoleNow: (console) => Date.now() + (bridge.consoles.find((one) => one.console === console)?.skewMs ?? 0),
      intervalMs: (feed) => this.#expected?.limits.intervalMs(feed),
    });
    this.#begun = {
      bridge,
      metrics,
      tokens,
      board: new StatusBoard(
        {
          version: VERSION,
          feeds: bridge.feeds,
          collectors: bridge.collectors,
          maxSpoolBytes: config.spool.max_size,
          minFreeBytes: config.spool.min_free,
        },
        {
          survey: () => spool.survey(),
          isFull: () => spool.isFull,
          diskFree: () => diskFree(config.spool.directory),
          end: () => spool.end,
          consoles: () => bridge.consoles,
        },
      ),
    };
    this.#expect(config);
    this.#tellSalvage(spool);
    this.#tellForgotten(spool.forgotten);
  }

  /** Takes over another configuration. Rejects when that can not be done; the bridge goes on, or ends with the error. */
  async reload(config: Config): Promise<void> {
    const { bridge, board } = this.#running;
    const { started, ended, forgotten } = await bridge.reload(config);
    board.watch(bridge);
    this.#expect(config);
    this.#tellForgotten(forgotten);
    this.#log.info({ started, ended }, "reloaded");
  }

  #tellForgotten(forgotten: readonly Forgotten[]): void {
    for (const { collector, events } of forgotten) {
      const fields = { collector, events };
      if (events === 0) this.#log.info(fields, "collector is not configured any more");
      else
        this.#log.warn(
          fields,
          "collector is not configured any more; what it had not confirmed will not be sent to it",
        );
    }
  }

  #tellSalvage({ salvaged, repairs }: Bridge["spool"]): void {
    if (salvaged !== undefined) {
      const { reason, movedTo, kept, lost, rereads } = salvaged;
      const feeds = rereads.map(({ console, feed, from }) => ({ console, feed, from: formatTime(from) }));
      this.#log.error(
        { code: "BRIDGE_SPOOL_DAMAGED", reason, movedTo, kept, lost, feeds },
        "the spool was damaged: what could be read goes on, and what is lost is read again from the console",
      );
    }
    if (repairs.restored.length + repairs.corrected > 0) {
      const feeds = repairs.restored.map(({ console, feed, from }) => ({ console, feed, from: formatTime(from) }));
      this.#log.error(
        { code: "BRIDGE_SPOOL_DAMAGED", corrected: repairs.corrected, feeds },
        "checkpoints or positions of the spool were lost or damaged: these are from their copies, and may bring duplicates",
      );
    }
  }

  get metrics(): Metrics {
    return this.#running.metrics;
  }

  status(): Promise<BridgeStatus> {
    return this.#running.board.snapshot();
  }

  #expect(config: Config): void {
    this.#expected = { limits: standstillLimits(config), since: new Date().toISOString() };
  }

  standstills(status: BridgeStatus): readonly string[] {
    if (this.#expected === undefined) return [];
    const { limits, since } = this.#expected;
    return standstills({ ...status, startedAt: since }, limits, Date.now());
  }

  /** What the bridge says of itself, by the way of all events. */
  voices({ heartbeat: beats }: Config, stop: StopSignals): Half[] {
    const own = new OwnEvents(this.#running.bridge.spool);
    const status = (): Promise<BridgeStatus> => this.status();
    const onFault = ({ error, attempt, retryInMs }: Fault): void =>
      this.#logFault(error, "own", { attempt, retryInMs }, "a heartbeat or notice could not be stored");
    const options = { backoff: OWN_BACKOFF, stop: stop.soft, onFault };
    return [
      tellNotices(this.#notices, status, own, { ...options, everyMs: NOTICES_EVERY_MS }),
      ...(beats === undefined ? [] : [heartbeat(status, own, { ...options, everyMs: beats.every })]),
    ];
  }

  report(report: Report): void {
    const { metrics, board } = this.#running;
    switch (report.kind) {
      case "page":
        metrics.page(report);
        board.page(report);
        this.#notices.page(report);
        this.#tellDropped(report.dropped ?? []);
        this.#tellOver("feed", report.key, "the feed is read again");
        this.#log.debug(
          { ...report.key, read: report.read, added: report.added, duplicates: report.duplicates },
          "page stored",
        );
        this.#warnLate(report);
        this.#warnTokens();
        this.#warnClock(report.key.console);
        if (report.deadLetters > 0)
          this.#log.warn(
            { ...report.key, deadLetters: report.deadLetters },
            "records can not become events; they are kept in dead-letters.ndjson",
          );
        return;
      case "window":
        metrics.window(report);
        board.window(report);
        this.#notices.window(report);
        this.#tellOver("delivery", { collector: report.collector }, "the collector confirms again");
        this.#log.debug(
          {
            collector: report.collector,
            events: report.events,
            bytes: report.bytes,
            tookMs: Math.round(report.tookMs),
          },
          "window confirmed",
        );
        if (report.damaged > 0)
          this.#log.error(
            { collector: report.collector, events: report.damaged },
            "events of the spool are lost or can not be mapped; what is lost was read again, see code BRIDGE_SPOOL_DAMAGED",
          );
        this.#warnUnrouted(report.unrouted);
        return;
      case "own":
        metrics.own(report);
        return;
    }
  }

  /** To be called now and then. */
  tellFull({ spool }: BridgeStatus): void {
    const reason = fullReason(spool);
    if (reason !== undefined) {
      const fields = { bytes: spool.bytes, diskFreeBytes: spool.diskFreeBytes, reason };
      const message = "the spool is full: nothing is read until there is room; the console keeps what is there";
      this.#repeats.tell({ key: "full", level: "error", fields, message });
    } else if (this.#repeats.over("full")) {
      this.#repeats.tell({ key: "full over", level: "info", fields: {}, message: "the spool has room again" });
    }
  }

  #warnClock(console: string): void {
    const skewMs = this.#running.bridge.consoles.find((one) => one.console === console)?.skewMs ?? 0;
    if (Math.abs(skewMs) < SKEW_MS) return;
    this.#repeats.tell({
      key: `clock ${console}`,
      level: "warn",
      fields: { console, consoleAheadSeconds: Math.round(skewMs / 1000) },
      message: "this machine's clock and the console's differ; nothing is lost, but times in logs and alarms are off",
      everyMs: SKEW_EVERY_MS,
    });
  }

  /** Each poll looks: the daemon has no other clock, and a feed that is refused its polls looks as well. */
  #warnTokens(): void {
    for (const warning of this.#begun?.tokens.due() ?? []) {
      if (warning.daysLeft < 0) this.#log.error(warning, "the API token has expired; its feeds wait for a new one");
      else this.#log.warn(warning, "the API token expires soon; put a new one into its file, no restart is needed");
    }
  }

  #warnLate({ key, late, overlapMs }: PageReport): void {
    if (late.widened)
      this.#log.warn(
        { ...key, late: late.count, behindMs: late.maxBehindMs, overlapMs },
        "records became visible later than the overlap reaches; it is longer from now on. Raise `overlap` to keep it so",
      );
  }

  /** Once for each site: the counter has the rest. */
  #warnUnrouted(unrouted: Unrouted): void {
    for (const [belongsTo, events] of Object.entries(unrouted)) {
      if (this.#unrouted.has(belongsTo) || this.#unrouted.size >= MAX_UNROUTED) continue;
      this.#unrouted.add(belongsTo);
      this.#log.warn(
        { belongsTo, events },
        "no collector matches; events of this kind are discarded and counted. `s1bridge routes` shows what goes where; a collector with `default: true` takes the rest",
      );
    }
  }

  feedFault(fault: Parameters<Observer["feedFault"]>[0]): void {
    const { key, error, attempt, retryInMs } = fault;
    this.#begun?.metrics.feedFault(fault);
    this.#begun?.board.feedFault(fault);
    this.#warnTokens();
    this.#logFault(error, courseOf("feed", key), { ...key, attempt, retryInMs }, "feed failed");
  }

  deliveryFault(fault: Parameters<Observer["deliveryFault"]>[0]): void {
    const { collector, error, attempt, retryInMs, inDoubt } = fault;
    this.#begun?.metrics.deliveryFault(fault);
    this.#begun?.board.deliveryFault(fault);
    this.#logFault(
      error,
      courseOf("delivery", { collector }),
      { collector, attempt, retryInMs, inDoubt },
      "delivery failed; what is in doubt is sent again",
    );
  }

  request(report: RequestReport): void {
    this.#begun?.metrics.request(report);
  }

  certificate(report: CertificateReport): void {
    this.#begun?.metrics.certificate(report);
  }

  #tellDropped(dropped: readonly Dropped[]): void {
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

  /** A fault that goes on is told every ten minutes, with how many there were: the counters have them all at once. */
  #logFault(error: unknown, course: string, fields: object, message: string): void {
    const code = codeOf(error);
    const needsOperator = !(error instanceof BridgeError) || OPERATOR_MUST_ACT.has(code);
    const details = {
      ...fields,
      code,
      error: describeError(error),
      ...(code === "BRIDGE_BUG" && error instanceof Error ? { stack: error.stack } : {}),
    };
    const codes = this.#faulty.get(course) ?? new Set();
    this.#faulty.set(course, codes.add(code));
    const level = needsOperator ? "error" : "warn";
    this.#repeats.tell({ key: `${course} ${code}`, level, fields: details, message });
  }

  #tellOver(kind: string, about: object, message: string): void {
    if (this.#faulty.size === 0) return;
    const course = courseOf(kind, about);
    const codes = this.#faulty.get(course);
    if (codes === undefined) return;
    this.#faulty.delete(course);
    for (const code of codes) this.#repeats.over(`${course} ${code}`);
    this.#repeats.tell({ key: `${course} over`, level: "info", fields: { ...about, after: [...codes] }, message });
  }

  get #running(): Running {
    if (this.#begun === undefined) throw new Error("a report before the bridge began");
    return this.#begun;
  }
}

function courseOf(kind: string, about: object): string {
  return `${kind} ${JSON.stringify(about)}`;
}

function diskFree(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    // A folder that is gone is told by the spool itself.
    return undefined;
  }
}

/** Tokens and certificates care, and people who compare logs; polling goes by the console's clock. */
const SKEW_MS = 60_000;

const SKEW_EVERY_MS = 60 * 60_000;

/** While the spool is full, each page drops something. */
const DROPPED_EVERY_MS = 60_000;

const LOOK_EVERY_MS = 30_000;

/** Warnings about sites without a collector: names come from the records. */
const MAX_UNROUTED = 10_000;

const STATUS_EVERY_MS = 10_000;

const OWN_BACKOFF: Backoff = { firstMs: 1000, maxMs: 60_000 };

/** How soon something is noticed. */
const NOTICES_EVERY_MS = 5000;

/** Faults that do not go away by themselves. */
const OPERATOR_MUST_ACT = new Set([
  "BRIDGE_FEED_UNAUTHORIZED",
  "BRIDGE_FEED_FORBIDDEN",
  "BRIDGE_FEED_MISSING",
  "BRIDGE_FEED_REFUSED",
  "BRIDGE_SPOOL_WRITE",
]);
