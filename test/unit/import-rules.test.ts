import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** Imports that the linter has to refuse, and their like that it has to let through. */
const FORBIDDEN = [
  ["event/a.ts", "../lib/size.ts"],
  ["event/b.ts", "node:fs"],
  ["lib/a.ts", "../event/time.ts"],
  ["lib/parts/a.ts", "../../event/time.ts"],
  ["cef/mapping/a.ts", "../../spool/store.ts"],
  ["cef/bytes/a.ts", "../../lib/size.ts"],
  ["syslog/a.ts", "../cef/render.ts"],
  ["routing/a.ts", "../config/load.ts"],
  ["feeds/a.ts", "../config/load.ts"],
  ["message/a.ts", "../spool/store.ts"],
  ["sentinelone/a.ts", "../spool/store.ts"],
  ["spool/a.ts", "../sentinelone/client.ts"],
  ["collector/a.ts", "../bridge/delivery.ts"],
  ["collector/b.ts", "rxjs"],
  ["config/a.ts", "../cli/exit.ts"],
  ["bridge/a.ts", "../spool/store.ts"],
  ["cli/a.ts", "rxjs"],
  ["telemetry/page/a.ts", "node:fs"],
  ["telemetry/page/b.ts", "../../cli/exit.ts"],
] as const;

const ALLOWED = [
  ["cef/mapping/c.ts", "../../event/event.ts"],
  ["lib/parts/c.ts", "../size.ts"],
  ["cef/bytes/c.ts", "../../lib/web-assembly.ts"],
  ["message/c.ts", "../cef/render.ts"],
  ["spool/c.ts", "../bridge/ports.ts"],
  ["collector/c.ts", "../lib/errors.ts"],
  ["bridge/assemble.ts", "../spool/store.ts"],
  ["bridge/c.ts", "rxjs"],
  ["telemetry/page/c.ts", "../../lib/words.ts"],
  ["telemetry/page/d.ts", "../status.ts"],
] as const;

test("the linter keeps the direction of imports", async () => {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-lint-"));
  try {
    copyFileSync(new URL("../../.oxlintrc.json", import.meta.url), join(directory, ".oxlintrc.json"));
    for (const [file, imported] of [...FORBIDDEN, ...ALLOWED]) {
      const path = join(directory, "src", file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `import { thing } from "${imported}";\nexport const other = thing;\n`);
    }
    const oxlint = fileURLToPath(new URL("../../node_modules/.bin/oxlint", import.meta.url));
    const run = promisify(execFile)(oxlint, ["--format", "json", "src"], { cwd: directory });
    const { stdout } = (await run.catch((error: unknown) => error)) as { stdout: string };
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: readonly { code: string; filename: string }[] };
    const refused = diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
    const files = refused.map(({ filename }) => filename.replace(/^.*src\//, ""));
    expect(files.toSorted()).toEqual(FORBIDDEN.map(([file]) => file).toSorted());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
