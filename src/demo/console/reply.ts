import type { IncomingMessage, ServerResponse } from "node:http";
import { setInterval } from "node:timers/promises";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Fault } from "./faults.ts";
import type { Answer } from "./vendor-answers.ts";

const gzipAsync = promisify(gzip);
const GZIP_MIN_BYTES = 1024;

/** Writes the answer as the client asked for it, compressed or not, and with what the fault does to it. */
export async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  fault?: Fault,
): Promise<void> {
  if (fault?.kind === "hang") return;
  let body: Buffer = Buffer.from(answer.body);
  if (fault?.kind === "truncated") body = body.subarray(0, fault.bytes);
  const headers: Record<string, string> = { "content-type": "application/json", ...answer.headers };
  if (body.length >= GZIP_MIN_BYTES && acceptsGzip(request)) {
    body = await gzipAsync(body, { level: constants.Z_BEST_SPEED });
    headers["content-encoding"] = "gzip";
    headers["vary"] = "Accept-Encoding";
  }
  response.writeHead(answer.status, { ...headers, "content-length": body.length });
  if (fault?.kind === "reset") {
    await resetAfter(response, body.subarray(0, fault.afterBytes));
  } else if (fault?.kind === "slow") {
    await drip(response, body, fault.chunkBytes, fault.everyMs);
  } else {
    response.end(body);
  }
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(request.headers["accept-encoding"] ?? "");
}

async function resetAfter(response: ServerResponse, part: Buffer): Promise<void> {
  const { socket } = response;
  if (part.length > 0) await new Promise<void>((resolve) => response.write(part, () => resolve()));
  // A TLS socket has no reset of its own: destroying it without close_notify is what its peer sees as one.
  if (socket !== null && "resetAndDestroy" in socket && !("encrypted" in socket)) socket.resetAndDestroy();
  else socket?.destroy();
}

async function drip(response: ServerResponse, body: Buffer, chunkBytes: number, everyMs: number): Promise<void> {
  let sent = 0;
  for await (const _ of setInterval(everyMs)) {
    if (response.destroyed) return;
    response.write(body.subarray(sent, sent + chunkBytes));
    sent += chunkBytes;
    if (sent >= body.length) break;
  }
  response.end();
}
