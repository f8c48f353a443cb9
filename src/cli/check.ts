import { exposedSecrets, fileFaults } from "../config/files.ts";
import { ConfigError, type Fault, formatFaults, readConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { type OnlineRow, consoleRows, formatRows } from "./online.ts";
import { collectorRows, probeCollectors } from "./probe-collectors.ts";
import { paint, useColour } from "./terminal.ts";
import { fieldFaults } from "./usable.ts";

export interface CheckOptions {
  readonly json?: boolean;
  /** Try the consoles and the collectors as well. */
  readonly online?: boolean;
}

/**
 * `s1bridge check`: the file itself; with `online` also what it names. Touches no state. Each collector gets a marked test
 * message.
 */
export async function check(file: string, { json = false, online = false }: CheckOptions): Promise<ExitCode> {
  const { config, ...result } = examine(file);
  const answers = online && config !== undefined ? await askAll(config) : undefined;
  if (json) {
    const told = { file, ...result, summary: result.summary ?? null, ...answers };
    process.stdout.write(`${JSON.stringify(told, undefined, 2)}\n`);
  } else {
    print(file, result);
    if (answers !== undefined) process.stdout.write(`${formatRows(answers.online, useColour(process.stdout))}\n`);
  }
  if (result.faults.length > 0) return EXIT.usage;
  return answers?.online.some(({ state }) => state === "fault") === true ? EXIT.failed : EXIT.done;
}

async function askAll(config: Config): Promise<{
  readonly online: readonly OnlineRow[];
  readonly collectors: Awaited<ReturnType<typeof probeCollectors>>;
}> {
  const [consoles, collectors] = await Promise.all([consoleRows(config), probeCollectors(config.collectors)]);
  return { online: [...consoles, ...collectors.flatMap(collectorRows)], collectors };
}

interface Examined {
  /** What makes the file invalid. */
  readonly faults: readonly Fault[];
  /** Files and variables that can not be read here and now; a service may have them. */
  readonly unreadable: readonly string[];
  /** Secrets that every user of this machine can read. */
  readonly exposed: readonly string[];
  readonly summary: string | undefined;
}

interface Read extends Examined {
  /** Undefined when the file is not valid. */
  readonly config: Config | undefined;
}

function examine(file: string): Read {
  try {
    const loaded = readConfig(file);
    return {
      config: loaded.config,
      faults: fieldFaults(loaded),
      unreadable: fileFaults(loaded.config),
      exposed: exposedSecrets(loaded.config),
      summary: summary(loaded.config),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      config: undefined,
      faults: error.faults,
      unreadable: [],
      exposed: [],
      summary: undefined,
    };
  }
}

function print(file: string, { faults, unreadable, exposed, summary: text }: Examined): void {
  const colour = useColour(process.stdout);
  const { green, yellow, red } = paint(colour);
  if (faults.length > 0) {
    process.stdout.write(
      `${formatFaults(faults, { colour })}\n${red(`${faults.length} ${faults.length === 1 ? "fault" : "faults"}`)}\n`,
    );
    return;
  }
  for (const fault of [...unreadable, ...exposed]) process.stdout.write(`${yellow("warning")} ${fault}\n`);
  process.stdout.write(`${green("ok")} ${file}: ${text}\n`);
}

function summary({ consoles, collectors }: Config): string {
  const feeds = consoles.flatMap((console) => Object.entries(console.feeds).filter(([, feed]) => feed !== undefined));
  return [
    plural(consoles.length, "console"),
    plural(feeds.length, "feed"),
    plural(collectors.length, "collector"),
  ].join(", ");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
