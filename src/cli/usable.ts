import { assembleFields } from "../bridge/assemble.ts";
import { ConfigError, type Fault, type LoadedConfig, readConfig } from "../config/load.ts";
import { formatPath, sortFaults } from "../config/fault.ts";
import { fieldFault } from "../message/fields.ts";

/** A configuration that the bridge can run with. Throws a `ConfigError` that carries every fault. */
export function readUsable(file: string): LoadedConfig {
  const loaded = readConfig(file);
  const faults = fieldFaults(loaded);
  if (faults.length > 0) throw new ConfigError(faults);
  return loaded;
}

/** Faults of `fields` that only the CEF dictionary knows. */
export function fieldFaults({ config, file, locate }: LoadedConfig): readonly Fault[] {
  return sortFaults(
    config.collectors.flatMap((collector, at) =>
      assembleFields(collector).flatMap((field) => {
        const message = fieldFault(field);
        const path = ["collectors", at, "fields", field.key];
        return message === undefined ? [] : [{ file, ...locate(path), path: formatPath(path), message }];
      }),
    ),
  );
}
