import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { spoolDirectoryIn } from "../../../src/config/spool-directory.ts";

test.each([
  ["an unknown key", "version: 1\ncolectors: []\nspool: { directory: /srv/spool }\n", "/srv/spool"],
  ["a text that is no YAML behind it", "spool:\n  directory: /srv/spool\nconsoles: [ {\n", "/srv/spool"],
  ["a key that stands twice", "spool: { directory: /srv/spool }\nlog: {}\nlog: {}\n", "/srv/spool"],
  ["a variable", "spool: { directory: '${HOME_OF_IT}/spool' }\n", "/srv/spool"],
  ["no spool at all", "version: 2\n", "/var/lib/s1bridge"],
  ["no text for it", "spool: { directory: [1] }\n", "/var/lib/s1bridge"],
  ["nothing", "", "/var/lib/s1bridge"],
])("the spool of a file with %s is found", (_, text, directory) => {
  const home = mkdtempSync(join(tmpdir(), "s1bridge-directory-"));
  try {
    const file = join(home, "config.yaml");
    writeFileSync(file, text);
    expect(spoolDirectoryIn(file, { HOME_OF_IT: "/srv" })).toBe(directory);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("a file that is not there has the default", () => {
  expect(spoolDirectoryIn("/nowhere/config.yaml", {})).toBe("/var/lib/s1bridge");
});
