import { assembleConsole } from "../bridge/assemble.ts";
import type { Config, ConsoleConfig } from "../config/schema.ts";
import { describeError } from "../lib/errors.ts";
import { probeConsole } from "../sentinelone/probe.ts";
import { USER_AGENT } from "../version.ts";
import { paint } from "./terminal.ts";

/** One thing that `check --online` tried. */
export interface OnlineRow {
  /** `console acme`, `collector sentinel`. */
  readonly subject: string;
  readonly check: string;
  readonly state: "ok" | "warning" | "fault";
  readonly detail: string;
  readonly code?: string;
}

/** How long all that is asked of one console may take. */
const CONSOLE_TIMEOUT_MS = 120_000;

/** Tries every console, all at once. Reads only; opens no spool. */
export async function consoleRows({ consoles }: Config): Promise<readonly OnlineRow[]> {
  const rows = await Promise.all(consoles.map((console) => rowsOf(console)));
  return rows.flat();
}

async function rowsOf(console: ConsoleConfig): Promise<readonly OnlineRow[]> {
  const subject = `console ${console.name}`;
  let client: { close(): Promise<void> } | undefined;
  try {
    const assembled = assembleConsole(console, USER_AGENT);
    client = assembled.client;
    const { feeds } = assembled;
    const probe = {
      client: assembled.client,
      url: console.url,
      feeds: feeds.map(({ feed }) => feed),
      siteIds: console.scope.site_ids,
    };
    const steps = await probeConsole(probe, AbortSignal.timeout(CONSOLE_TIMEOUT_MS));
    return steps.map(({ step, feed, ...result }) => ({ subject, check: feed ?? step, ...result }));
  } catch (error) {
    return [{ subject, check: "reach", state: "fault", detail: describeError(error) }];
  } finally {
    await client?.close();
  }
}

/** A line for each row, in columns. */
export function formatRows(rows: readonly OnlineRow[], colour: boolean): string {
  const { green, yellow, red } = paint(colour);
  const states = { ok: green("ok     "), warning: yellow("warning"), fault: red("fault  ") };
  const subject = Math.max(...rows.map((row) => row.subject.length));
  const check = Math.max(...rows.map((row) => row.check.length));
  return rows
    .map((row) => `${states[row.state]} ${row.subject.padEnd(subject)}  ${row.check.padEnd(check)}  ${row.detail}`)
    .join("\n");
}
