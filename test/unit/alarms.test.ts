import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { METRICS, type MetricSpec } from "../../src/telemetry/metric-list.ts";
import { requireProgram } from "../support/requires.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");

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
});

describe("deploy/grafana/s1bridge.json", () => {
  const text = read("grafana", "s1bridge.json");
  const { panels } = JSON.parse(text) as {
    panels: readonly {
      type: string;
      title: string;
      id: number;
      datasource: object;
      gridPos: { x: number; y: number; w: number; h: number };
      targets: readonly { expr: string; legendFormat: string; refId: string; datasource?: object }[];
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

  test.skipIf(requireProgram("promtool").missing)("promtool can read every expression", () => {
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(20);
    const records = expressions.map((expr, at) => ({
      record: `panel:${at}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*"),
    }));
    const directory = mkdtempSync(join(tmpdir(), "s1bridge-grafana-"));
    try {
      writeFileSync(join(directory, "rules.yaml"), JSON.stringify({ groups: [{ name: "dashboard", rules: records }] }));
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", "rules.yaml"], {
        cwd: directory,
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`SUCCESS: ${records.length} rules found`);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test("it has what Grafana needs to load it: known panels, queries of the chosen data source, variables that are there", () => {
    const { schemaVersion, uid, templating } = JSON.parse(text) as {
      schemaVersion: number;
      uid: string;
      templating: { list: readonly { name: string; type: string }[] };
    };
    expect([schemaVersion, uid]).toEqual([expect.any(Number), "s1bridge"]);
    const variables = templating.list.map(({ name }) => name);
    const used = Array.from(text.matchAll(/\$\{?(?!__)(\w+)/g), ([, name = ""]) => name);
    expect(used.filter((name) => !variables.includes(name))).toEqual([]);
    for (const { type, title, datasource, targets, gridPos } of panels) {
      expect(["stat", "timeseries"]).toContain(type);
      expect(title).not.toBe("");
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const each of [datasource, ...targets.map((target) => target.datasource ?? datasource)])
        expect(each).toEqual({ type: "prometheus", uid: "${datasource}" });
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
