import { METRICS, type MetricSpec } from "../src/telemetry/metric-list.ts";

const HEAD = `# Metrics

GENERATED from src/telemetry/metric-list.ts.

\`GET /metrics\` on \`telemetry.listen\` answers in Prometheus' text format. Names and labels are a contract: they are added to, not
renamed. Counters begin at 0 with the process, unless the help says otherwise; what has to last over restarts is in
\`s1bridge status\` and the heartbeat. Beside these there are prom-client's own metrics of the process (\`process_…\`, \`nodejs_…\`);
\`nodejs_eventloop_lag_…\` is looked at twice a second and is 0 for a loop that is never late.

[deploy/prometheus](../deploy/prometheus/README.md) has alarms, each tested, and [deploy/grafana](../deploy/grafana/s1bridge.json) a
dashboard.
`;

/** docs/metrics.md. */
export function metricsPage(): string {
  const rows = Object.values<MetricSpec>(METRICS).map(
    ({ name, kind, labels, help, watch }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${help} | ${watch ?? ""} |`,
  );
  return `${HEAD}\n| name | type | labels | what it is | what to make of it |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}
