import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { BridgeError } from "../lib/errors.ts";
import { controlPath } from "./server.ts";

/** The bridge that runs has refused or ended what it was asked for; its own code stands in the message. */
export class ControlError extends BridgeError {
  readonly code = "BRIDGE_CONTROL";
  readonly retryable = false;
}

/** Asks the bridge that has the spool. Undefined when there is none to ask. */
export async function askBridge(
  directory: string,
  operation: string,
  order: object,
  signal: AbortSignal,
): Promise<AsyncIterable<object> | undefined> {
  const response = await new Promise<IncomingMessage | undefined>((resolve, reject) => {
    const asked = request(
      { socketPath: controlPath(directory), path: `/${operation}`, method: "POST", signal },
      resolve,
    );
    asked.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED") resolve(undefined);
      else reject(new ControlError(`the bridge that runs can not be asked: ${error.message}`, { cause: error }));
    });
    asked.end(JSON.stringify(order));
  });
  if (response === undefined) return undefined;
  if (response.statusCode !== 200) {
    response.resume();
    throw new ControlError(`the bridge that runs does not know ${operation}: it is another release`);
  }
  return lines(response, signal);
}

async function* lines(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<object> {
  try {
    for await (const text of createInterface({ input: response, crlfDelay: Infinity })) {
      const line = JSON.parse(text) as { kind?: string; code?: string; message?: string };
      if (line.kind === "error")
        throw new ControlError(`${line.code === undefined ? "" : `${line.code}: `}${line.message}`);
      yield line;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  signal.throwIfAborted();
  if (!response.complete) throw new ControlError("the bridge that runs ended before it was done");
}
