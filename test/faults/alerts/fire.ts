/**
 * `make alerts-fire`: a whole Sluice under real faults, one after the other; each must make its alerts fire within its time. Prints cause, alert and
 * seconds, and which did not. `for` is 60 times as short as in the rules, and so are all windows of rules that look back for an hour or more.
 * CAUSES=dark,bind runs those whose cause or alert has one of these words. Some twelve minutes.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ALERT_RULES } from "../../../pipeline/alerts/alert-rules.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { LiveCatalogFiles } from "../../fixture/live-catalog.ts";
import { ClickhouseProxy } from "../clickhouse-proxy.ts";
import { behave, SERVICES, startInstallation } from "../installation.ts";
import { Traffic } from "../traffic.ts";
import { until } from "../until.ts";
import { type Cause, causesOf, leaderless } from "./causes.ts";
import { Fired } from "./fired.ts";
import { MOVED_BOUNDS, shortenedRules } from "./shortened-rules.ts";

const FACTOR = 60;
const RATE = Number(process.env.ALERT_RATE ?? 60);
/** Of all windows an hour is 60 s here: what is compared with the time before it needs that much, and 500 ended messages a network. */
const BASELINE_MS = 120_000;
const CALM_MS = 60_000;

/** No provider does by chance what a case is to show. */
const CALM = {
  errors: { permanentShare: 0, temporaryShare: 0 },
  // Within half a second, or all after the same time, they would look forged.
  receipts: {
    delay: { kind: "lognormal", medianMs: 1_500, p95Ms: 4_000, maxMs: 8_000 },
    states: { DELIVRD: 1, UNDELIV: 0, EXPIRED: 0 },
    lossShare: 0,
  },
};

interface Outcome {
  readonly cause: string;
  readonly alert: string;
  readonly seconds: number | undefined;
}

const words = (process.env.CAUSES ?? "").split(",").filter((word) => word !== "");
const isChosen = ({ cause, alerts }: Cause) =>
  words.length === 0 || words.some((word) => `${cause} ${alerts.join(" ")}`.toLowerCase().includes(word.toLowerCase()));

const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
const outcomes: Outcome[] = [];

let proxy: ClickhouseProxy | undefined;
const sluice = await startInstallation({
  hooks: true,
  // A sink that holds little reads on for seconds only while ClickHouse refuses what it has.
  env: { SLUICE_RECEIPT_DEADLINE: "600s", SLUICE_SINK_MAX_AGE: "1s", SLUICE_SINK_MAX_ROWS: "200" },
  through: async ({ clickhouseUrl }) => {
    proxy = await ClickhouseProxy.start(clickhouseUrl);
    return { clickhouseUrl: proxy.url };
  },
});
const lookup = createServer((request, response) => void request.resume().on("end", () => response.end("{}")));
await new Promise<void>((resolve) => lookup.listen(0, "127.0.0.1", resolve));
const producer = new RecordProducer({
  connection: { brokers: sluice.infra.brokers, clientId: "alerts", log: silentLog },
});
const catalog = new LiveCatalogFiles({ ...sluice.environment, SLUICE_SECRET_OF_TESTS: "secret-a" });
const fired = new Fired(sluice, SERVICES, shortenedRules(FACTOR));
const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.2 });
try {
  await producer.connect();
  for (const provider of ["smsc-a", "smsc-b"] as const) await behave(sluice, provider, CALM);
  const causes = causesOf({
    sluice,
    catalog,
    files: catalog.read(sluice.catalogDir),
    clickhouse: proxy!,
    producer,
    lookupUrl: `http://127.0.0.1:${(lookup.address() as AddressInfo).port}`,
  }).filter(isChosen);
  await traffic.start();
  fired.start();
  say(`up; ${RATE} messages a second, ${causes.length} causes`);
  const began = performance.now();
  for (const cause of causes) {
    const compares = cause.alerts.some((alert) => /Falling|Missing|Jumps/.test(alert));
    if (compares)
      await until(
        () => "a past",
        () => performance.now() - began > BASELINE_MS,
        BASELINE_MS * 2,
      );
    await happen(cause, fired);
  }
} finally {
  fired.stop();
  await traffic.stop().catch(() => {});
  await producer.close().catch(() => {});
  lookup.close();
  catalog.remove();
  await sluice.stop();
  await proxy?.stop();
}
await onThreeBrokers();
report();

/** What one broker alone cannot show. */
async function onThreeBrokers(): Promise<void> {
  if (words.length > 0 && !words.some((word) => "partitionwithoutleader".includes(word.toLowerCase()))) return;
  const three = await startInstallation({ brokers: 3 });
  const firedThere = new Fired(three, SERVICES, shortenedRules(FACTOR));
  try {
    const cause = await leaderless(three);
    firedThere.start();
    await happen(cause, firedThere);
  } finally {
    firedThere.stop();
    await three.stop();
  }
}

async function happen({ cause, alerts, begin, end, within, afresh = false }: Cause, fired: Fired): Promise<void> {
  const already = () => alerts.filter((alert) => fired.firing.has(alert));
  if (afresh) fired.afresh();
  const standing = alerts.every((alert) => alert in MOVED_BOUNDS);
  if (!standing)
    await until(
      () => `${already()} is over before ${cause}`,
      () => already().length === 0,
      CALM_MS,
    ).catch((error) => say(String(error)));
  const before = standing ? [] : already();
  say(cause);
  fired.begin();
  const started = performance.now();
  const seconds = new Map<string, number>();
  try {
    await begin();
    await until(
      () => "they fire",
      () => {
        for (const alert of alerts)
          if (fired.firing.has(alert) && !before.includes(alert) && !seconds.has(alert)) {
            seconds.set(alert, (performance.now() - started) / 1_000);
            say(`  ${alert} after ${seconds.get(alert)!.toFixed(0)} s ${JSON.stringify(fired.firing.get(alert))}`);
          }
        return alerts.every((alert) => seconds.has(alert));
      },
      within * 1_000,
    ).catch(() => {
      for (const alert of alerts.filter((one) => !seconds.has(one)))
        say(`  ${alert}: not within ${within} s; ${fired.seen(alert).join("; ")}`);
    });
  } catch (error) {
    say(`  ${error}`);
  }
  await end().catch((error: unknown) => say(`  ending: ${error}`));
  for (const alert of alerts) outcomes.push({ cause, alert, seconds: seconds.get(alert) });
}

function report(): void {
  console.log(`\n| cause | alert | seconds to fire |\n|---|---|---|`);
  for (const { cause, alert, seconds } of outcomes)
    console.log(`| ${cause} | ${alert} | ${seconds === undefined ? "did not" : seconds.toFixed(0)} |`);
  const seen = new Set(outcomes.flatMap(({ alert, seconds }) => (seconds === undefined ? [] : [alert])));
  const names = [...new Set(ALERT_RULES.map(({ name }) => name))];
  const silent = names.filter((name) => !seen.has(name));
  for (const [name, { said }] of Object.entries(MOVED_BOUNDS)) console.log(`${name}: its bound is moved: ${said}`);
  console.log(`alerts: fired=${seen.size} of=${names.length}; not seen: ${silent.join(", ") || "none"}`);
  const failed = outcomes.some(({ seconds }) => seconds === undefined) || (words.length === 0 && silent.length > 0);
  process.exitCode = failed ? 1 : 0;
}
