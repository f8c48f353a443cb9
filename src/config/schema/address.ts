import { parseHostPort } from "../values.ts";

export type NetworkTransport = "tcp" | "tls" | "relp" | "relp+tls" | "udp";

/** Where a collector listens. */
export type CollectorAddress =
  | { readonly transport: NetworkTransport; readonly host: string; readonly port: number }
  | { readonly transport: "stdout" }
  | { readonly transport: "file"; readonly path: string };

export type Confirm = "half_close" | "relp" | "window" | "none";

export const DEFAULT_PORTS: Readonly<Record<NetworkTransport, number>> = {
  tcp: 514,
  tls: 6514,
  relp: 20514,
  "relp+tls": 20514,
  udp: 514,
};

/** What may stand as `confirm` for each transport; the first is the default. */
export const CONFIRMS: Readonly<Record<CollectorAddress["transport"], readonly [Confirm, ...Confirm[]]>> = {
  tcp: ["half_close", "window", "none"],
  tls: ["half_close", "window", "none"],
  relp: ["relp", "none"],
  "relp+tls": ["relp", "none"],
  udp: ["none"],
  stdout: ["none"],
  file: ["none"],
};

/** Largest payload of a UDP datagram over IPv4 (RFC 768, RFC 791). */
export const MAX_UDP_BYTES = 65_507;

export const ADDRESS_FORM =
  "tcp://HOST:PORT, tls://HOST:PORT, relp://HOST:PORT, relp+tls://HOST:PORT, udp://HOST:PORT, stdout: or file:///PATH";

const NETWORK_ADDRESS = /^(tcp|tls|relp|relp\+tls|udp):\/\/([^/]+)\/?$/;

/** Undefined when the text is not an address. `stdout` needs no colon: YAML reads a colon at the end as a mapping. */
export function parseAddress(text: string): CollectorAddress | undefined {
  if (/^stdout:?$/.test(text)) return { transport: "stdout" };
  if (/^file:\/\/\/./.test(text)) return { transport: "file", path: text.slice("file://".length) };
  const match = NETWORK_ADDRESS.exec(text);
  if (match === null) return undefined;
  const transport = match[1] as NetworkTransport;
  const place = parseHostPort(match[2] ?? "", DEFAULT_PORTS[transport]);
  return place === undefined || place.port === 0 ? undefined : { transport, ...place };
}
