import type { ConnectionOptions } from "node:tls";
import { type ConnectionTarget, DEFAULT_TIMEOUTS } from "../collector/connection.ts";
import { FileCollector } from "../collector/file.ts";
import { RELP_WINDOW, RelpCollector } from "../collector/relp.ts";
import { ResendCollector } from "../collector/resend.ts";
import { StdoutCollector } from "../collector/stdout.ts";
import { StreamCollector } from "../collector/stream.ts";
import { UdpCollector } from "../collector/udp.ts";
import type { CollectorConfig, Config, ConsoleConfig, FeedConfig } from "../config/schema.ts";
import { readPem } from "../config/files.ts";
import { readSiemToken, readToken } from "../config/secret.ts";
import type { FeedName } from "../event/event.ts";
import { pathsOf } from "../feeds/definition.ts";
import { FEEDS } from "../feeds/index.ts";
import { moduleUrl } from "../lib/module-url.ts";
import { type Encoder, type MessageOptions, createEncoder } from "../message/encoder.ts";
import type { Field } from "../message/fields.ts";
import type { RendererOptions } from "../message/renderer.ts";
import { type RouterOptions, createRouter } from "../message/router.ts";
import { type Route, isRoutedAlike } from "../routing/match.ts";
import { ConsoleClient } from "../sentinelone/client.ts";
import { RequestLimits, budgetOf } from "../sentinelone/request-limits.ts";
import { createFeed } from "../sentinelone/create-feed.ts";
import type { ConsoleFeed, Scope } from "../sentinelone/feed.ts";
import { LedgerView } from "../spool/ledger-view.ts";
import type { ModuleSource } from "../spool/rendered.ts";
import type { RouterSource } from "../spool/routes.ts";
import { type SpoolOptions, ThreadedSpool } from "../spool/spool.ts";
import type { Framing } from "../syslog/framing.ts";
import { USER_AGENT } from "../version.ts";
import type { Collector, LedgerPort, Surroundings } from "./ports.ts";

/** The composition root: with bridge.ts the only file that knows the configuration and the adapters, and makes them of it. */

/** A feed of a console as the configuration has it. */
export interface AssembledFeed {
  readonly feed: ConsoleFeed;
  readonly config: FeedConfig;
}

/** A console's client and feeds, without the rest of the bridge: `preview` reads with them. */
export function assembleConsole(
  console: ConsoleConfig,
  userAgent: string,
  limits = new RequestLimits(),
  around?: Surroundings,
): { readonly client: ConsoleClient; readonly feeds: readonly AssembledFeed[] } {
  const configured = Object.entries(console.feeds).filter(([, config]) => config !== undefined) as [
    FeedName,
    FeedConfig,
  ][];
  const client = new ConsoleClient({
    url: console.url,
    token: () => readToken(console.token),
    ca: console.ca_file === undefined ? undefined : readPem(console.ca_file).toString("utf8"),
    proxy: console.proxy,
    userAgent,
    limits,
    onRequest: around && ((request) => around.request({ ...request, console: console.name })),
    onCertificate: around && ((expiresMs) => around.certificate({ peer: "console", name: console.name, expiresMs })),
    perHour: console.requests_per_hour,
    perSecond: Object.fromEntries(
      configured.flatMap(([name, { requests_per_second: perSecond }]) =>
        perSecond === undefined ? [] : pathsOf(FEEDS[name]).map((path) => [budgetOf(path), perSecond]),
      ),
    ),
  });
  const feeds = configured.map(([name, config]) => ({ feed: assembleFeed(console, name, config, client), config }));
  return { client, feeds };
}

function assembleFeed(
  { name: console, scope }: ConsoleConfig,
  name: FeedName,
  config: FeedConfig,
  client: ConsoleClient,
): ConsoleFeed {
  const { start } = config;
  return createFeed(FEEDS[name], client, {
    console,
    start: start.kind === "back" ? { kind: "back", ms: start.backMs } : start,
    overlapMs: config.overlap,
    settleMs: config.settle,
    includeTypes: config.include_types,
    excludeTypes: config.exclude_types,
    scope: idsOf(scope),
    snapshot: config.mode === "snapshot",
    details: new Set((["notes", "timeline"] as const).filter((option) => config[option] === true)),
  });
}

function idsOf({ account_ids, site_ids, group_ids }: ConsoleConfig["scope"]): Scope {
  return { accountIds: account_ids, siteIds: site_ids, groupIds: group_ids };
}

/** A console's scope as the API's parameters. */
export function assembleScope({ scope }: Pick<ConsoleConfig, "scope">): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(idsOf(scope)).flatMap(([parameter, ids]) => (ids.length === 0 ? [] : [[parameter, ids.join(",")]])),
  );
}

/** What a collector's messages look like, without framing. */
export function assembleEncoder(entry: CollectorConfig): Encoder {
  return createEncoder(assembleMessageOptions(entry));
}

/** How a collector wants its messages. */
export function assembleMessageOptions(entry: CollectorConfig): MessageOptions {
  return {
    format: entry.format,
    header: entry.header,
    facility: entry.facility,
    hostname: entry.hostname,
    maxMessageBytes: entry.max_message_bytes,
    rt: entry.rt,
    unmappedData: entry.unmapped_data,
    fields: assembleFields(entry),
    structuredData: entry.structured_data,
    siemToken: entry.siem_token === undefined ? undefined : readSiemToken(entry.siem_token),
    sequence: entry.sequence,
  };
}

/** The keys that a collector adds or overrides. */
export function assembleFields({ fields }: CollectorConfig): readonly Field[] {
  return Object.entries(fields).map(([key, { path, value, as, label }]) => ({ key, path, value, as, label }));
}

/** How messages are told apart on the way to this collector. */
export function assembleFraming({ address, framing }: CollectorConfig): Framing {
  switch (address.transport) {
    case "tcp":
    case "tls":
      return framing;
    case "relp":
    case "relp+tls":
      // The collector makes RELP frames of it, whose numbers are the session's.
      return "octet_counting";
    case "udp":
    case "stdout":
    case "file":
      // One message is a datagram or a line.
      return "newline";
  }
}

/** The messages are made in the spool's thread, which loads the module itself. */
function rendererSource(entry: CollectorConfig): ModuleSource {
  const options: RendererOptions = { ...assembleMessageOptions(entry), framing: assembleFraming(entry) };
  return { module: moduleUrl("../message/renderer", import.meta.url).href, options };
}

/** What decides which collector gets an event. */
export function assembleRoutes(collectors: readonly CollectorConfig[]): readonly Route[] {
  return collectors.map(({ name, match: { min_severity: minSeverity, ...lists }, default: takesRest }) => ({
    collector: name,
    match: { ...lists, minSeverity },
    takesRest,
  }));
}

/** What tells the spool who gets what, and whose share a change of the routes changes. */
export function routerSource(routes: readonly Route[]): RouterSource {
  const options: RouterOptions = { routes };
  // What a collector gets that takes the rest depends on all others.
  const rules = Object.fromEntries(
    routes.map(({ collector, match, takesRest }) => [collector, JSON.stringify(takesRest ? routes : match)]),
  );
  const module = moduleUrl("../message/router", import.meta.url).href;
  return { module, options, rules, isAlike: isRoutedAlike(routes) };
}

/** The collector's adapter; it connects when there is something to deliver. */
export function assembleCollector(entry: CollectorConfig, around?: Surroundings): Collector {
  const { address, name } = entry;
  const onCertificate = around && ((expiresMs: number) => around.certificate({ peer: "collector", name, expiresMs }));
  switch (address.transport) {
    case "stdout":
      return new StdoutCollector();
    case "file":
      return new FileCollector(address.path);
    case "udp":
      return new UdpCollector(address);
    case "tcp":
    case "tls":
      return entry.confirm === "window"
        ? new ResendCollector({
            ...streamTarget(address, entry.tls),
            onCertificate,
            resend: { maxBytes: entry.resend_size, maxMs: entry.resend_time },
          })
        : new StreamCollector({
            ...streamTarget(address, entry.tls),
            onCertificate,
            confirms: entry.confirm !== "none",
          });
    case "relp":
    case "relp+tls":
      return new RelpCollector({
        ...streamTarget(address, entry.tls),
        onCertificate,
        confirms: entry.confirm !== "none",
        window: RELP_WINDOW,
        software: USER_AGENT.replace("/", ","),
      });
  }
}

/** Where a TCP or TLS connection to it goes; undefined for the others. */
export function assembleTarget({ address, tls }: CollectorConfig): ConnectionTarget | undefined {
  switch (address.transport) {
    case "stdout":
    case "file":
    case "udp":
      return undefined;
    case "tcp":
    case "tls":
    case "relp":
    case "relp+tls":
      return streamTarget(address, tls);
  }
}

function streamTarget(
  { host, port }: { readonly host: string; readonly port: number },
  tls: CollectorConfig["tls"],
): ConnectionTarget {
  return {
    host,
    port,
    tls: tls === undefined ? undefined : assembleTls(tls),
    fingerprints: tls?.fingerprints ?? [],
    timeouts: DEFAULT_TIMEOUTS,
  };
}

function assembleTls(tls: NonNullable<CollectorConfig["tls"]>): ConnectionOptions {
  return {
    minVersion: tls.min_version,
    ...(tls.ca_file === undefined ? {} : { ca: readPem(tls.ca_file) }),
    ...(tls.cert_file === undefined ? {} : { cert: readPem(tls.cert_file) }),
    ...(tls.key_file === undefined ? {} : { key: readPem(tls.key_file) }),
    ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
  };
}

/** How each collector's messages are made, and which events it gets. */
export function assembleSpoolCollectors(
  collectors: readonly CollectorConfig[],
): Pick<SpoolOptions, "collectors" | "router"> {
  return {
    collectors: Object.fromEntries(collectors.map((entry) => [entry.name, rendererSource(entry)])),
    router: routerSource(assembleRoutes(collectors)),
  };
}

/** What the spool keeps of what it had, asked from outside; for one collector, or for all. */
export function assembleLedger({ spool, collectors }: Config, collector?: string): LedgerPort {
  const routes = assembleRoutes(collectors);
  const route = createRouter({ routes });
  return new LedgerView({
    directory: spool.directory,
    collectors: collectors.map(({ name }) => name).filter((name) => name === (collector ?? name)),
    isNarrowed: collector !== undefined,
    route: isRoutedAlike(routes) ? undefined : (event) => route(event).collectors,
  });
}

export function openSpool({ spool, collectors, verify }: Config): Promise<ThreadedSpool> {
  return ThreadedSpool.open({
    directory: spool.directory,
    maxBytes: spool.max_size,
    minFreeBytes: spool.min_free,
    whenFull: spool.when_full,
    deadLetterBytes: spool.dead_letters_max_size,
    keepIdsMs: verify.keep,
    ...assembleSpoolCollectors(collectors),
  });
}
