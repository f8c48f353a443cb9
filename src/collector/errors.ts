import { BridgeError } from "../lib/errors.ts";

/** No connection: refused, unreachable, no such host, time-out, or TLS that could not be agreed on. */
export class CollectorUnreachableError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_UNREACHABLE";
  readonly retryable = true;
}

/** The connection ended before the window was confirmed: what was sent is in doubt and is sent again. */
export class CollectorBrokenError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_BROKEN";
  readonly retryable = true;
}

/** Nothing moved for too long: a dead link, or a collector that has stopped reading or does not answer the close. */
export class CollectorStalledError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_STALLED";
  readonly retryable = true;
}

/** The collector says no: to a RELP session, or to one of its messages. */
export class CollectorRefusedError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_REFUSED";
  readonly retryable = true;
}

/** The collector does not speak the protocol of its address. */
export class CollectorProtocolError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_PROTOCOL";
  readonly retryable = true;
}

/** The bridge stops while events are kept for sending them again (`confirm: window`): the next start does. */
export class CollectorUnconfirmedError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_UNCONFIRMED";
  readonly retryable = true;
}

/** The file or the pipe could not be written. */
export class CollectorWriteError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_WRITE";
  readonly retryable = true;
}

/** Whoever read our standard output is gone, and can not come back to this process: only a new start helps. */
export class CollectorGoneError extends BridgeError {
  readonly code = "BRIDGE_COLLECTOR_GONE";
  readonly retryable = false;
}
