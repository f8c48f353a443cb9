/**
 * Makes `packages/s1bridge_VERSION_ARCH.deb`, with its own Node: `node scripts/package-deb.ts [--arch amd64|arm64] [FOLDER]`.
 * Needs dpkg-deb and strip; no root. Two packages of one commit are the same, byte for byte.
 *
 * What dpkg runs and shows stands in deploy/debian/.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { SHELLS, completionScript } from "../src/cli/completion.ts";
import { manPage } from "../src/cli/man-page.ts";
import { outline } from "../src/cli/outline.ts";
import { createProgram } from "../src/cli/program.ts";
import { exampleConfig } from "../src/config/example.ts";
import { type BuildFacts, ROOT, buildFacts } from "./build-facts.ts";
import { bundle } from "./bundle.ts";
import { type Architecture, type NodeRuntime, architecture, nodeRuntime } from "./node-runtime.ts";

const DEBIAN = join(ROOT, "deploy/debian");

/** Whoever hands packages on says who answers for them; the address of the project's own takes no mail (RFC 2606). */
const MAINTAINER = process.env["S1BRIDGE_DEB_MAINTAINER"] ?? "s1bridge developers <noreply@s1bridge.invalid>";

/** For 100 MB of Node xz takes minutes of a busy machine, gzip seconds and twice the room: `fast` is for tests. */
const COMPRESSION = process.env["S1BRIDGE_DEB_COMPRESSION"] === "fast" ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6"];

const COMPLETIONS = {
  bash: "usr/share/bash-completion/completions/s1bridge",
  zsh: "usr/share/zsh/vendor-completions/_s1bridge",
  fish: "usr/share/fish/vendor_completions.d/s1bridge.fish",
};

/** Makes the package in the folder and gives its path. */
export async function packageDeb(folder: string, arch: Architecture): Promise<string> {
  const built = buildFacts();
  const facts = { ...built, version: process.env["S1BRIDGE_DEB_VERSION"] ?? built.version };
  const root = mkdtempSync(join(tmpdir(), "s1bridge-deb-"));
  const fetched = mkdtempSync(join(tmpdir(), "s1bridge-node-"));
  try {
    chmodSync(root, 0o755);
    await fill(root, facts, nodeRuntime(arch, fetched));
    control(root, facts, arch);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `s1bridge_${facts.version}_${arch}.deb`);
    execFileSync("dpkg-deb", ["--root-owner-group", ...COMPRESSION, "--build", root, path], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, SOURCE_DATE_EPOCH: String(facts.epoch) },
    });
    return path;
  } finally {
    for (const one of [root, fetched]) rmSync(one, { recursive: true, force: true });
  }
}

async function fill(root: string, facts: BuildFacts, node: NodeRuntime): Promise<void> {
  const put = (path: string, content: string | Buffer, mode = 0o644): void => {
    const to = join(root, path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
    writeFileSync(to, content, { mode });
    chmodSync(to, mode);
  };
  await bundle(join(root, "usr/lib/s1bridge/app"));
  copyNode(node, join(root, "usr/lib/s1bridge/node"));
  put("usr/lib/s1bridge/NODE-LICENSE", readFileSync(node.licence));
  put("usr/bin/s1bridge", readFileSync(join(DEBIAN, "s1bridge.sh")), 0o755);
  for (const unit of ["s1bridge.service", "s1bridge@.service"])
    put(`lib/systemd/system/${unit}`, readFileSync(join(ROOT, "systemd", unit)));
  // Short, and the same from release to release: dpkg asks about a file that both sides have changed.
  put("etc/s1bridge/config.yaml", readFileSync(join(DEBIAN, "config.yaml")), 0o640);

  const commands = outline(createProgram(() => undefined));
  for (const shell of SHELLS) put(COMPLETIONS[shell], completionScript(shell, commands));
  const date = facts.date.slice(0, "2026-01-31".length);
  put("usr/share/man/man1/s1bridge.1.gz", gzip(manPage(commands, { ...facts, date })));

  const documents = "usr/share/doc/s1bridge";
  put(`${documents}/copyright`, readFileSync(join(DEBIAN, "copyright")));
  put(`${documents}/changelog.gz`, gzip(changelog(facts)));
  put(`${documents}/NEWS.md.gz`, gzip(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8")));
  put(`${documents}/README.md`, readFileSync(join(ROOT, "README.md")));
  for (const name of readdirSync(join(ROOT, "docs")).filter((one) => one.endsWith(".md")))
    put(`${documents}/docs/${name}`, readFileSync(join(ROOT, "docs", name)));
  put("usr/share/lintian/overrides/s1bridge", readFileSync(join(DEBIAN, "lintian-overrides")));
  cpSync(join(ROOT, "deploy"), join(root, documents, "examples"), {
    recursive: true,
    filter: (path) => path !== DEBIAN,
  });
  put(`${documents}/examples/config.yaml`, exampleConfig());
  tidyModes(join(root, "usr"));
}

/** Node without its symbols, which only debuggers read. */
function copyNode({ binary, strip }: NodeRuntime, to: string): void {
  copyFileSync(binary, to);
  chmodSync(to, 0o755);
  execFileSync(strip, ["--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", to]);
}

function tidyModes(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) tidyModes(path);
    chmodSync(path, entry.isDirectory() || (statSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

function control(root: string, { version }: BuildFacts, arch: Architecture): void {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(root, path)).isFile())
    .sort();
  const bytes = files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  const folder = join(root, "DEBIAN");
  mkdirSync(folder, { mode: 0o755 });
  const text = readFileSync(join(DEBIAN, "control"), "utf8")
    .replace("@VERSION@", version)
    .replace("@ARCHITECTURE@", arch)
    .replace("@MAINTAINER@", MAINTAINER)
    .replace("@SIZE@", String(Math.ceil(bytes / 1024)));
  writeFileSync(join(folder, "control"), text);
  writeFileSync(join(folder, "conffiles"), "/etc/s1bridge/config.yaml\n");
  const sums = files.filter((path) => !path.startsWith("etc/")).map((path) => `${md5(join(root, path))}  ${path}\n`);
  writeFileSync(join(folder, "md5sums"), sums.join(""));
  for (const script of ["postinst", "prerm", "postrm"]) {
    copyFileSync(join(DEBIAN, script), join(folder, script));
    chmodSync(join(folder, script), 0o755);
  }
  for (const name of ["control", "conffiles", "md5sums"]) chmodSync(join(folder, name), 0o644);
}

function md5(path: string): string {
  return createHash("md5").update(readFileSync(path)).digest("hex");
}

/** Without the time, which gzip would note. */
function gzip(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}

function changelog({ version, epoch }: BuildFacts): string {
  const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
  return `s1bridge (${version}) stable; urgency=medium\n\n  * See NEWS.md.gz.\n\n -- ${MAINTAINER}  ${date}\n`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { arch: { type: "string" } }, allowPositionals: true });
  const path = await packageDeb(positionals[0] ?? join(ROOT, "packages"), architecture(values.arch));
  process.stdout.write(`${path}\n`);
}
