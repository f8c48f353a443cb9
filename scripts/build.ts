/**
 * Makes `dist/`: JavaScript with maps, to run with the production dependencies beside it. `node scripts/build.ts [FOLDER]`. Twice the
 * same gives the same bytes.
 */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ROOT, buildJson } from "./build-facts.ts";

const dist = resolve(process.argv[2] ?? join(ROOT, "dist"));
rmSync(dist, { recursive: true, force: true });
execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json", "--outDir", dist], {
  cwd: ROOT,
  stdio: "inherit",
});
writeFileSync(join(dist, "build.json"), buildJson());
