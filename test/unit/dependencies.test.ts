import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface Lock {
  readonly packages: Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly license?: string }>;
}

const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
};
const LOCK = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;

/** The packages in the rows of one part of the page. */
function rows(title: string): readonly string[] {
  const page = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");
  const part = page.split(/^## /m).find((text) => text.startsWith(title)) ?? "";
  return [...part.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name ?? "");
}

test("docs/dependencies.md has a row for every dependency, and for no other", () => {
  expect(rows("In production").toSorted()).toEqual(Object.keys(dependencies).toSorted());
  expect(rows("For development").toSorted()).toEqual(Object.keys(devDependencies).toSorted());
});

test("every version is fixed", () => {
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d/.test(version));
  expect(loose).toEqual([]);
});

/** Licences that ask for no more than their text beside the program. */
const PERMISSIVE = ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD"];

test("everything that comes along in production has a licence that asks for its text and nothing else", () => {
  const production = Object.entries(LOCK.packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  const installed = production.map(([path, { license }]) => {
    const own = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8")) as { license?: string };
    return [path, license ?? own.license];
  });
  expect(installed.filter(([, license]) => !PERMISSIVE.includes(license ?? ""))).toEqual([]);
  expect(installed.length).toBeGreaterThanOrEqual(Object.keys(dependencies).length);
});
