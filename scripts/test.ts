import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm test` and `npm run test:slow`: arguments go to vitest; a flag is one argument, as in `--config=file`.
 *
 * A file whose process was killed before it told of a single failure is run once more, by itself, and that is said. In one
 * run of CI the process of a file was killed by SIGSEGV; hundreds of runs of the same file here, and the same code under
 * valgrind, showed nothing.
 *
 * A test that fails is not run again, with one exception: in CI, up to two files that work with real processes and clocks. The
 * first failure stays in the output and is named at the end as one to be looked into.
 */
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const TESTS = fileURLToPath(new URL("../test", import.meta.url));

/** Where a busy machine may be the reason. What computes only has none. */
const WITH_PROCESSES: ReadonlySet<string> = new Set(["integration", "crash", "interop"]);
const MOST_AGAIN = 2;

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

interface Again {
  readonly why: "killed" | "failed";
  readonly files: readonly string[];
}

function run(args: readonly string[], reportFile: string): boolean {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const { status } = spawnSync(process.execPath, [vitest, "run", ...args, ...reporters], { stdio: "inherit" });
  return status === 0;
}

/** What is to be run once more; undefined when the failure is final. */
function again(reportFile: string): Again | undefined {
  const { testResults } = JSON.parse(readFileSync(reportFile, "utf8")) as Report;
  const failed = testResults.filter(({ status }) => status === "failed");
  const files = failed.map(({ name }) => name);
  const isKilled = failed.every(
    ({ assertionResults }) =>
      assertionResults.length > 0 && assertionResults.every(({ status }) => status === "pending"),
  );
  if (isKilled) return { why: "killed", files };
  const isExcused = files.length <= MOST_AGAIN && files.every((file) => WITH_PROCESSES.has(folderOf(file)));
  return process.env["CI"] !== undefined && isExcused ? { why: "failed", files } : undefined;
}

function folderOf(file: string): string {
  return relative(TESTS, file).split(sep)[0] ?? "";
}

const args = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "s1bridge-test-"));
try {
  const reportFile = join(directory, "report.json");
  let passed = run(args, reportFile);
  const more = passed ? undefined : again(reportFile);
  if (more !== undefined && more.files.length > 0) {
    const { why, files } = more;
    console.error(`\n${why.toUpperCase()}, and run once more:\n  ${files.join("\n  ")}\n`);
    passed = run([...args.filter((arg) => arg.startsWith("--")), ...files], reportFile);
    console.error(
      `\nIn the first run these ${why}; see above. In the second they ${passed ? "passed: LOOK INTO THEM" : "failed"}:\n  ${files.join("\n  ")}`,
    );
  }
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
