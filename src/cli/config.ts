import { exampleConfig } from "../config/example.ts";
import { jsonSchema } from "../config/reference.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** `s1bridge config schema|example`. */
export function printConfig(what: "schema" | "example"): ExitCode {
  process.stdout.write(what === "schema" ? `${JSON.stringify(jsonSchema(), undefined, 2)}\n` : exampleConfig());
  return EXIT.done;
}
