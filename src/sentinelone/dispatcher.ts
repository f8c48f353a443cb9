import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from "undici";

export interface ConnectOptions {
  readonly ca: string | undefined;
  /** Undefined: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the environment. */
  readonly proxy: string | undefined;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** The connections to one console. `maxResponseSize`: in bytes, -1 for no limit. */
export function dispatcher({ ca, proxy }: ConnectOptions, maxResponseSize: number): Dispatcher {
  const connect = { timeout: CONNECT_TIMEOUT_MS, ...(ca === undefined ? {} : { ca }) };
  const options = { connect, keepAliveTimeout: 60_000, connections: 8, maxResponseSize };
  if (proxy !== undefined) return new ProxyAgent({ ...options, uri: proxy, requestTls: connect });
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  const hasProxy = [HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy].some(
    (value) => value !== undefined && value !== "",
  );
  return hasProxy ? new EnvHttpProxyAgent({ ...options, requestTls: connect }) : new Agent(options);
}
