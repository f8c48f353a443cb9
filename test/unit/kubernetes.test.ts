import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";

/**
 * The manifests against the API's schemas, as `kubernetes-models` has them: the values by its validator, which lets unknown keys
 * pass, and the keys by its types, which do not.
 */

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "deploy/kubernetes");

// oxlint-disable-next-line typescript/no-explicit-any -- What it is, is what the test finds out.
type Manifest = any;

function read(path: string): Manifest {
  return parseDocument(readFileSync(join(FOLDER, path), "utf8")).toJS();
}

const base = ["namespace", "service-account", "deployment", "volume", "network-policy"].map((name) => ({
  name: `base/${name}.yaml`,
  manifest: read(`base/${name}.yaml`),
}));

/** As kustomize does with a patch: what has the same name is merged, the rest is added. */
function merged(under: Manifest, over: Manifest): Manifest {
  if (Array.isArray(under) && Array.isArray(over)) {
    const named = (name: string): Manifest => over.find((one: Manifest) => one?.name === name);
    const names = under.map((one: Manifest) => one?.name as string);
    const changed = under.map((one: Manifest) => (named(one?.name) === undefined ? one : merged(one, named(one.name))));
    return [...changed, ...over.filter((one: Manifest) => !names.includes(one?.name))];
  }
  if (typeof under !== "object" || typeof over !== "object" || under === null || over === null) return over;
  const keys = [...new Set([...Object.keys(under as object), ...Object.keys(over as object)])];
  return Object.fromEntries(keys.map((key) => [key, key in over ? merged(under[key], over[key]) : under[key]]));
}

const deployment = base.find(({ name }) => name === "base/deployment.yaml")?.manifest;
const sidecar = { name: "sidecar/deployment.yaml", manifest: merged(deployment, read("sidecar/deployment.yaml")) };
const all = [...base, sidecar];

async function valueFaults(manifest: Manifest): Promise<string> {
  const { apiVersion, kind } = manifest as { apiVersion: string; kind: string };
  const path = `kubernetes-models/${apiVersion}/${kind}`;
  const module = (await import(/* @vite-ignore */ path)) as Record<string, new (data: Manifest) => Model>;
  const Kind = module[kind];
  if (Kind === undefined) throw new Error(`no ${apiVersion} ${kind}`);
  try {
    new Kind(manifest).validate();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

interface Model {
  validate(): void;
}

/** What the compiler finds in each, by its name. */
async function keyFaults(manifests: Readonly<Record<string, Manifest>>): Promise<Record<string, string>> {
  const caches = join(ROOT, "node_modules/.cache");
  mkdirSync(caches, { recursive: true });
  const directory = mkdtempSync(join(caches, "kubernetes-"));
  try {
    const files = Object.entries(manifests).map(([name, manifest], n) => {
      const { apiVersion, kind } = manifest as { apiVersion: string; kind: string };
      const file = join(directory, `${n}.mts`);
      const type = `import("kubernetes-models/${apiVersion}/${kind}").I${kind}`;
      writeFileSync(file, `export const manifest: ${type} = ${JSON.stringify(manifest)};\n`);
      return { name, file };
    });
    const options = [
      "--ignoreConfig",
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--target",
      "es2024",
    ];
    const compiler = join(ROOT, "node_modules/.bin/tsc");
    const text = await promisify(execFile)(compiler, [...options, ...files.map(({ file }) => file)]).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    // A message without a file is a fault of this test.
    const lines = text.split("\n").filter((line) => line !== "");
    expect(lines.filter((line) => !line.includes(".mts("))).toEqual([]);
    return Object.fromEntries(
      files.map(({ name, file }) => [name, lines.filter((line) => line.includes(`/${basename(file)}(`)).join("\n")]),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const MUTATIONS: Record<string, (manifest: Manifest) => void> = {
  "a value of another type": (one) => (one.spec.replicas = "1"),
  "a key that is missing": (one) => delete one.spec.selector,
  "a list that is a text": (one) => (one.spec.template.spec.containers[0].livenessProbe.exec.command = "node"),
  "a key that is misspelt": (one) =>
    (one.spec.template.spec.containers[0].securityContext.readonlyRootFilesystem = true),
  "a key at another place": (one) => (one.spec.strategyType = "Recreate"),
};

const broken = Object.entries(MUTATIONS).map(([name, mutate]) => {
  const manifest = structuredClone(deployment);
  mutate(manifest);
  return { name, manifest };
});

describe("the API of Kubernetes", () => {
  let keys: Record<string, string>;
  beforeAll(async () => {
    keys = await keyFaults(
      Object.fromEntries([...all, ...broken].map(({ name, manifest }) => [name, manifest as unknown])),
    );
  });

  test.each(all)("takes $name", async ({ name, manifest }) => {
    expect([await valueFaults(manifest), keys[name]]).toEqual(["", ""]);
  });

  test.each(broken)("refuses $name", async ({ name, manifest }) => {
    expect(`${await valueFaults(manifest)}${keys[name]}`).not.toBe("");
  });
});
