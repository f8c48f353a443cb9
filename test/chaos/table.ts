import { FAULTS, type FaultName } from "./plan.ts";
import type { ChaosResult, Outcome } from "./run.ts";

/** The result as a table in Markdown, as it stands in docs/delivery.md. */
export function formatResult(result: ChaosResult): string {
  const { seed, seconds, faults, without, bridge, omfwd, starts, gaveUp, peakBytes } = result;
  const names = (Object.keys(FAULTS) as FaultName[]).filter((name) => (faults[name] ?? 0) > 0);
  const total = names.reduce((sum, name) => sum + (faults[name] ?? 0), 0);
  return [
    `| fault | times | sent twice after it: ${bridge.map(({ collector }) => collector).join(" / ")} |`,
    "| --- | --- | --- |",
    ...names.map((name) => `| ${name}: ${FAULTS[name].what} | ${faults[name]} | ${formatAfter(bridge, name)} |`),
    `| **${names.length} kinds** | **${total}** | |`,
    "",
    "| sender | collector | events | missing | sent twice | worst latency | p50 / p99 |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...[...bridge, omfwd].map(formatOutcome),
    "",
    `s1bridge: ${starts} starts, ${gaveUp.length} of them because it had given up; peak memory ${mib(peakBytes)} MiB. ${Math.round(seconds)} s, seed ${seed}.`,
    ...(without.length === 0 ? [] : [`Not possible here: ${without.join(", ")}.`]),
    ...[...bridge, omfwd].filter(({ missed }) => missed.length > 0).map(formatMissed),
    ...gaveUp.map((text) => `gave up: ${text}`),
  ].join("\n");
}

function formatAfter(bridge: readonly Outcome[], name: FaultName): string {
  if (bridge.every(({ after }) => after[name] === undefined)) return "";
  return bridge.map(({ after }) => count(after[name] ?? 0)).join(" / ");
}

function formatMissed({ sender, collector, missed }: Outcome): string {
  return `${sender}, ${collector}: of those missing the first are ${missed.join(", ")}.`;
}

function formatOutcome({ sender, collector, events, missing, duplicates, latencyMs }: Outcome): string {
  const percent = ((100 * duplicates) / Math.max(1, events)).toFixed(2);
  const worst = latencyMs === undefined ? "" : `${(latencyMs.worst / 1000).toFixed(1)} s`;
  const usual = latencyMs === undefined ? "" : `${inSeconds(latencyMs.p50)} / ${inSeconds(latencyMs.p99)} s`;
  const where = sender === "s1bridge" ? collector : "tcp";
  return `| ${sender} | ${where} | ${count(events)} | ${count(missing)} | ${count(duplicates)} (${percent} %) | ${worst} | ${usual} |`;
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function mib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
