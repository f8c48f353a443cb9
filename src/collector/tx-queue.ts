import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";

/** The two ends of a connection, to find it in the kernel's table. */
export interface Endpoints {
  readonly address: string;
  readonly localPort: number;
  readonly remotePort: number;
}

/**
 * Bytes that the peer's kernel has not acknowledged, our FIN included, from `/proc/self/net/tcp{,6}` (Linux, proc(5)).
 * Undefined where there is no /proc, or when the connection is not in the table.
 */
export function unacknowledgedBytes({ address, localPort, remotePort }: Endpoints): number | undefined {
  const table = readTable(isIPv6(address) ? "/proc/self/net/tcp6" : "/proc/self/net/tcp");
  const ports = new RegExp(`:${hexPort(localPort)} [0-9A-F]+:${hexPort(remotePort)} [0-9A-F]{2} ([0-9A-F]{8}):`);
  const found = ports.exec(table)?.[1];
  return found === undefined ? undefined : Number.parseInt(found, 16);
}

/**
 * Whether the kernel may have forgotten a connection that was closed well, because it keeps no more of them (TIME_WAIT,
 * `tcp_max_tw_buckets`): then a connection that is not in the table says nothing.
 */
export function forgetsClosed(): boolean {
  const most = Number(readTable("/proc/sys/net/ipv4/tcp_max_tw_buckets") || Number.NaN);
  const kept = /^TCP: .* tw (\d+) /m.exec(readTable("/proc/self/net/sockstat"))?.[1];
  return kept !== undefined && Number(kept) >= most;
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Not Linux, or a sandbox without /proc: the watchdog then counts what the kernel has taken.
    return "";
  }
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
