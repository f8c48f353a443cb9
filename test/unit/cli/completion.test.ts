import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SHELLS, completionScript } from "../../../src/cli/completion.ts";
import { manPage } from "../../../src/cli/man-page.ts";
import { outline } from "../../../src/cli/outline.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { requireProgram } from "../../support/requires.ts";

const COMMANDS = outline(createProgram(() => undefined));
const NAMES = COMMANDS.map(({ path }) => path.join(" "));

test("every command is in the outline, those of two words as well", () => {
  expect(NAMES).toEqual(expect.arrayContaining(["", "run", "check", "spool", "spool ls", "state reset", "completion"]));
  expect(NAMES).not.toContain("help");
});

/** What bash offers for the last of these words. */
function offered(...words: readonly string[]): readonly string[] {
  const line = ["s1bridge", ...words].map((word) => `"${word}"`).join(" ");
  const script = `${completionScript("bash", COMMANDS)}
    COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _s1bridge; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8", cwd: import.meta.dirname });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

describe("bash completes", () => {
  test("commands", () => {
    expect(offered("che")).toEqual(["check"]);
    expect(offered("spool", "")).toEqual(expect.arrayContaining(["ls", "check", "export"]));
  });

  test("options of the command, not of another of the same name", () => {
    expect(offered("check", "--")).toContain("--online");
    expect(offered("spool", "check", "--")).not.toContain("--online");
  });

  test("the words of an argument", () => {
    expect(offered("completion", "f")).toEqual(["fish"]);
  });

  test("files behind an option that takes a value", () => {
    expect(offered("run", "-c", "compl")).toEqual(["completion.test.ts"]);
  });
});

test.each(SHELLS.filter((shell) => shell === "bash" || !requireShell(shell)))("%s reads its script", (shell) => {
  const directory = mkdtempSync(join(tmpdir(), "s1bridge-completion-"));
  try {
    const file = join(directory, "script");
    writeFileSync(file, completionScript(shell, COMMANDS));
    const { status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** zsh and fish need not be there, in CI either. */
function requireShell(shell: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$0"', shell], { stdio: "ignore" }).status !== 0;
}

describe("the manual page", () => {
  const page = manPage(COMMANDS, { version: "1.2.3", date: "2026-01-31" });

  test("has every command that can be called, with its options", () => {
    const titles = COMMANDS.slice(1).flatMap(({ usage, words }) => (words.length === 0 ? [usage] : []));
    expect(titles.filter((usage) => !page.includes(`.SS ${usage.replaceAll("-", "\\-")}\n`))).toEqual([]);
    expect(page).toContain(".B \\-\\-online\n");
    expect(page).toContain(".SS s1bridge completion [options] <shell>\n");
  });

  test.skipIf(requireProgram("man").missing)("is read by man without a warning", () => {
    const options = {
      input: page,
      encoding: "utf8",
      env: { ...process.env, MANROFFSEQ: "", LC_ALL: "C.UTF-8" },
    } as const;
    const { status, stdout, stderr } = spawnSync("man", ["--warnings=w", "-l", "-"], options);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("s1bridge spool ls");
  });
});
