import type { AuditOrder } from "../bridge/audit.ts";
import { Bridge } from "../bridge/bridge.ts";
import type { JobOrder, StopSignals } from "../bridge/ports.ts";
import { type Report, runBridge } from "../bridge/run.ts";
import { readPem } from "../config/files.ts";
import type { Config } from "../config/schema.ts";
import { readToken } from "../config/secret.ts";
import { type ControlServer, serveControl } from "../control/server.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { TelemetryOptions } from "../telemetry/access.ts";
import { type Telemetry, serveTelemetry } from "../telemetry/server.ts";
import { writeLastStatus } from "../telemetry/status-file.ts";
import type { Supervisor } from "../telemetry/supervisor.ts";
import { USER_AGENT, VERSION } from "../version.ts";
import type { Reloads } from "./reload.ts";
import { Watch } from "./watch.ts";

const STATUS_EVERY_MS = 10_000;

export interface DaemonOptions {
  readonly config: Config;
  /** Tells of other configurations while it runs. */
  readonly reloads?: Reloads;
  readonly log: Logger;
  readonly stop: StopSignals;
  readonly onReport?: (report: Report) => void;
  /** Told where the telemetry listens, if it does. */
  readonly onListening?: (address: string) => void;
  readonly supervisor?: Supervisor | undefined;
}

/** Runs the bridge with its telemetry until it is stopped. Rejects when it has to give up. */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { config, reloads, log, stop, onReport, onListening, supervisor } = options;
  const watch = new Watch(log);
  const bridge = await Bridge.open(config, { userAgent: USER_AGENT, stop, observer: watch });
  try {
    watch.begin(bridge, config, reloads);
    const telemetry = await openTelemetry(config, watch, log);
    const control = await openControl(bridge, watch, options);
    // With port 0 only this tells which one it is.
    const listening = telemetry === undefined ? undefined : `${config.telemetry.listen.host}:${telemetry.port}`;
    log.info(
      {
        version: VERSION,
        consoles: config.consoles.map(({ name }) => name),
        collectors: config.collectors.map(({ name }) => name),
        spool: config.spool.directory,
        telemetry: listening,
      },
      "started",
    );
    if (listening !== undefined) onListening?.(listening);
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
  watch: Watch,
  { config: { spool }, stop, log }: DaemonOptions,
): Promise<ControlServer | undefined> {
  const operations = {
    verify: (order: AuditOrder, signal: AbortSignal) => bridge.audit(order, signal),
    backfill: (order: JobOrder, signal: AbortSignal) => bridge.backfill(order, signal),
    status: async function* () {
      yield await watch.status();
    },
  };
  try {
    return await serveControl(spool.directory, operations, stop.soft);
  } catch (error) {
    log.warn(
      { directory: spool.directory, error: describeError(error) },
      "the control socket can not be made: verify --repair and backfill need the bridge to be stopped, and status asks the telemetry",
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
