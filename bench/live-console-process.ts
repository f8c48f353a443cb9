import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { DemoConsole } from "../src/demo/console/console.ts";
import { ActivityDataset } from "../src/demo/records/dataset.ts";
import { readPage } from "../src/sentinelone/page.ts";
import { peerOptions } from "./processes.ts";
import { tokenOf } from "./recorded-console.ts";

export interface LiveConsoleOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** So much has happened before it starts. */
  readonly historySeconds?: number;
}

/** When an activity was made, and when the console first showed it, in milliseconds since 1970. */
export interface Shown {
  readonly createdMs: number;
  readonly shownMs: number;
}

/** A console on which activities happen, so many a second. Asked anything, it tells when it has shown each, by id. */
const { perSecond, seconds, historySeconds = 0 } = peerOptions() as LiveConsoleOptions;
const console = await DemoConsole.start({ token: tokenOf(0) });
const startMs = Date.now() - historySeconds * 1000;
const count = perSecond * (seconds + historySeconds);
console.activities.setDataset(new ActivityDataset({ seed: 9, count, startMs, stepMs: 1000 / perSecond }));

const shown: Record<string, Shown> = {};
const server = createServer((asked, answer) => void pass(asked, answer));
await once(server.listen(0, "127.0.0.1"), "listening");
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
process.on("message", () => process.send?.(shown));
process.on("disconnect", () => process.exit(0));

/** In between, because the embedded console does not tell what it showed. */
async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const asking = request(new URL(asked.url ?? "/", console.url), { headers: asked.headers }).end();
  const [answered] = (await once(asking, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answered) chunks.push(chunk as Buffer);
  answer.writeHead(answered.statusCode ?? 500, answered.headers).end(Buffer.concat(chunks));
  if (historySeconds > 0 && asked.url?.includes("/activities?") === true) note(Buffer.concat(chunks), Date.now());
}

function note(bytes: Buffer, shownMs: number): void {
  for (const element of readPage(gunzipSync(bytes), "activities").elements) {
    const { id, createdAt } = element.value() as { id: string; createdAt: string };
    shown[id] ??= { createdMs: Date.parse(createdAt), shownMs };
  }
}
