/**
 * Makes `bundle/`, which needs Node and nothing else: for the packages. `node scripts/bundle.ts [FOLDER]`. Twice the same gives
 * the same bytes.
 *
 *     main.js              the command
 *     spool/worker.js      what is loaded by name (src/lib/module-url.ts): the spool's thread, and what it loads
 *     message/renderer.js  message/router.js
 *     lib/                 the code that they share, or load when it is needed; build.json
 *     package.json         the version
 *     LICENSE              its own; LICENSES.txt: of the packages that are in it
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Metafile, type Plugin, build } from "esbuild";
import { ROOT, buildFacts, buildJson } from "./build-facts.ts";

const ENTRIES = ["src/main.ts", "src/spool/worker.ts", "src/message/renderer.ts", "src/message/router.ts"];

/** Packages that still speak CommonJS ask for Node's modules by `require`. */
const BANNER = `import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);`;

export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outbase: "src",
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    chunkNames: "lib/[name]-[hash]",
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    legalComments: "none",
    // V8 keeps the text of every function that may be called for the first time, and one dash in a comment makes two bytes of
    // each of its characters: 2 MB of memory. Names stay, for stack traces.
    minifyWhitespace: true,
    banner: { js: BANNER },
    plugins: [requiredBuiltins, slimPackages],
    logLevel: "warning",
  });
  // It is started as `node main.js`; packagers' tools take the first line for a wish to have a Node of the system.
  const main = join(folder, "main.js");
  writeFileSync(main, readFileSync(main, "utf8").replace(/^#!.*/, "//"));
  chmodSync(main, 0o644);
  const { version } = buildFacts();
  mkdirSync(join(folder, "lib"), { recursive: true });
  writeFileSync(join(folder, "lib/build.json"), buildJson());
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name: "s1bridge", version, type: "module" })}\n`);
  copyFileSync(join(ROOT, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "LICENSES.txt"), licences(packagesIn(metafile)));
}

/**
 * Node's own modules are required, not imported: an import makes Node look at every name that a module exports, and `http`,
 * `crypto` and `fs` load as much again for names that nobody asks for.
 */
const requiredBuiltins: Plugin = {
  name: "required-builtins",
  setup(building) {
    building.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : { path, external: true },
    );
    building.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require("${path}")`,
    }));
  },
};

/**
 * Packages that come as one piece for Node, and in parts for bundlers: of undici and rxjs two thirds are never used here, and
 * would be run at each start. 60 ms of a start, and 8 MB of memory (2026-11-22).
 */
const slimPackages: Plugin = {
  name: "slim-packages",
  setup(building) {
    const slim = (name: string, path: string): void =>
      building.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: join(ROOT, path), sideEffects: false }));
    slim("rxjs", "node_modules/rxjs/dist/esm/index.js");
    slim("yaml", "node_modules/yaml/browser/index.js");
    slim("undici", "scripts/bundled/undici.js");
  },
};

/** The folders of the packages whose code is in the bundle. */
function packagesIn({ inputs }: Metafile): readonly string[] {
  const folders = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}

function licences(folders: readonly string[]): string {
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as {
        readonly name: string;
        readonly version: string;
        readonly license: string;
      };
      const files = readdirSync(join(ROOT, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
      const texts = files.sort().map((file) => readFileSync(join(ROOT, folder, file), "utf8").trim());
      return [`${name} ${version}: ${license}`, ...texts].join("\n\n");
    })
    .join(`\n\n${"-".repeat(80)}\n\n`)
    .concat("\n");
}

if (import.meta.main) await bundle(process.argv[2] ?? join(ROOT, "bundle"));
