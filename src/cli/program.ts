import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import { ConfigError, formatFaults } from "../config/fault.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import { describeVersion } from "../version.ts";
import { SHELLS, type Shell, completionScript } from "./completion.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { outline } from "./outline.ts";
import type { BackfillOptions } from "./backfill.ts";
import type { CheckOptions } from "./check.ts";
import type { DemoOptions } from "./demo.ts";
import type { PreviewOptions } from "./preview.ts";
import type { StatusOptions } from "./status.ts";
import type { RoutesOptions } from "./routes.ts";
import type { TestOptions } from "./test.ts";
import type { VerifyCommandOptions } from "./verify.ts";
import type { ExportOptions } from "./spool.ts";
import type { ChangeOptions } from "./state.ts";
import { useColour } from "./terminal.ts";

/** Runs one command line and gives the exit code; never throws. */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv);
    return code;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): ExitCode {
  // Commander has printed its own errors, help and version already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof ConfigError) {
    process.stderr.write(
      `${formatFaults(error.faults, { colour: useColour(process.stderr) })}\n${count(error.faults.length)}\n`,
    );
    return EXIT.usage;
  }
  const code = error instanceof BridgeError ? `${error.code}: ` : "";
  process.stderr.write(`s1bridge: ${code}${describeError(error)}\n`);
  if (!(error instanceof BridgeError) && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return code.startsWith("BRIDGE_CONFIG_") ? EXIT.usage : EXIT.failed;
}

function count(faults: number): string {
  return `${faults} ${faults === 1 ? "fault" : "faults"}; see docs/configuration.md, or \`s1bridge config example\``;
}

/** The command line; what a command gives as its exit code goes to `done`. */
export function createProgram(done: (code: ExitCode) => void): Command {
  const program = new Command("s1bridge")
    .description("Forwards what a SentinelOne console knows to a syslog collector, as CEF, and loses nothing.")
    .version(describeVersion())
    .exitOverride()
    .showHelpAfterError("(s1bridge --help shows the commands)")
    .addHelpText("after", EXAMPLES);
  const withConfig = (name: string, text: string): Command =>
    program.command(name).description(text).requiredOption("-c, --config <file>", "the configuration, one YAML file");

  // A command's code is loaded when it is called: the daemon does not carry the demo.
  withConfig("run", "Run the daemon: poll the consoles, deliver to the collectors, until SIGTERM.").action(
    async ({ config }: { config: string }) => done(await (await import("./run.ts")).run(config)),
  );
  withConfig(
    "check",
    "Validate the configuration: all faults at once, with line and column. Needs no network without --online.",
  )
    .option("--json", "print the result as JSON")
    .option("--online", "also try every console (reads only) and every collector (a marked test message)")
    .action(async ({ config, ...options }: CheckOptions & { config: string }) =>
      done(await (await import("./check.ts")).check(config, options)),
    );
  withConfig("send-test", "Send one marked test event by the real path, and say whether it was confirmed.")
    .option("--collector <name>", "only to this collector")
    .action(async ({ config, ...options }: { config: string; collector?: string }) =>
      done(await (await import("./send-test.ts")).sendTest(config, options)),
    );
  withConfig(
    "preview",
    "Fetch the newest records and print the messages exactly as they would be sent. Sends and stores nothing.",
  )
    .option("--console <name>", "only this console")
    .option("--feed <name>", "only this feed")
    .option("--limit <n>", "records of each feed", wholeNumber(1, 1000), 20)
    .option("--collector <name>", "in this collector's format (the first one otherwise)")
    .action(async ({ config, ...options }: PreviewOptions & { config: string }) =>
      done(await (await import("./preview.ts")).preview(config, options)),
    );
  withConfig("routes", "Show which collector gets what, and with --online where each site of the consoles goes.")
    .option("--online", "ask the consoles for their sites; changes nothing")
    .option("--json", "print the result as JSON")
    .action(async ({ config, ...options }: RoutesOptions & { config: string }) =>
      done(await (await import("./routes.ts")).routes(config, options)),
    );
  withConfig(
    "test",
    "Run the expectations written beside the configuration: what becomes of a record, and who gets it.",
  )
    .option("--expectations <file>", "the expectations (config.test.yaml beside config.yaml otherwise)")
    .option("--json", "print the result as JSON")
    .action(async ({ config, ...options }: TestOptions & { config: string }) =>
      done((await import("./test.ts")).test(config, options)),
    );
  withConfig(
    "verify",
    "Compare what the consoles show with what the collectors have confirmed; exit 3 when something is missing.",
  )
    .requiredOption("--from <time>", "from this time of the records on (2026-01-31, 2026-01-31T12:00:00Z)")
    .requiredOption("--to <time>", "and before this one")
    .option("--console <name>", "only this console")
    .option("--feed <name>", "only this feed")
    .option("--collector <name>", "only what this collector has confirmed")
    .option("--ids", "look every record up, also where the counts agree")
    .option("--repair", "fetch and send what is missing")
    .option("--json", "print one JSON object a line")
    .action(async ({ config, ...options }: VerifyCommandOptions & { config: string }) =>
      done(await (await import("./verify.ts")).verify(config, options)),
    );
  withConfig(
    "backfill",
    "Forward a stretch of a feed's past beside the live events. Given again, it goes on where it was.",
  )
    .requiredOption("--feed <name>", "the feed")
    .requiredOption("--from <time>", "from this time of the records on (2026-01-31, 2026-01-31T12:00:00Z)")
    .requiredOption("--to <time>", "and before this one")
    .option("--console <name>", "only this console (every one that has the feed otherwise)")
    .option("--collector <name>", "to this collector only")
    .option("--resend", "send again what was sent before")
    .option("--json", "print one JSON object a line")
    .action(async ({ config, ...options }: BackfillOptions & { config: string }) =>
      done(await (await import("./backfill.ts")).backfill(config, options)),
    );
  addSpoolCommands(program, done);
  addStateCommands(program, done);
  withConfig(
    "status",
    "Feeds, collectors, spool and tokens: from the running daemon, else from its files. 0 when it is ready.",
  )
    .option("--json", "print the status as JSON, as /api/status has it")
    .option("--watch", "again every 2 seconds, until Ctrl-C")
    .action(async ({ config, ...options }: StatusOptions & { config: string }) =>
      done(await (await import("./status.ts")).printStatus(config, options)),
    );
  program
    .command("demo")
    .description("Run the whole bridge on an embedded console and an embedded collector. Needs nothing installed.")
    .option("--events <n>", "activities to forward", wholeNumber(1, 10_000_000), 10_000)
    .option("--port <port>", "port of the embedded console (a free one otherwise)", wholeNumber(0, 65_535), 0)
    .option("--records <dir>", "serve the recorded API answers (*.json) of this folder in place of made-up records")
    .option("--follow", "go on with live events until Ctrl-C")
    .option("--scenario <file>", "play the faults of this file, to see what becomes of the events (docs/scenarios.md)")
    .option("--spool <dir>", "where the disk queue stands (a new temporary folder otherwise)")
    .action(async (options: DemoOptions) => done(await (await import("./demo.ts")).demo(options)));
  withConfig("healthcheck", "Ask the running daemon whether it lives, for containers: 0 when nothing hangs.")
    .option("--ready", "whether it is ready, in place of whether it lives")
    .action(async ({ config, ...options }: { config: string; ready?: boolean }) =>
      done(await (await import("./healthcheck.ts")).healthcheck(config, options)),
    );
  program
    .command("completion")
    .description("Print the script that completes s1bridge in a shell.")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(SHELLS))
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell, outline(program)));
      done(EXIT.done);
    });
  program
    .command("config")
    .description("Print the configuration's JSON Schema, or a commented example.")
    .argument("<what>", "schema or example", oneOf("schema", "example"))
    .action(async (what: "schema" | "example") => done((await import("./config.ts")).printConfig(what)));
  return program;
}

function addSpoolCommands(program: Command, done: (code: ExitCode) => void): void {
  const spool = program.command("spool").description("Look at the disk queue, also while the daemon runs.");
  const withConfig = (name: string, text: string): Command =>
    spool.command(name).description(text).requiredOption("-c, --config <file>", "the configuration, one YAML file");
  withConfig("ls", "Feeds, collectors and what waits for them, size, what was set aside.")
    .option("--json", "print the result as JSON")
    .action(async ({ config, json }: { config: string; json?: boolean }) =>
      done((await import("./spool.ts")).list(config, json === true)),
    );
  withConfig("check", "Read every page and every block; exit 1 when something is damaged.")
    .option("--json", "print the result as JSON")
    .action(async ({ config, json }: { config: string; json?: boolean }) =>
      done((await import("./spool.ts")).check(config, json === true)),
    );
  withConfig("export", "Print the records that wait, or those that were set aside, one JSON object a line.")
    .option("--what <what>", "waiting, damaged or dead-letters", oneOf("waiting", "damaged", "dead-letters"), "waiting")
    .option("--console <name>", "only this console")
    .option("--feed <name>", "only this feed")
    .option("--collector <name>", "only what this collector has not confirmed")
    .option("--from <time>", "only from this time of the record on")
    .option("--to <time>", "only before this time")
    .action(async ({ config, ...options }: ExportOptions & { config: string }) =>
      done(await (await import("./spool.ts")).exportRecords(config, options)),
    );
}

function addStateCommands(program: Command, done: (code: ExitCode) => void): void {
  const state = program.command("state").description("See and move the checkpoints, per console and feed.");
  const withConfig = (name: string, text: string): Command =>
    state.command(name).description(text).requiredOption("-c, --config <file>", "the configuration, one YAML file");
  withConfig("show", "Where each feed resumes.")
    .option("--json", "print the result as JSON")
    .action(async ({ config, json }: { config: string; json?: boolean }) =>
      done((await import("./state.ts")).show(config, json === true)),
    );
  withConfig("set", "Let a feed read from a time on, and forward it again. Not while the daemon runs.")
    .requiredOption("--feed <name>", "the feed")
    .option("--console <name>", "its console; may be left out when only one has this feed")
    .requiredOption("--to <time>", "an ISO time")
    .option("--yes", "do not ask")
    .action(async ({ config, ...options }: ChangeOptions & { config: string }) =>
      done(await (await import("./state.ts")).set(config, options)),
    );
  withConfig("reset", "Let feeds begin at `start` again. Not while the daemon runs.")
    .option("--feed <name>", "only this feed")
    .option("--console <name>", "only this console")
    .option("--all", "all feeds of all consoles")
    .option("--yes", "do not ask")
    .action(async ({ config, ...options }: ChangeOptions & { config: string }) =>
      done(await (await import("./state.ts")).reset(config, options)),
    );
}

const EXAMPLES = `
Examples:
  s1bridge demo                                     see it work, without a console
  s1bridge config example > config.yaml             begin with a configuration
  s1bridge check   -c config.yaml                   is it right?
  s1bridge check   -c config.yaml --online          do consoles and collectors answer?
  s1bridge preview -c config.yaml --feed activities what would be sent?
  s1bridge run     -c config.yaml
  s1bridge spool ls -c config.yaml                  what waits?

  s1bridge verify -c config.yaml --from 2026-01-30 --to 2026-01-31
                                                    was everything of that day confirmed?

Exit codes: 0 done, 1 failed, 2 usage or configuration error, 3 verify found gaps.`;

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return value;
  };
}

function oneOf(...values: readonly string[]): (text: string) => string {
  return (text) => {
    if (!values.includes(text)) throw new InvalidArgumentError(`Expected ${values.join(" or ")}.`);
    return text;
  };
}
