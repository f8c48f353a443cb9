export { Agent, EnvHttpProxyAgent, ProxyAgent, errors, request } from "undici";
