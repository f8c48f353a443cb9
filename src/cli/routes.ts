import { assembleConsole, assembleRoutes, assembleScope } from "../bridge/assemble.ts";
import type { Config, ConsoleConfig } from "../config/schema.ts";
import { BridgeError, describeError } from "../lib/errors.ts";
import { type Match, type Route, type SiteRoute, type SiteScope, createSiteRouter, isEmpty } from "../routing/match.ts";
import { type Site, listSites } from "../sentinelone/sites.ts";
import { USER_AGENT } from "../version.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { formatTable, plainText } from "./table.ts";
import { type Paint, paint, useColour } from "./terminal.ts";
import { readUsable } from "./usable.ts";

export interface RoutesOptions {
  /** Ask the consoles for their sites. */
  readonly online?: boolean;
  readonly json?: boolean;
}

/** A site, and the collectors that get its events. */
interface RoutedSite extends Site {
  readonly console: string;
  readonly collectors: readonly SiteRoute[];
}

interface FailedConsole {
  readonly console: string;
  readonly code: string;
  readonly error: string;
}

const PARTS = { all: "", some: " (in part)", rest: " (the rest)" } as const;

const TIMEOUT_MS = 120_000;

/** `s1bridge routes`: which collector gets what, and with `--online` where each site of the consoles goes. Changes nothing. */
export async function routes(file: string, { online = false, json = false }: RoutesOptions): Promise<ExitCode> {
  const { config } = readUsable(file);
  const all = assembleRoutes(config.collectors);
  const { sites, failed } = online ? await askConsoles(config, all) : { sites: [], failed: [] };
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ routes: all, ...(online ? { sites, failed, unrouted: unrouted(sites).length } : {}) }, undefined, 2)}\n`,
    );
  } else {
    const colours = paint(useColour(process.stdout));
    process.stdout.write(rules(all, colours));
    if (online) process.stdout.write(`\n${siteTable(sites, colours)}`);
    for (const { console, code, error } of failed) process.stderr.write(`s1bridge: ${console}: ${code}: ${error}\n`);
  }
  return failed.length > 0 ? EXIT.failed : EXIT.done;
}

async function askConsoles(
  { consoles }: Config,
  all: readonly Route[],
): Promise<{ sites: readonly RoutedSite[]; failed: readonly FailedConsole[] }> {
  const route = createSiteRouter(all);
  const answers = await Promise.all(
    consoles.map(async (console): Promise<readonly RoutedSite[] | FailedConsole> => {
      try {
        const sites = await sitesOf(console);
        return sites.map((site) => ({
          ...site,
          console: console.name,
          collectors: route(scopeOf(console.name, site)),
        }));
      } catch (error) {
        const code = error instanceof BridgeError ? error.code : "BRIDGE_BUG";
        return { console: console.name, code, error: describeError(error) };
      }
    }),
  );
  return {
    sites: answers.flatMap((answer) => ("error" in answer ? [] : answer)),
    failed: answers.filter((answer) => "error" in answer),
  };
}

async function sitesOf(console: ConsoleConfig): Promise<readonly Site[]> {
  const { client } = assembleConsole(console, USER_AGENT);
  try {
    const { accountIds, siteIds } = assembleScope(console);
    const scope = {
      ...(accountIds === undefined ? {} : { accountIds }),
      ...(siteIds === undefined ? {} : { siteIds }),
    };
    return await listSites(client, scope, AbortSignal.timeout(TIMEOUT_MS));
  } finally {
    await client.close();
  }
}

function scopeOf(console: string, { id, name, accountId, accountName }: Site): SiteScope {
  return { console, site: { id, name }, account: { id: accountId, name: accountName } };
}

function rules(all: readonly Route[], { bold, dim }: Paint): string {
  const rows = all.map(({ collector, match, takesRest }) => [collector, describe(match, takesRest, all)]);
  const takesAll = all.some(({ match, takesRest }) => takesRest || isEmpty(match));
  const table = formatTable([["collector", "gets"], ...rows], { head: bold });
  return takesAll ? table : `${table}${dim("what no collector matches is discarded and counted\n")}`;
}

function describe(match: Match, takesRest: boolean, all: readonly Route[]): string {
  const { minSeverity, ...lists } = match;
  const parts = Object.entries(lists).flatMap(([name, patterns]) =>
    patterns.length === 0 ? [] : [`${name} ${patterns.join(" or ")}`],
  );
  if (minSeverity > 0) parts.push(`severity ${minSeverity} and above`);
  const own = parts.join(", ");
  if (!takesRest) return own === "" ? "everything" : own;
  const others = all.filter((route) => !route.takesRest);
  if (others.length === 0 && own === "") return "everything";
  if (others.some((route) => isEmpty(route.match))) return "nothing: another collector gets everything";
  return own === "" ? "what no other collector matches" : `${own}; and what no other collector matches`;
}

function siteTable(sites: readonly RoutedSite[], { bold, red, green, dim }: Paint): string {
  if (sites.length === 0) return "no sites\n";
  const rows = sites.map(({ console, accountName, accountId, name, id, activeLicenses, collectors }) => [
    console,
    plainText(accountName ?? accountId ?? ""),
    plainText(name),
    plainText(id),
    activeLicenses === undefined ? "?" : String(activeLicenses),
    collectors.length === 0 ? red("none") : collectors.map(({ name: to, gets }) => to + PARTS[gets]).join(", "),
  ]);
  const head = ["console", "account", "site", "id", "agents", "collectors"];
  const lost = unrouted(sites);
  const agents = lost.reduce((sum, { activeLicenses }) => sum + (activeLicenses ?? 0), 0);
  const summary =
    lost.length === 0
      ? green(`${sites.length} sites, each goes to a collector`)
      : red(
          `${lost.length} of ${sites.length} sites go nowhere, with ${agents} agents: their events are discarded and counted`,
        );
  return `${formatTable([head, ...rows], { head: bold })}${summary}\n${dim("events without a site are not in this table\n")}`;
}

function unrouted(sites: readonly RoutedSite[]): readonly RoutedSite[] {
  return sites.filter(({ collectors }) => collectors.length === 0);
}
