import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { TLSSocket } from "node:tls";

/** When the certificate that the peer has shown expires, in milliseconds; undefined without one. */
export function certificateExpiryMs(socket: unknown): number | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const expiresMs = Date.parse(socket.getPeerX509Certificate()?.validTo ?? "");
  return Number.isNaN(expiresMs) ? undefined : expiresMs;
}

/** What undici tells of each connection that it opens. */
const CONNECTED = "undici:client:connected";

/** Tells of the certificate at each new connection of undici to the origin of `url`, through a proxy as well. */
export function watchCertificate(url: string, onExpiry: (expiresMs: number) => void): Disposable {
  const { host } = new URL(url);
  const onConnected = (message: unknown): void => {
    const { connectParams, socket } = message as { connectParams?: { host?: unknown }; socket?: unknown };
    if (connectParams?.host !== host) return;
    const expiresMs = certificateExpiryMs(socket);
    if (expiresMs !== undefined) onExpiry(expiresMs);
  };
  subscribe(CONNECTED, onConnected);
  return { [Symbol.dispose]: () => void unsubscribe(CONNECTED, onConnected) };
}
