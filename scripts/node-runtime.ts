/**
 * The Node that a package brings along: the npm package `node` has one package for each architecture. This machine's own is among
 * the dependencies; another one is fetched by npm, which checks its digest.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./build-facts.ts";

/** By the names that Debian gives them. */
const ARCHITECTURES = {
  amd64: { npm: "x64", strip: "x86_64-linux-gnu-strip" },
  arm64: { npm: "arm64", strip: "aarch64-linux-gnu-strip" },
} as const;

export type Architecture = keyof typeof ARCHITECTURES;

export interface NodeRuntime {
  readonly binary: string;
  readonly licence: string;
  /** The program of binutils that knows the binary. */
  readonly strip: string;
}

export function architecture(name: string | undefined): Architecture {
  const names = Object.keys(ARCHITECTURES) as Architecture[];
  const found = names.find((one) => (name === undefined ? ARCHITECTURES[one].npm === process.arch : one === name));
  if (found === undefined)
    throw new Error(`no package for ${name ?? process.arch}: expected one of ${names.join(", ")}`);
  return found;
}

/** Fetches into the folder what is not here. */
export function nodeRuntime(wanted: Architecture, folder: string): NodeRuntime {
  const { npm, strip } = ARCHITECTURES[wanted];
  const isNative = npm === process.arch;
  const node = join(ROOT, "node_modules/node");
  const licence = join(node, `node_modules/node-linux-${npm}/LICENSE`);
  // `npm ci` leaves it there, `npm install` of something else takes it away.
  if (isNative && existsSync(licence)) return { binary: realpathSync(join(node, "bin/node")), licence, strip: "strip" };
  const { version } = JSON.parse(readFileSync(join(node, "package.json"), "utf8")) as { readonly version: string };
  return { ...fetched(`node-linux-${npm}`, version, folder), strip: isNative ? "strip" : foreignStrip(strip) };
}

function foreignStrip(strip: string): string {
  if (spawnSync(strip, ["--version"], { stdio: "ignore" }).status !== 0)
    throw new Error(`${strip} is missing: on Debian and Ubuntu it is in binutils-${strip.replace(/-strip$/, "")}`);
  return strip;
}

function fetched(name: string, version: string, folder: string): Omit<NodeRuntime, "strip"> {
  execFileSync("npm", ["pack", "--silent", `--pack-destination=${folder}`, `${name}@${version}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  execFileSync("tar", ["-C", folder, "-xzf", join(folder, `${name}-${version}.tgz`)]);
  return { binary: join(folder, "package/bin/node"), licence: join(folder, "package/LICENSE") };
}
