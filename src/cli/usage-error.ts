import { BridgeError } from "../lib/errors.ts";

/** The command line names something that is not there. */
export class UsageError extends BridgeError {
  readonly code = "BRIDGE_CONFIG_USAGE";
  readonly retryable = false;
}
