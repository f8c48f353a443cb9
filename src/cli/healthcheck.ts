import { readConfig } from "../config/load.ts";
import { describeError } from "../lib/errors.ts";
import { readLastStatus } from "../telemetry/status-file.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { askTelemetry } from "./status-source.ts";

/** `s1bridge healthcheck`: asks the daemon's own probe, for a container without a shell. 0 when it lives, or is ready. */
export async function healthcheck(file: string, { ready = false }: { readonly ready?: boolean }): Promise<ExitCode> {
  const { config } = readConfig(file);
  try {
    const { statusCode, text } = await askTelemetry(
      config,
      readLastStatus(config.spool.directory),
      ready ? "/readyz" : "/livez",
    );
    process.stdout.write(text);
    return statusCode === 200 ? EXIT.done : EXIT.failed;
  } catch (error) {
    process.stdout.write(`the daemon does not answer: ${describeError(error)}\n`);
    return EXIT.failed;
  }
}
