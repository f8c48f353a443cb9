import { spawn } from "node:child_process";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "./log.ts";
import type { BridgeStatus } from "./status.ts";

/**
 * What systemd is told (sd_notify): that the bridge is ready, what it does, and that it moves.
 *
 * Node has no datagram sockets of the Unix family, so the `systemd-notify` program sends; the unit needs `NotifyAccess=all`.
 * Without `NOTIFY_SOCKET` there is no supervisor.
 *
 * The watchdog is fed by what the bridge does, not by a timer: each sign of life takes a status, which the spool's thread has
 * to answer, and in which no feed and no collector stands still.
 */
export interface SupervisorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly send?: (fields: readonly string[]) => Promise<void>;
  readonly pid?: number;
  readonly now?: () => number;
}

/** Where the supervisor looks while the bridge runs. */
export interface Supervised {
  status(): Promise<BridgeStatus>;
  /** What does not move although it could. */
  standstills(status: BridgeStatus): readonly string[];
}

/** How often a status text is sent where no watchdog asks for more. */
const STATUS_EVERY_MS = 30_000;

/** A bridge that has just begun is not ready for a moment: it is looked at this soon, then after twice the time, and so on. */
const FIRST_LOOK_MS = 1000;

/** Opening a spool may mean to salvage or to migrate it; longer than this is not waited for. */
const OPENING_LIMIT_MS = 30 * 60_000;

const OPENING_STEP_MS = 120_000;

export class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #send: (fields: readonly string[]) => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  readonly #everyMs: number;
  #soon: NodeJS.Timeout | undefined;
  #supervised: Supervised | undefined;
  #openingSinceMs: number;
  #isTelling = false;
  #isStopping = false;
  #isReady = false;
  #stuck = "";
  #hasFailed = false;
  #sent: Promise<void> = Promise.resolve();

  /** Undefined where no systemd waits for news. */
  static from(options: SupervisorOptions): Supervisor | undefined {
    return options.env["NOTIFY_SOCKET"] === undefined ? undefined : new Supervisor(options);
  }

  private constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#send = options.send ?? ((fields) => systemdNotify(fields, options.env));
    this.#openingSinceMs = this.#now();
    this.#everyMs = Math.min(STATUS_EVERY_MS, (watchdogMs(options) ?? Infinity) / 3);
    this.#timer = setInterval(() => void this.tell(), this.#everyMs);
    this.#timer.unref();
    void this.tell();
  }

  /** The bridge has opened its spool and runs. Disposing of the result says that it has ended, and may begin anew. */
  begin(supervised: Supervised): Disposable {
    this.#supervised = supervised;
    this.#isReady = false;
    void this.#try(["READY=1", "STATUS=started"]).then(() => this.#tellUntilReady(FIRST_LOOK_MS));
    return {
      [Symbol.dispose]: () => {
        clearTimeout(this.#soon);
        this.#supervised = undefined;
        this.#openingSinceMs = this.#now();
      },
    };
  }

  /** The stop was asked for: what is in flight is finished. */
  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#end();
    void this.#try(["STOPPING=1", "STATUS=stopping: the windows in flight are finished"]);
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  #end(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
  }

  /** So that `systemctl status` right after the start does not show for half a minute what lasted a second. */
  async #tellUntilReady(delayMs: number): Promise<void> {
    await this.tell();
    if (this.#isReady || this.#isStopping || this.#supervised === undefined || delayMs >= this.#everyMs) return;
    this.#soon = setTimeout(() => void this.#tellUntilReady(2 * delayMs), delayMs);
    this.#soon.unref();
  }

  /** Looks, and tells what there is to tell; not while the look before still waits for its answer. */
  async tell(): Promise<void> {
    if (this.#isTelling || this.#isStopping) return;
    this.#isTelling = true;
    try {
      const fields = this.#supervised === undefined ? this.#opening() : await this.#running(this.#supervised);
      if (!this.#isStopping) await this.#try(fields);
    } catch (error) {
      // A status that can not be had is no sign of life.
      this.#options.log.warn({ error: describeError(error) }, "the supervisor is not told: there is no status");
    } finally {
      this.#isTelling = false;
    }
  }

  #opening(): readonly string[] {
    if (this.#now() - this.#openingSinceMs > OPENING_LIMIT_MS) return ["STATUS=opening the spool takes too long"];
    return ["STATUS=opening the spool", `EXTEND_TIMEOUT_USEC=${OPENING_STEP_MS * 1000}`, "WATCHDOG=1"];
  }

  async #running(supervised: Supervised): Promise<readonly string[]> {
    const status = await supervised.status();
    this.#isReady = status.ready;
    const stuck = supervised.standstills(status).join("; ");
    if (stuck !== "" && stuck !== this.#stuck)
      this.#options.log.error({ stuck }, "something hangs; the watchdog is not fed until it moves");
    this.#stuck = stuck;
    if (stuck !== "") return [`STATUS=stuck: ${oneLine(stuck)}`];
    return [`STATUS=${oneLine(statusText(status))}`, "WATCHDOG=1"];
  }

  /**
   * Tells one after the other. The bridge does its work whether or not it can tell: a failure is logged once, and telling is
   * tried again at the next time.
   */
  #try(fields: readonly string[]): Promise<void> {
    this.#sent = this.#sent.then(async () => {
      try {
        await this.#send(fields);
        this.#hasFailed = false;
      } catch (error) {
        if (!this.#hasFailed)
          this.#options.log.warn({ error: describeError(error) }, "systemd can not be told how the bridge is");
        this.#hasFailed = true;
      }
    });
    return this.#sent;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** One line for `systemctl status`. */
export function statusText({ ready, reasons, feeds, collectors, spool }: BridgeStatus): string {
  if (!ready) return `not ready: ${reasons.join("; ")}`;
  const perMinute = collectors.reduce((sum, { eventsPerMinute }) => sum + eventsPerMinute, 0);
  const lags = feeds.map(({ lagSeconds }) => lagSeconds ?? 0);
  const lag = Math.round(Math.max(0, ...lags));
  return `ready: ${feeds.length} feeds, ${collectors.length} collectors, ${Math.round(perMinute)} events/min confirmed, ${spool.events} waiting, lag ${lag} s`;
}

/** systemd cuts long texts; a line break would begin another field. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 400);
}

/** What systemd allows between two signs of life; undefined without a watchdog, or where it is another process's. */
function watchdogMs({ env, pid = process.pid }: SupervisorOptions): number | undefined {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: owner } = env;
  if (usec === undefined || !/^[1-9]\d*$/.test(usec) || (owner !== undefined && owner !== String(pid)))
    return undefined;
  return Number(usec) / 1000;
}

/** It ends when systemd has taken the message, so that the sender is still known when that looks who it was. */
const SEND_LIMIT_MS = 10_000;

function systemdNotify(fields: readonly string[], env: SupervisorOptions["env"]): Promise<void> {
  return new Promise((resolve, reject) => {
    const { NOTIFY_SOCKET, PATH } = env;
    const child = spawn("systemd-notify", fields, {
      env: { NOTIFY_SOCKET, PATH },
      stdio: "ignore",
      timeout: SEND_LIMIT_MS,
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`systemd-notify ended with ${code ?? signal}`));
    });
  });
}
