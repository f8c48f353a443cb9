import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { type Certificates, makeCertificates } from "../support/tls.ts";
import { SupervisedBridge } from "./bridge.ts";
import { LiveDataset } from "./live-dataset.ts";
import { Omfwd } from "./omfwd.ts";
import { TRANSPORTS, type Transport } from "./plan.ts";
import { Receiver } from "./receiver.ts";
import { Tally } from "./tally.ts";

/** The console's first event comes so long after the start, so that all stands by then. */
const LEAD_MS = 5000;

export interface WorldOptions {
  readonly seed: number;
  readonly events: number;
  /** How long events come. */
  readonly supplyMs: number;
  /** Where the bridge's log is kept. */
  readonly logFile?: string | undefined;
}

/** All that takes part: the console, the bridge, its collectors, and rsyslog's own forwarder with a collector of its own. */
export interface World {
  readonly console: DemoConsole;
  readonly dataset: LiveDataset;
  readonly home: BridgeHome;
  readonly bridge: SupervisedBridge;
  readonly receivers: Readonly<Record<Transport, Receiver>>;
  readonly mirror: Receiver;
  readonly omfwd: Omfwd;
  readonly disk: Disk;
  /** Where the bridge's clock is set. */
  readonly clockFile: string;
  readonly logFile: string | undefined;
}

/** Starts everything but the bridge; the stack ends all of it. */
export async function createWorld(
  { seed, events, supplyMs, logFile }: WorldOptions,
  stack: AsyncDisposableStack,
): Promise<World> {
  const certificates = stack.use(makeCertificates());
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-chaos-"));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const startReceiver = async (name: string, transport: Transport, hasIds: boolean): Promise<Receiver> => {
    const tally = (file: string): Tally => new Tally(file, events, hasIds);
    const receiver = await Receiver.start({ name, transport, directory, certificates, tally });
    stack.defer(() => receiver.stop());
    return receiver;
  };
  const started = await Promise.all(
    TRANSPORTS.map(async (name) => [name, await startReceiver(name, name, true)] as const),
  );
  const receivers = Object.fromEntries(started) as unknown as World["receivers"];
  const mirror = await startReceiver("omfwd", "tcp", false);
  const omfwd = await Omfwd.start(directory, mirror.link.port);
  stack.defer(() => omfwd.stop());

  const console = stack.use(await DemoConsole.start());
  const dataset = new LiveDataset({ seed, count: events, startMs: Date.now() + LEAD_MS, durationMs: supplyMs });
  console.activities.setDataset(dataset);
  const clockFile = join(directory, "clock");
  const home = stack.use(new BridgeHome({ env: environment(clockFile) }));
  const disk = new Disk(home.spool);
  stack.defer(() => disk.remove());
  home.configure(configuration(home, console, { receivers, certificates, startMs: dataset.startMs }));
  const bridge = new SupervisedBridge(home, logFile);
  stack.defer(async () => void (await bridge.stop()));
  return { console, dataset, home, bridge, receivers, mirror, omfwd, disk, clockFile, logFile };
}

function environment(clockFile: string): NodeJS.ProcessEnv {
  const clock = new URL("clock.ts", import.meta.url).href;
  return { NODE_OPTIONS: `--import ${clock}`, S1BRIDGE_CHAOS_CLOCK: clockFile };
}

interface Parts {
  readonly receivers: World["receivers"];
  readonly certificates: Certificates;
  readonly startMs: number;
}

function configuration(
  home: BridgeHome,
  console: DemoConsole,
  { receivers, certificates, startMs }: Parts,
): Parameters<BridgeHome["configure"]>[0] {
  // What becomes visible late is within the overlap, and each poll reads that again.
  const activities = {
    every: "2s",
    settle: "1s",
    overlap: "3s",
    start: new Date(startMs - 1000).toISOString(),
    requests_per_second: 1000,
  };
  const collectors = TRANSPORTS.map((name) => ({
    name,
    address: `${name}://127.0.0.1:${receivers[name].link.port}`,
    framing: "octet_counting",
    ...(name === "tls" ? { tls: { ca_file: certificates.caFile, server_name: "localhost" } } : {}),
  }));
  return { consoles: [{ ...home.console(console), feeds: { activities } }], collectors };
}

/** Replaces the token in its file, as whoever rotates it should: never half of one. */
export function writeToken({ tokenFile }: BridgeHome, token: string): void {
  writeFileSync(`${tokenFile}.new`, token, { mode: 0o600 });
  renameSync(`${tokenFile}.new`, tokenFile);
}

const DISK_MIB = 384;

/** A small file system for the spool, which can be filled. Needs the right to mount. */
export class Disk {
  readonly #directory: string;
  readonly isOurs: boolean;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m,mode=0700`, "tmpfs", directory]);
    this.isOurs = mount.status === 0;
  }

  fill(): void {
    const file = openSync(this.#ballast, "w");
    try {
      for (const bytes of [1 << 20, 4096, 1]) writeAll(file, Buffer.alloc(bytes));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    unlinkSync(this.#ballast);
  }

  remove(): void {
    if (this.isOurs) spawnSync("umount", ["-l", this.#directory]);
  }

  get #ballast(): string {
    return join(this.#directory, "ballast");
  }
}

/** Writes as often as there is room. */
function writeAll(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
