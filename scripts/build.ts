/** Makes `dist/`: JavaScript with maps, to run with the production dependencies beside it. Twice the same gives the same bytes. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, buildJson } from "./build-facts.ts";

const dist = join(ROOT, "dist");
rmSync(dist, { recursive: true, force: true });
execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], { cwd: ROOT, stdio: "inherit" });
writeFileSync(join(dist, "build.json"), buildJson());
