import type { X509Certificate } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { TLSSocket } from "node:tls";

/** When a certificate expires, in milliseconds; undefined without one. */
export function expiryMs(certificate: X509Certificate | undefined): number | undefined {
  const ms = Date.parse(certificate?.validTo ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

/** What undici tells of each connection that it opens. */
const CONNECTED = "undici:client:connected";

/** Tells of the certificate at each new connection of undici to the origin of `url`, through a proxy as well. */
export function watchCertificate(url: string, onExpiry: (expiresMs: number) => void): Disposable {
  const { host } = new URL(url);
  const onConnected = (message: unknown): void => {
    const { connectParams, socket } = message as { connectParams?: { host?: unknown }; socket?: unknown };
    if (connectParams?.host !== host) return;
    const expiresMs = socket instanceof TLSSocket ? expiryMs(socket.getPeerX509Certificate()) : undefined;
    if (expiresMs !== undefined) onExpiry(expiresMs);
  };
  subscribe(CONNECTED, onConnected);
  return { [Symbol.dispose]: () => void unsubscribe(CONNECTED, onConnected) };
}
