import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm test` and `npm run test:slow`: arguments go to vitest; a flag is one argument, as in `--config=file`.
 *
 * A file whose process was killed before it told of a single failure is run once more, by itself, and that is said. In one
 * run of CI the process of a file was killed by SIGSEGV; hundreds of runs of the same file here, and the same code under
 * valgrind, showed nothing. A test that fails is never run again.
 */
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

interface Report {
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

function run(args: readonly string[], reportFile: string): boolean {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const { status } = spawnSync(process.execPath, [vitest, "run", ...args, ...reporters], { stdio: "inherit" });
  return status === 0;
}

/** The files that nothing is known of; none when a test failed, or when it was something else. */
function killed(reportFile: string): readonly string[] {
  const { numFailedTests, testResults } = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  if (numFailedTests > 0) return [];
  const failed = testResults.filter(({ status }) => status === "failed");
  const untold = failed.filter(
    ({ assertionResults }) =>
      assertionResults.length > 0 && assertionResults.every(({ status }) => status === "pending"),
  );
  return untold.length === failed.length ? untold.map(({ name }) => name) : [];
}

const args = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "s1bridge-test-"));
try {
  const reportFile = join(directory, "report.json");
  let passed = run(args, reportFile);
  const again = passed ? [] : killed(reportFile);
  if (again.length > 0) {
    console.error(`\nKILLED, not failed, and run once more:\n  ${again.join("\n  ")}\n`);
    passed = run([...args.filter((arg) => arg.startsWith("--")), ...again], reportFile);
    console.error(
      `\nThe process of a test file was killed in the first run; see above. The second: ${passed ? "passed" : "failed"}.`,
    );
  }
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
