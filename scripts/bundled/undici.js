/**
 * What the bundle has of undici. Its own entry loads all of it at each start: `fetch`, web sockets, caches, mocks. Who needs
 * another export adds it here; without it the bundle can not be made.
 */
import api from "undici/lib/api/index.js";
import errors from "undici/lib/core/errors.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";

// As undici's own entry does.
Object.assign(Dispatcher.prototype, api);

/** As undici's own, but for the global dispatcher: `dispatcher` must be given. */
export function request(url, { dispatcher, ...options }) {
  const { origin, pathname, search } = new URL(url);
  const method = options.method ?? (options.body === undefined ? "GET" : "PUT");
  return dispatcher.request({ ...options, origin, path: `${pathname}${search}`, method });
}

export { Agent, EnvHttpProxyAgent, ProxyAgent, errors };
