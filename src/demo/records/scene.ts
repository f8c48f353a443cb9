import type { Random } from "./random.ts";
import { snowflake, snowflakeNumber } from "./snowflake.ts";

/** Where something happened. All names are made up, all addresses are of the documentation ranges. */
export interface Place {
  readonly accountId: string;
  readonly accountName: string;
  readonly siteId: string;
  readonly siteName: string;
  readonly groupId: string;
  readonly groupNumber: bigint;
  readonly groupName: string;
  readonly domain: string;
}

export interface Host {
  readonly id: string;
  readonly uuid: string;
  readonly name: string;
  readonly osFamily: "windows" | "linux" | "macos";
  readonly osName: string;
  readonly osRevision: string;
  readonly machineType: "desktop" | "laptop" | "server";
  readonly ip: string;
  readonly user: string;
}

/** What was found on a host. */
export interface Finding {
  readonly threatId: string;
  readonly fileName: string;
  readonly filePath: string;
  readonly sha1: string;
  readonly classification: string;
  readonly engine: string;
  readonly arguments: string;
}

export interface Administrator {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly ip: string;
}

/** Everything that stands still was made in 2025. */
export const BUILT_MS = Date.UTC(2025, 2, 3);

/** Account, site and group are the customer's, so they never mix. */
export const PLACES = [
  makePlace(1, "Alder Finch Logistics", 1, "Harbour Office", "Default Group"),
  makePlace(1, "Alder Finch Logistics", 1, "Harbour Office", "Servers | Production"),
  makePlace(1, "Alder Finch Logistics", 2, "Warehouse North", "Default Group"),
  makePlace(1, "Alder Finch Logistics", 3, "Fleet", "Laptops"),
  makePlace(2, "Brightwater Clinics", 4, "Clinic – Zürich", "Default Group"),
  makePlace(2, "Brightwater Clinics", 5, "Laboratory", "Instruments"),
  makePlace(3, "Cobalt Mills = Works", 6, "Mill", "Operators"),
] as const;

export const ADMINISTRATORS = [
  makeAdministrator(1, "Mira Okafor", "mira.okafor@soc.example.com"),
  makeAdministrator(2, "Jonas Lindqvist", "jonas.lindqvist@soc.example.com"),
  makeAdministrator(3, "Zoë O'Neill", "zoe.oneill@example.org"),
  makeAdministrator(4, "automation (API)", "automation@example.net"),
] as const;

const OPERATING_SYSTEMS = [
  ["windows", "Windows 11 Pro", "26100", "laptop"],
  ["windows", "Windows 10 Enterprise", "19045", "desktop"],
  ["windows", "Windows Server 2022 Standard", "20348", "server"],
  ["linux", "Linux", "Debian GNU/Linux 12 (bookworm) 6.1.0-26-amd64", "server"],
  ["macos", "macOS", "Sequoia (15.1 - 24B83)", "laptop"],
] as const;

const USERS = ["a.moreau", "b.tanaka", "c.novak", "d.haddad", "e.silva", "f.jansen", "g.brandt", "svc-backup"] as const;

const FILES = [
  ["invoice_2291.pdf.exe", "Trojan", "pre_execution"],
  ["updater.ps1", "Malware", "executables"],
  ["payload-x64.dll", "Infostealer", "reputation"],
  ["coin-helper", "Cryptominer", "executables"],
  ["toolbar-setup.exe", "PUA", "pup"],
  ["readme_decrypt.hta", "Ransomware", "data_files"],
] as const;

export function placeOf(random: Random): Place {
  return random.pick(PLACES);
}

export function administratorOf(random: Random): Administrator {
  return random.pick(ADMINISTRATORS);
}

export function hostOf(random: Random, place: Place): Host {
  return hostAt(place, random.below(HOSTS_PER_PLACE));
}

export function hostAt(place: Place, number: number): Host {
  const key = `${place.groupId}/${number}`;
  const made = hosts.get(key) ?? makeHost(place, number);
  hosts.set(key, made);
  return made;
}

export function findingOf(random: Random, host: Host, threatId: string): Finding {
  const [fileName, classification, engine] = random.pick(FILES);
  const user = host.user;
  const filePath = {
    windows: `\\Device\\HarddiskVolume3\\Users\\${user}\\Downloads\\${fileName}`,
    linux: `/home/${user}/.cache/${fileName}`,
    macos: `/Users/${user}/Downloads/${fileName}`,
  }[host.osFamily];
  return {
    threatId,
    fileName,
    filePath,
    sha1: random.hex(40),
    classification,
    engine,
    arguments: `"${fileName}" --silent --id=${random.below(100_000)} | out`,
  };
}

export const HOSTS_PER_PLACE = 40;
const hosts = new Map<string, Host>();

function makePlace(account: number, accountName: string, site: number, siteName: string, groupName: string): Place {
  const group = site * 10 + groupName.length;
  return {
    accountId: snowflake(BUILT_MS + account, account),
    accountName,
    siteId: snowflake(BUILT_MS + 1000 + site, site),
    siteName,
    groupId: snowflake(BUILT_MS + 2000 + group, group),
    groupNumber: snowflakeNumber(BUILT_MS + 2000 + group, group),
    groupName,
    domain: ["ALDER", "BRIGHTWATER", "COBALT"][account - 1] ?? "WORKGROUP",
  };
}

function makeAdministrator(number: number, name: string, email: string): Administrator {
  return { id: snowflake(BUILT_MS + 5000 + number, number), name, email, ip: `198.51.100.${number}` };
}

function makeHost(place: Place, number: number): Host {
  const [osFamily, osName, osRevision, machineType] = OPERATING_SYSTEMS[number % 5] ?? OPERATING_SYSTEMS[0];
  const user = USERS[number % 8] ?? USERS[0];
  const kind = { desktop: "ws", laptop: "nb", server: "srv" }[machineType];
  const id = snowflake(BUILT_MS + 9000 + number, Number(place.groupNumber % 1009n));
  return {
    id,
    uuid: `${id.slice(0, 8)}-${id.slice(8, 12)}-4000-a000-${id.padStart(12, "0").slice(-12)}`,
    name: `${place.domain.slice(0, 3).toLowerCase()}-${kind}-${String(number).padStart(3, "0")}`,
    osFamily,
    osName,
    osRevision,
    machineType,
    ip: `192.0.2.${number + 10}`,
    user,
  };
}
