import { statfsSync } from "node:fs";
import type { Bridge, Observer } from "../bridge/bridge.ts";
import type { DeliveryFault } from "../bridge/delivery.ts";
import type { FeedFault } from "../bridge/intake.ts";
import { OwnEvents } from "../bridge/own-events.ts";
import type { CertificateReport, RequestReport, StopSignals } from "../bridge/ports.ts";
import type { Half, Report } from "../bridge/run.ts";
import type { Config } from "../config/schema.ts";
import type { Backoff } from "../lib/backoff.ts";
import { heartbeat } from "../telemetry/heartbeat.ts";
import { History, type HistoryReport } from "../telemetry/history.ts";
import type { Logger } from "../telemetry/log.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { NoticeBoard, tellNotices } from "../telemetry/notices.ts";
import { OperatorLog } from "../telemetry/operator-log.ts";
import { type StandstillLimits, standstills } from "../telemetry/standstill.ts";
import { StatusBoard, type StatusOptions, type StatusSources } from "../telemetry/status-board.ts";
import type { BridgeStatus } from "../telemetry/status.ts";
import { VERSION } from "../version.ts";
import type { Reloads } from "./reload.ts";
import { standstillLimits } from "./standstill-limits.ts";

const OWN_BACKOFF: Backoff = { firstMs: 1000, maxMs: 60_000 };

/** How soon something is noticed. */
const NOTICES_EVERY_MS = 5000;

interface Running {
  readonly bridge: Bridge;
  readonly board: StatusBoard;
  readonly metrics: Metrics;
}

/** Hands on what the bridge reports, to the metrics, the status, the notices and the log. */
export class Watch implements Observer {
  readonly #log: OperatorLog;
  readonly #notices = new NoticeBoard();
  readonly #history = new History();
  #begun: Running | undefined;
  /** What may be expected of the configuration, and since when it has been in force. */
  #expected: { readonly limits: StandstillLimits; readonly since: string } | undefined;

  constructor(log: Logger) {
    this.#log = new OperatorLog(log, () => this.#begun?.bridge.consoles ?? []);
  }

  end(): void {
    this.#log.end();
  }

  begin(bridge: Bridge, config: Config, reloads?: Reloads): void {
    const metrics = new Metrics(VERSION, {
      status: () => this.status(),
      consoleNow: (console) => Date.now() + bridge.skewMsOf(console),
      intervalMs: (feed) => this.#expected?.limits.intervalMs(feed),
    });
    this.#begun = {
      bridge,
      metrics,
      board: boardOf(bridge, config, {
        refused: () => reloads?.refused,
        dueMs: (feed) => (this.#expected === undefined ? Infinity : this.#expected.limits.dueMs(feed)),
      }),
    };
    this.#expect(config);
    this.#log.salvaged(bridge.spool);
    this.#notices.opened(
      bridge.spool,
      bridge.consoles.map(({ console }) => console),
    );
    this.#log.forgotten(bridge.spool.forgotten);
  }

  /** Takes over another configuration. Rejects when that can not be done; the bridge goes on, or ends with the error. */
  async reload(config: Config): Promise<void> {
    const { bridge, board } = this.#running;
    const { started, ended, forgotten } = await bridge.reload(config);
    board.watch(bridge);
    this.#expect(config);
    this.#log.forgotten(forgotten);
    this.#log.reloaded({ started, ended });
  }

  get metrics(): Metrics {
    return this.#running.metrics;
  }

  async status(): Promise<BridgeStatus> {
    const status = await this.#running.board.snapshot();
    this.#log.status(status);
    this.#history.add(status);
    return status;
  }

  history(status: BridgeStatus): HistoryReport {
    return this.#history.report(status);
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
    const options = { backoff: OWN_BACKOFF, stop: stop.soft, onFault: this.#log.ownFault.bind(this.#log) };
    return [
      tellNotices(this.#notices, status, own, { ...options, everyMs: NOTICES_EVERY_MS }),
      ...(beats === undefined ? [] : [heartbeat(status, own, { ...options, everyMs: beats.every })]),
    ];
  }

  report(report: Report): void {
    const { metrics, board } = this.#running;
    switch (report.kind) {
      case "page":
        for (const one of [metrics, board, this.#notices, this.#log]) one.page(report);
        return;
      case "window":
        for (const one of [metrics, board, this.#notices, this.#log]) one.window(report);
        return;
      case "own":
        metrics.own(report);
        return;
    }
  }

  feedFault(fault: FeedFault): void {
    this.#begun?.metrics.feedFault(fault);
    this.#begun?.board.feedFault(fault);
    this.#log.feedFault(fault);
  }

  deliveryFault(fault: DeliveryFault): void {
    this.#begun?.metrics.deliveryFault(fault);
    this.#begun?.board.deliveryFault(fault);
    this.#log.deliveryFault(fault);
  }

  request(report: RequestReport): void {
    this.#begun?.metrics.request(report);
  }

  certificate(report: CertificateReport): void {
    this.#begun?.metrics.certificate(report);
  }

  #expect(config: Config): void {
    this.#expected = { limits: standstillLimits(config), since: new Date().toISOString() };
  }

  get #running(): Running {
    if (this.#begun === undefined) throw new Error("a report before the bridge began");
    return this.#begun;
  }
}

function boardOf(
  bridge: Bridge,
  { spool: { max_size, min_free, directory } }: Config,
  { refused, dueMs }: Pick<StatusSources, "refused"> & Pick<StatusOptions, "dueMs">,
): StatusBoard {
  const { spool, feeds, collectors } = bridge;
  return new StatusBoard(
    { version: VERSION, feeds, collectors, maxSpoolBytes: max_size, minFreeBytes: min_free, dueMs },
    {
      survey: () => spool.survey(),
      isFull: () => spool.isFull,
      diskFree: () => diskFree(directory),
      end: () => spool.end,
      consoles: () => bridge.consoles,
      refused,
    },
  );
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
