import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Fault,
  badGateway,
  gatewayTimeout,
  hang,
  reset,
  serverError,
  serverErrorWithHtml,
  throttled,
  unavailable,
} from "../../src/demo/console/faults.ts";
import type { FaultName, PlannedFault } from "./plan.ts";
import type { Receiver } from "./receiver.ts";
import { type World, writeToken } from "./world.ts";

/** What takes part in a fault, so that two faults of one part follow each other. */
export function partOf({ name, transport }: PlannedFault): string {
  if (transport !== undefined) return transport;
  if (name.startsWith("bridge")) return "bridge";
  return name === "console 401" || name === "token replaced" ? "token" : name;
}

/** Does it, and resolves when it is over. A fault of the TCP collector befalls that of rsyslog's forwarder as well. */
export async function befall(world: World, fault: PlannedFault): Promise<void> {
  const { name, transport } = fault;
  if (transport === undefined) return await OF_OTHERS[name as OtherFault](world, fault);
  const hit = [world.receivers[transport], ...(transport === "tcp" ? [world.mirror] : [])];
  await Promise.all(hit.map((receiver) => OF_COLLECTORS[name as CollectorFault](receiver, fault)));
}

type CollectorFault = Extract<
  FaultName,
  | "collector killed"
  | "collector stalls"
  | "connection reset"
  | "half read"
  | "blackhole"
  | "slow reader"
  | "refused"
  | "accepted, closed"
>;
type OtherFault = Exclude<FaultName, CollectorFault>;

const OF_COLLECTORS: Readonly<Record<CollectorFault, (receiver: Receiver, fault: PlannedFault) => Promise<void>>> = {
  "collector killed": async (receiver, { size }) => {
    await receiver.kill();
    await pause(between(200, 2000, size));
    await receiver.start();
  },
  "collector stalls": async (receiver, { size }) => {
    receiver.pause();
    await pause(between(500, 5000, size));
    receiver.resume();
  },
  "connection reset": ({ link }) => {
    link.reset();
    return Promise.resolve();
  },
  "half read": async ({ link }, { size }) => {
    link.resetAfter(between(1, 400_000, size));
    await pause(3000);
    link.resetAfter(undefined);
  },
  blackhole: async ({ link }, { size, variant }) => {
    link.blackhole(true);
    await pause(between(1000, 6000, size));
    if (variant % 2 === 0) link.reset();
    link.blackhole(false);
  },
  "slow reader": async ({ link }, { size }) => {
    link.slow(200_000);
    await pause(between(2000, 6000, size));
    link.slow(Infinity);
  },
  refused: async ({ link }, { size }) => {
    link.refuse();
    await pause(between(1000, 4000, size));
    await link.accept();
  },
  "accepted, closed": async ({ link }, { size }) => {
    link.closeAtOnce(true);
    await pause(between(1000, 3000, size));
    link.closeAtOnce(false);
  },
};

const OF_OTHERS: Readonly<Record<OtherFault, (world: World, fault: PlannedFault) => Promise<void>>> = {
  "bridge killed": ({ bridge }) => bridge.kill(),
  "bridge stopped": ({ bridge }) => bridge.restart(),
  "console 429": (world, { size, variant }) =>
    answers(world, throttled([undefined, 1, 2][variant % 3]), 1 + Math.floor(5 * size)),
  "console 5xx": (world, { size, variant }) => {
    const kinds = [serverError, badGateway, unavailable, gatewayTimeout, serverErrorWithHtml];
    return answers(world, kinds[variant % kinds.length] ?? serverError, 1 + Math.floor(3 * size));
  },
  "console reset": (world, { size }) => answers(world, reset(between(0, 200_000, size))),
  "torn JSON": (world, { size }) => answers(world, { kind: "truncated", bytes: between(1, 20_000, size) }),
  "repeated cursor": (world, { variant }) =>
    answers(world, { kind: "cursor", value: variant % 2 === 0 ? "repeat" : "null" }),
  "slow answer": (world) => answers(world, { kind: "slow", chunkBytes: 64 << 10, everyMs: 200 }),
  "console hangs": (world) => answers(world, hang),
  "console 401": async (world, fault) => {
    const token = tokenOf(fault);
    world.console.tokens.clear();
    await pause(1000);
    world.console.tokens.add(token);
    writeToken(world.home, token);
  },
  "token replaced": async ({ console, home }, fault) => {
    const token = tokenOf(fault);
    console.tokens.add(token);
    writeToken(home, token);
    await pause(500);
    console.tokens.clear();
    console.tokens.add(token);
  },
  "late events": async ({ dataset }, { size }) => {
    const ms = between(2000, 5000, size);
    dataset.lateFor(ms);
    await pause(ms);
  },
  "disk full": async ({ disk }, { size }) => {
    disk.fill();
    await pause(between(1000, 3000, size));
    disk.free();
  },
  "clock jumps": async ({ clockFile }, { size, variant }) => {
    writeFileSync(clockFile, String((variant % 2 === 0 ? 1 : -1) * between(2000, 3_600_000, size ** 4)));
    await pause(between(2000, 5000, (variant % 100) / 100));
    writeFileSync(clockFile, "0");
  },
};

/** What is still to come of an earlier fault is forgotten: otherwise they pile up while the bridge backs off. */
function answers({ console }: World, fault: Fault, times = 1): Promise<void> {
  console.faults.clear();
  console.faults.add(fault, { path: "/activities", times });
  return Promise.resolve();
}

function tokenOf({ atMs, variant }: PlannedFault): string {
  return `chaos-token-${Math.round(atMs)}-${variant}`;
}

function between(least: number, most: number, size: number): number {
  return Math.round(least + (most - least) * size);
}
