import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { METRICS, type MetricSpec } from "../../src/telemetry/metric-list.ts";
import { requireProgram } from "../support/requires.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");
const RULES = join(DEPLOY, "prometheus");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

function read(...path: string[]): string {
  return readFileSync(join(DEPLOY, ...path), "utf8");
}

const { groups } = parse(read("prometheus", "rules.yaml")) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

/** The labels of each series that there is, by its name. */
const SERIES = new Map(
  Object.values<MetricSpec>(METRICS).flatMap(({ name, kind, labels }) =>
    kind === "histogram"
      ? [`${name}_bucket`, `${name}_sum`, `${name}_count`].map((series) => [series, labels] as const)
      : [[name, labels] as const],
  ),
);

function unknownMetrics(text: string): string[] {
  return (text.match(/\bs1bridge_[a-z_]+\b/g) ?? []).filter((name) => !SERIES.has(name));
}

describe("deploy/prometheus", () => {
  test.each(rules.map((rule) => [rule.alert, rule] as const))(
    "%s: its metrics exist, and it says what to do",
    (_, rule) => {
      expect(unknownMetrics(JSON.stringify(rule))).toEqual([]);
      expect(rule.labels.severity).toMatch(/^(warning|critical)$/);
      expect(rule.annotations.summary).not.toBe("");
      expect(rule.annotations.action).not.toBe("");
    },
  );

  test("each alarm is tested, raised and quiet", () => {
    const { tests } = parse(read("prometheus", "rules.test.yaml")) as { tests: readonly { name: string }[] };
    const names = tests.map(({ name }) => name).toSorted();
    expect(names).toEqual(rules.flatMap(({ alert }) => [`${alert} is quiet`, `${alert} is raised`]).toSorted());
  });

  test.skipIf(requireProgram("promtool").missing)("promtool finds each alarm as its tests say", () => {
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", "rules.test.yaml"], {
      cwd: RULES,
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("SUCCESS");
  });
});

describe("deploy/grafana/s1bridge.json", () => {
  const text = read("grafana", "s1bridge.json");
  const { panels } = JSON.parse(text) as {
    panels: readonly {
      title: string;
      id: number;
      gridPos: { x: number; y: number; w: number; h: number };
      targets: readonly { expr: string; legendFormat: string }[];
    }[];
  };

  test("its metrics exist, and its legends name labels that they have", () => {
    expect(unknownMetrics(text)).toEqual([]);
    for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
      const has = (expr.match(/\bs1bridge_[a-z_]+\b/g) ?? []).flatMap((name) => SERIES.get(name) ?? []);
      const named = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label = ""]) => label);
      expect(named.filter((label) => label !== "instance" && !has.includes(label))).toEqual([]);
    }
  });

  test("no two panels have a number in common or lie over each other", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
