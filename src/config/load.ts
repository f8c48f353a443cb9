import { type Environment, type LoadedFile, parseYaml, readYaml } from "./yaml-file.ts";
import { type Config, configSchema } from "./schema.ts";

export { ConfigError, formatFaults, type Fault } from "./fault.ts";
export type { Environment } from "./yaml-file.ts";

/** A configuration that is valid, and where its keys stand in the file. */
export interface LoadedConfig extends Omit<LoadedFile<unknown>, "value"> {
  readonly config: Config;
}

/** Reads the file and validates it. Throws a `ConfigError` that carries every fault. */
export function loadConfig(file: string, env: Environment = process.env): Config {
  return readConfig(file, env).config;
}

/** As `loadConfig`, with the places of the keys for faults that are found later. */
export function readConfig(file: string, env: Environment = process.env): LoadedConfig {
  return asConfig(readYaml(configSchema, file, env));
}

/** As `readConfig`, for a text that is there already; `file` is the name in the faults. */
export function parseConfig(text: string, env: Environment = {}, file = "config.yaml"): LoadedConfig {
  return asConfig(parseYaml(configSchema, text, env, file));
}

function asConfig({ value, ...others }: LoadedFile<Config>): LoadedConfig {
  return { config: value, ...others };
}
