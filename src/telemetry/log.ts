import { Writable } from "node:stream";
import { type DestinationStream, type Logger, destination, pino } from "pino";

export type { Logger } from "pino";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "pretty";
}

/**
 * The daemon's log, on standard error: standard output may carry messages (`stdout:`). Secrets are not redacted here, they
 * are never given to a logger; the keys below are the second line of defence.
 */
export function createLog(
  { level, format }: LogOptions,
  colour = process.stderr.isTTY && !process.env["NO_COLOR"],
): Logger {
  const stderr = destination({ dest: 2, sync: true });
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: ["token", "authorization", "*.token", "*.authorization", "headers.authorization"],
    },
    format === "json" ? stderr : prettyStream(stderr, colour),
  );
}

const COLOURS: Readonly<Record<string, string>> = {
  debug: "\u001B[2m",
  info: "\u001B[36m",
  warn: "\u001B[33m",
  error: "\u001B[31m",
};
const RESET = "\u001B[0m";

/** `20:15:03 warn  message key=value`, for people; the JSON form is for machines. */
function prettyStream(target: DestinationStream, colour: boolean): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _encoding, done) {
      target.write(prettyLine(String(line), colour));
      done();
    },
  });
}

export function prettyLine(line: string, colour: boolean): string {
  const { level, time, pid: _pid, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = String(level);
  const paint = colour ? (COLOURS[name] ?? "") : "";
  const details = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === "string" && !/[\s="]/.test(value) ? value : JSON.stringify(value)}`,
  );
  return `${String(time).slice(11, 19)} ${paint}${name.padEnd(5)}${colour ? RESET : ""} ${String(msg)}${details.join("")}\n`;
}

/** SIGUSR2 turns `debug` on, and the next one off again: for a look at a daemon that should not be restarted. */
export function debugOnSignal(log: Logger, level: LogOptions["level"]): Disposable {
  const toggle = (): void => {
    log.level = log.level === "debug" ? (level === "debug" ? "info" : level) : "debug";
    log.warn({ now: log.level }, "log level changed by SIGUSR2");
  };
  process.on("SIGUSR2", toggle);
  return { [Symbol.dispose]: () => void process.off("SIGUSR2", toggle) };
}
