import { chmodSync, rmSync } from "node:fs";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { join } from "node:path";
import { BridgeError, describeError } from "../lib/errors.ts";

/**
 * What a command asks of the process that has the spool: HTTP over a Unix socket in the spool's folder, which only its
 * owner may use. `POST /<operation>` with the order as JSON; the answer is a line of JSON for each thing that is told, the
 * last one `{"kind":"error",…}` when it fails. The operation ends with the connection.
 */
export type ControlOperation = (order: never, signal: AbortSignal) => AsyncIterable<object>;

export type ControlOperations = Readonly<Record<string, ControlOperation>>;

/** Where it listens. */
export function controlPath(directory: string): string {
  return join(directory, "control.sock");
}

const MAX_ORDER_BYTES = 1 << 20;

export interface ControlServer {
  close(): Promise<void>;
}

/** Listens; a socket that is left of a process that died is replaced, as the spool's lock says that it is nobody's. */
export async function serveControl(
  directory: string,
  operations: ControlOperations,
  stop: AbortSignal,
): Promise<ControlServer> {
  const path = controlPath(directory);
  rmSync(path, { force: true });
  const server: Server = createServer((request, response) => {
    answer(request, response, operations, stop).catch((error: Error) => response.destroy(error));
  });
  // It is made by `listen`, at once.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } finally {
    process.umask(umask);
  }
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      try {
        rmSync(path, { force: true });
      } catch {
        // On a disk that has become read-only it stays, and the next start replaces it.
      }
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  operations: ControlOperations,
  stop: AbortSignal,
): Promise<void> {
  const name = (request.url ?? "/").slice(1);
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (request.method !== "POST" || operation === undefined) {
    response.writeHead(404).end();
    return;
  }
  const gone = new AbortController();
  const onGone = (): void => gone.abort(stop.aborted ? stop.reason : new Error("whoever asked has gone"));
  response.once("close", onGone);
  stop.addEventListener("abort", onGone, { once: true });
  try {
    const order = JSON.parse(await bodyOf(request)) as never;
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    for await (const line of operation(order, gone.signal)) await tell(response, line, gone.signal);
  } catch (error) {
    if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson" });
    const code = error instanceof BridgeError ? error.code : undefined;
    response.write(`${JSON.stringify({ kind: "error", code, message: describeError(error) })}\n`);
  } finally {
    response.off("close", onGone);
    stop.removeEventListener("abort", onGone);
    response.end();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_ORDER_BYTES) throw new Error("the order is too long");
  }
  return text;
}

async function tell(response: ServerResponse, line: object, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (response.write(`${JSON.stringify(line)}\n`)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      response.off("drain", settle);
      response.off("close", settle);
      resolve();
    };
    response.once("drain", settle);
    response.once("close", settle);
  });
}
