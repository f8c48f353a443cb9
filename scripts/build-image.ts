/**
 * Builds the image `s1bridge` with docker or podman (S1BRIDGE_ENGINE): `node scripts/build-image.ts [TAG] [ARGUMENT OF build…]`.
 * The labels, and what `s1bridge --version` says, are the commit's.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { ROOT, buildFacts } from "./build-facts.ts";

/** Builds with the arguments that the engine gets beside ours. */
export function buildImage(engine: string, tag: string, more: readonly string[] = []): void {
  const { version, commit, date, epoch } = buildFacts();
  const facts = {
    S1BRIDGE_VERSION: version,
    S1BRIDGE_COMMIT: commit,
    S1BRIDGE_DATE: date,
    S1BRIDGE_SOURCE: sourceUrl(),
    SOURCE_DATE_EPOCH: String(epoch),
  };
  const given = Object.entries(facts).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  // Of the formats that podman knows only this one has a HEALTHCHECK.
  const format = engine.endsWith("podman") ? ["--format=docker"] : [];
  execFileSync(engine, ["build", ...format, "-t", tag, ...given, ...more, ROOT], { stdio: ["ignore", 2, 2] });
}

/** Where the checkout comes from, without a password that may stand in it. */
function sourceUrl(): string {
  const { stdout } = spawnSync("git", ["remote", "get-url", "origin"], { cwd: ROOT, encoding: "utf8" });
  return /^https:\/\/(?:[^@/]*@)?(\S+)/.exec(stdout ?? "")?.[1]?.replace(/^/, "https://") ?? "";
}

export function engineHere(): string | undefined {
  const given = process.env["S1BRIDGE_ENGINE"];
  const engines = given === undefined ? ["docker", "podman"] : [given];
  // `docker version` fails where its daemon is missing.
  return engines.find((engine) => spawnSync(engine, ["version"], { stdio: "ignore" }).status === 0);
}

if (import.meta.main) {
  const engine = engineHere();
  if (engine === undefined) throw new Error("neither docker nor podman runs here");
  const [tag = "s1bridge", ...more] = process.argv.slice(2);
  buildImage(engine, tag, more);
  process.stdout.write(`${tag}\n`);
}
