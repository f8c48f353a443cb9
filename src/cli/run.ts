import { setTimeout as pause } from "node:timers/promises";
import { ConfigFileError, exposedSecrets, fileFaults } from "../config/files.ts";
import { describeError } from "../lib/errors.ts";
import { createLog, debugOnSignal } from "../telemetry/log.ts";
import { codeOf } from "../telemetry/codes.ts";
import { Repeats } from "../telemetry/repeats.ts";
import { type DaemonOptions, runDaemon } from "./daemon.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { Supervisor } from "../telemetry/supervisor.ts";
import { Reloads } from "./reload.ts";
import { stopOnSignals } from "./stop.ts";
import { readUsable } from "./usable.ts";

const STOPPING = "stopping: the windows in flight are finished";
const STOPPING_AT_ONCE = "stopping at once: what is in flight is broken off, and the next start sends it again";
const STOPPING_LATE =
  "the windows in flight were not finished in time: they are broken off, and the next start sends them again";

/** `s1bridge run`: until SIGTERM; exits non-zero whenever it gives up, so that a supervisor starts it again. */
export async function run(file: string): Promise<ExitCode> {
  const { config } = readUsable(file);
  const unreadable = fileFaults(config);
  if (unreadable.length > 0) throw new ConfigFileError(unreadable.join("\n"));

  const log = createLog(config.log);
  for (const exposed of exposedSecrets(config))
    log.warn({ exposed }, "a secret can be read by every user of this machine");
  using supervisor = Supervisor.from({ env: process.env, log });
  const stop = stopOnSignals({
    onSignal: (signal, isSecond) => log.info({ signal }, isSecond ? STOPPING_AT_ONCE : STOPPING),
    onLimit: () => log.warn(STOPPING_LATE),
  });
  const reloads = new Reloads(file, config, log);
  using _debug = debugOnSignal(log, config.log.level);
  stop.soft.addEventListener("abort", () => supervisor?.stopping(), { once: true });
  process.on("uncaughtException", (error) => {
    log.fatal({ error: describeError(error), stack: error.stack }, "giving up");
    process.exit(EXIT.failed);
  });
  try {
    await runOnWholeSpool(reloads, { log, stop, supervisor });
    return EXIT.done;
  } catch (error) {
    log.fatal({ code: codeOf(error), error: describeError(error) }, "giving up");
    return EXIT.failed;
  } finally {
    reloads.dispose();
    stop.dispose();
  }
}

/** How soon a disk that is full is looked at again. */
const ROOM_MS = 5000;

/**
 * A spool that can not be opened, or salvaged, on a full disk is as it was, and waits: to end and be started again would be
 * a loop that says less. Once it is open, a full disk is no reason to end.
 */
async function whenItHasRoom(
  runOnce: () => Promise<void>,
  { log, stop }: Pick<DaemonOptions, "log" | "stop">,
): Promise<void> {
  const repeats = new Repeats(log);
  while (!stop.soft.aborted) {
    try {
      return await runOnce();
    } catch (error) {
      // While it stops, nothing is tried again: what could not be written is not on the disk.
      if (codeOf(error) !== "BRIDGE_SPOOL_WRITE" || stop.soft.aborted) throw error;
      const fields = { code: codeOf(error), error: describeError(error), retryInMs: ROOM_MS };
      const message = "the spool can not be opened on a full disk; it is tried again until there is room";
      repeats.tell({ key: "room", level: "error", fields, message });
      await pause(ROOM_MS, undefined, { signal: stop.soft }).catch(() => undefined);
    }
  }
}

/** A disk that damages the spool more often than this needs an operator, not another try. */
const MAX_SALVAGES = 5;

/** A spool that turns out to be damaged is salvaged by opening it again: the bridge begins anew in this process. */
async function runOnWholeSpool(
  reloads: Reloads,
  options: Pick<DaemonOptions, "log" | "stop" | "supervisor">,
): Promise<void> {
  for (let salvages = 0; ; salvages++) {
    try {
      return await whenItHasRoom(() => runDaemon({ config: reloads.config, reloads, ...options }), options);
    } catch (error) {
      if (codeOf(error) !== "BRIDGE_SPOOL_DAMAGED" || salvages === MAX_SALVAGES || options.stop.soft.aborted)
        throw error;
      options.log.error(
        { code: codeOf(error), error: describeError(error) },
        "the spool is damaged; the bridge begins anew with what can be read of it",
      );
    }
  }
}
