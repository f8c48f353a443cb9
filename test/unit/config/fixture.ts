import { ConfigError, formatFaults, parseConfig, type Environment } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/schema.ts";

export interface Parts {
  /** Lines below `- name: acme`, at their own indentation. */
  readonly console?: string;
  readonly url?: string;
  readonly token?: string;
  readonly feeds?: string;
  readonly scope?: string;
  readonly address?: string;
  readonly collector?: string;
  readonly tail?: string;
}

/** A small valid configuration with some parts replaced; `feeds`, `scope` and `collector` are flow mappings' insides. */
export function configText(parts: Parts = {}): string {
  const {
    url = "https://acme.sentinelone.net",
    token = "{ env: ACME_TOKEN }",
    address = "tcp://127.0.0.1:514",
  } = parts;
  return [
    "version: 1",
    "consoles:",
    `  - { name: acme, url: "${url}", token: ${token}${insert("feeds", parts.feeds)}${insert("scope", parts.scope)} }`,
    "collectors:",
    `  - { name: siem, address: "${address}"${parts.collector === undefined ? "" : `, ${parts.collector}`} }`,
    parts.tail ?? "",
  ].join("\n");
}

function insert(key: string, inside: string | undefined): string {
  return inside === undefined ? "" : `, ${key}: { ${inside} }`;
}

export function parse(parts: Parts, env?: Environment): Config {
  return parseConfig(configText(parts), env).config;
}

/** The rendered faults of a text; empty when it is valid. */
export function faultsOf(text: string, env: Environment = {}): readonly string[] {
  try {
    parseConfig(text, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return formatFaults(error.faults).split("\n");
    throw error;
  }
}

/** The faults of one part, without their place. */
export function messagesOf(parts: Parts, env?: Environment): readonly string[] {
  return faultsOf(configText(parts), env).map((line) => line.replace(/^config\.yaml:\d+:\d+ /, ""));
}

/** Every key of the configuration, as the design of the product shows it. */
export const EVERY_KEY = `version: 1
consoles:
  - name: acme
    url: https://acme.sentinelone.net
    token: { file: /run/credentials/s1bridge.service/acme-token }
    ca_file: /etc/ssl/private-ca.pem
    proxy: http://proxy.example:3128
    scope: { account_ids: [], site_ids: [], group_ids: [] }
    feeds:
      activities: { every: 30s, start: now, overlap: 5m, settle: 10s, include_types: [], exclude_types: [] }
      threats:    { every: 30s, start: 24h }
      agents:     { cron: "0 */6 * * *", mode: changes, requests_per_second: 0.5 }
collectors:
  - name: sentinel
    address: tls://forwarder.example.com:6514
    profile: sentinel
    format: cef
    header: rfc3164
    framing: newline
    facility: local4
    hostname: s1bridge
    max_message_bytes: 8000
    rt: epoch
    unmapped_data: true
    confirm: half_close
    tls: { ca_file: , cert_file: , key_file: , server_name: , fingerprints: [], min_version: TLSv1.2 }
    match: { consoles: [], accounts: [], sites: [], groups: [], feeds: [], types: [], min_severity: 0 }
    default: false
    fields: {}
spool: { directory: /var/lib/s1bridge, max_size: 2GiB, min_free: 256MiB, when_full: pause }
heartbeat: { every: 5m }
telemetry: { listen: 127.0.0.1:9614 }
log: { level: info, format: json }
`;
