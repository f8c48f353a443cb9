import { existsSync, readFileSync } from "node:fs";

/** The version of package.json, which stands beside `src`, `dist` and the bundle's `lib` alike. */
export const VERSION: string = (readBeside("../package.json") as { version: string }).version;

export const USER_AGENT = `s1bridge/${VERSION}`;

/** What scripts/build.ts writes: from which commit, and when. Not there in a checkout. */
interface BuildFacts {
  readonly commit: string;
  readonly date: string;
}

/** The version with where it comes from, for `--version`. */
export function describeVersion(): string {
  if (!existsSync(new URL("./build.json", import.meta.url))) return `${VERSION} (from source)`;
  const { commit, date } = readBeside("./build.json") as BuildFacts;
  return `${VERSION} (commit ${commit}, ${date})`;
}

function readBeside(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}
