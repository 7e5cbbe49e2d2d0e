import { resolve } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { askPanels, emptyPanels } from "../../infra/grafana/ask-panels.ts";
import { BOARDS } from "../../infra/grafana/boards/boards.ts";
import { metricsOf } from "../../infra/grafana/metrics-of.ts";
import { panelFaults } from "../../infra/grafana/panel-faults.ts";
import { readClusterConfig } from "../../infra/local/cluster-config.ts";
import { metricNames, metricProblems } from "../../infra/prometheus/metric-lint.ts";
import { ALERT_RULES } from "../../pipeline/alerts/alert-rules.ts";
import { selectorsOf } from "../../pipeline/alerts/expression.ts";
import { startPrometheus } from "../fixture/prometheus.ts";
import { disconnect, freshNumber, post, until, untilFinal } from "./sluice.ts";

afterAll(disconnect);

const { adminUrls } = inject("sluice");

async function pages(): Promise<Map<string, string>> {
  const read = async ([service, url]: [string, string]) =>
    [service, await (await fetch(`${url}/metrics`)).text()] as const;
  return new Map(await Promise.all(Object.entries(adminUrls).map(read)));
}

function sum(page: string, name: string, ...labels: string[]): number {
  const lines = page.split("\n").filter((line) => line.startsWith(`${name}{`) && labels.every((l) => line.includes(l)));
  return lines.reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}

test("every service's metrics page keeps the rules", async () => {
  const all = await pages();
  expect(all.size).toBeGreaterThanOrEqual(5);
  for (const [service, page] of all) expect(metricProblems(page), service).toEqual([]);
});

test("a message's stages, its outcome and its cost are counted where they end", async () => {
  const before = await pages();
  const answer = await post("/v1/messages", { to: `+${freshNumber()}`, text: "measured", lane: "otp" });
  expect(answer.status).toBe(202);
  await untilFinal([(answer.body as { id: string }).id]);
  const grown = async (service: string, name: string, ...labels: string[]) =>
    sum((await pages()).get(service)!, name, ...labels) - sum(before.get(service)!, name, ...labels);
  const stage = (service: string, name: string) =>
    grown(service, "message_stage_seconds_count", `stage="${name}"`, 'lane="otp"');
  expect(await stage("router", "accepted_routed")).toBeGreaterThanOrEqual(1);
  expect(await stage("sender", "routed_submitted")).toBeGreaterThanOrEqual(1);
  expect(await stage("sender", "accepted_submitted")).toBeGreaterThanOrEqual(1);
  expect(await grown("sender", "provider_cost_total")).toBeGreaterThan(0);
  await until("its outcome is counted", async () => (await grown("dlr-collector", "correlator_outcomes_total")) >= 1);
});

test("what rules and dashboards ask for is what the services show", async () => {
  const shown = new Set([...(await pages()).values()].flatMap((page) => [...metricNames(page)]));
  // Prometheus's own.
  for (const name of ["up", "ALERTS"]) shown.add(name);
  const ruled = ALERT_RULES.flatMap(selectorsOf).map(({ metric }) => metric);
  const drawn = Object.values(BOARDS)
    .flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))
    .filter(({ source }) => source === "prometheus")
    .flatMap(({ queries }) => queries.flatMap(({ text }) => metricsOf(text)));
  expect([...new Set([...ruled, ...drawn])].filter((name) => !shown.has(name))).toEqual([]);
});

test("the brokers say how full their disks are", async () => {
  const bytes = async (name: string) => {
    const page = (await pages()).get("analytics-sink")!;
    const lines = page.matchAll(new RegExp(`^${name}\\{(broker="\\d+",dir="[^"]+")\\} (\\S+)$`, "gm"));
    return new Map([...lines].map(([, labels, value]) => [labels!, Number(value)]));
  };
  await until("they have been asked", async () => (await bytes("kafka_disk_size_bytes")).size > 0);
  const free = await bytes("kafka_disk_free_bytes");
  for (const [disk, size] of await bytes("kafka_disk_size_bytes")) {
    expect(free.get(disk), disk).toBeGreaterThan(0);
    expect(free.get(disk), disk).toBeLessThanOrEqual(size);
  }
});

test("panels select and group by labels that the services' series have", async () => {
  const panels = Object.values(BOARDS).flatMap(({ rows }) => rows.flatMap((row) => row.panels));
  expect(panelFaults(panels, (await pages()).values())).toEqual([]);
});

const PROJECT = resolve(import.meta.dirname, "../..");
/** "missing" where none is on the path, as for `make up`. */
const { prometheus } = readClusterConfig({ ...process.env, SLUICE_CLUSTER_SCOPE: "all" }, PROJECT);

test.skipIf(prometheus === "missing" || prometheus === "off")(
  "each panel of Prometheus shows something, or says when it does not (needs Debian's package prometheus)",
  async () => {
    const { url, stop } = await startPrometheus(prometheus, adminUrls);
    try {
      let empty: string[] = [];
      const sends = setInterval(() => {
        for (const lane of ["otp", "transactional", "marketing"])
          void post("/v1/messages", { to: `+${freshNumber()}`, text: "drawn", lane }).catch(() => {});
      }, 300);
      try {
        await until(
          () => `every panel shows something; not: ${empty.join("; ")}`,
          async () => {
            empty = emptyPanels(await askPanels(url, BOARDS));
            return empty.length === 0;
          },
        );
      } finally {
        clearInterval(sends);
      }
    } finally {
      await stop();
    }
  },
);
