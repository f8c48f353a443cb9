import { unwatchFile, watchFile } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { fileFaults } from "../config/files.ts";
import { ConfigError } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { describeError } from "../lib/errors.ts";
import { codeOf } from "../telemetry/codes.ts";
import type { Logger } from "../telemetry/log.ts";
import type { RefusedConfiguration } from "../telemetry/status.ts";
import { readUsable } from "./usable.ts";

/** Whoever takes over a configuration. Rejects when it can not. */
export type Apply = (config: Config) => Promise<void>;

/** A ConfigMap is exchanged by links, which only a look at the file itself notices. */
const WATCH_MS = 2000;

/** Keys that are read at the start only. */
const FIXED = ["spool", "verify", "telemetry", "heartbeat", "log", "reload"] as const;

/**
 * Reads the configuration again at SIGHUP, and when the file changes if that is asked for. A bad file is refused with its
 * faults, and the running configuration goes on.
 */
export class Reloads {
  readonly #file: string;
  readonly #log: Logger;
  readonly #onHangup = (): void => this.request("SIGHUP");
  readonly #onChange = (now: { mtimeMs: number }, before: { mtimeMs: number }): void => {
    if (now.mtimeMs !== before.mtimeMs && now.mtimeMs !== 0) this.request("the file has changed");
  };
  #config: Config;
  #apply: Apply | undefined;
  #running: Promise<void> | undefined;
  #again: string | undefined;
  #refused: RefusedConfiguration | undefined;

  constructor(file: string, config: Config, log: Logger) {
    this.#file = file;
    this.#config = config;
    this.#log = log;
    process.on("SIGHUP", this.#onHangup);
    if (config.reload.on_change) watchFile(file, { interval: WATCH_MS, persistent: false }, this.#onChange);
  }

  /** The one that runs, or that the next beginning has to take. */
  get config(): Config {
    return this.#config;
  }

  /** The file as it was last read, if it could not be taken over. */
  get refused(): RefusedConfiguration | undefined {
    return this.#refused;
  }

  attach(apply: Apply): Disposable {
    this.#apply = apply;
    return {
      [Symbol.dispose]: () => {
        this.#apply = undefined;
      },
    };
  }

  /** One reload at a time; what is asked for meanwhile is one more. */
  request(why: string): void {
    if (this.#running !== undefined) {
      this.#again = why;
      return;
    }
    this.#running = this.#reload(why).finally(() => {
      this.#running = undefined;
      const again = this.#again;
      this.#again = undefined;
      if (again !== undefined) this.request(again);
    });
  }

  dispose(): void {
    process.off("SIGHUP", this.#onHangup);
    unwatchFile(this.#file, this.#onChange);
  }

  async #reload(why: string): Promise<void> {
    const config = this.#read();
    if (config === undefined) return;
    this.#log.info({ why, file: this.#file }, "reloading the configuration");
    const fixed = FIXED.filter((key) => !isDeepStrictEqual(config[key], this.#config[key]));
    if (fixed.length > 0) this.#log.warn({ keys: fixed }, "these keys are read at the start only: restart for them");
    try {
      await this.#apply?.(config);
      this.#config = config;
      this.#refused = undefined;
    } catch (error) {
      this.#note(codeOf(error), [describeError(error)]);
      this.#log.error(
        { code: codeOf(error), error: describeError(error) },
        "the configuration could not be taken over; the running one goes on",
      );
    }
  }

  #read(): Config | undefined {
    try {
      const { config } = readUsable(this.#file);
      const faults = fileFaults(config);
      if (faults.length === 0) return config;
      this.#refuse("BRIDGE_CONFIG_FILE", faults);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#refuse(
        error.code,
        error.faults.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`),
      );
    }
    return undefined;
  }

  #note(code: string, faults: readonly string[]): void {
    this.#refused = { at: new Date().toISOString(), code, file: this.#file, faults };
  }

  #refuse(code: string, faults: readonly string[]): void {
    this.#note(code, faults);
    this.#log.error(
      { code, file: this.#file, faults },
      "the new configuration is refused; the running one goes on. `s1bridge check` shows its faults",
    );
  }
}
