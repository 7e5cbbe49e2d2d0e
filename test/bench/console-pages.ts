/**
 * What open pages of the console ask of ClickHouse, with answers that are kept and without: queries a second, and processor time. It asks
 * what the pages ask, as often as they do, of the running cluster's ClickHouse: node test/bench/console-pages.ts. PAGES (100) and SECONDS (30) change it.
 */
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { clickhouseLogin } from "../../infra/local/clickhouse-access.ts";
import { clusterEndpoints, readClusterConfig } from "../../infra/local/cluster-config.ts";
import { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { CachedAnswers } from "../../services/console/read/cached-answers.ts";
import { deadLetters } from "../../services/console/read/dead-letters.ts";
import { figuresBy, steps } from "../../services/console/read/figures.ts";
import { stageFigures } from "../../services/console/read/stage-figures.ts";

const PAGES = Number(process.env.PAGES || 100);
const SECONDS = Number(process.env.SECONDS || 30);
/** As services/console/questions.ts and the views have them, ms. */
const MAX_AGE_MS = 10_000;
const STAGES_EVERY_MS = 5_000;

const config = readClusterConfig(process.env, resolve(import.meta.dirname, "../.."));
const { username: user, password } = clickhouseLogin(config, "sluice");
const reader = new ClickhouseReader({
  url: clusterEndpoints(config).clickhouseUrl,
  database: "sluice",
  user,
  password,
});

type Ask = (key: string, ask: () => Promise<unknown>) => Promise<unknown>;

/** What a page asks for, and how often. */
const VIEWS: readonly (readonly {
  readonly everyMs: number;
  readonly key: string;
  readonly ask: () => Promise<unknown>;
}[])[] = [
  [
    { everyMs: 15_000, key: "provider", ask: () => figuresBy(reader, "provider", "1h") },
    { everyMs: 30_000, key: "steps", ask: () => steps(reader, "1h", "") },
  ],
  [
    { everyMs: 15_000, key: "account", ask: () => figuresBy(reader, "account", "1h") },
    { everyMs: 15_000, key: "country", ask: () => figuresBy(reader, "country", "1h") },
  ],
  [{ everyMs: 15_000, key: "letters", ask: () => deadLetters(reader, { from: Date.now() - 3_600_000 }) }],
];

async function counted(): Promise<{ readonly queries: number; readonly cpuMs: number }> {
  const rows = await reader.lookUp((ask) =>
    ask<{ event: string; value: string }>("SELECT event, toString(value) AS value FROM system.events", {}),
  );
  const of = (name: string) => Number(rows.find(({ event }) => event === name)?.value ?? 0);
  return { queries: of("SelectQuery"), cpuMs: of("OSCPUVirtualTimeMicroseconds") / 1_000 };
}

/** Lets the pages ask for a while; what all of them show is asked for by the console once. */
async function measure(name: string, pages: number, ask: Ask): Promise<void> {
  const end = performance.now() + SECONDS * 1_000;
  let asked = 0;
  let refused = 0;
  const repeat = async (everyMs: number, key: string, question: () => Promise<unknown>) => {
    await pause(Math.random() * Math.min(everyMs, SECONDS * 1_000));
    for (; performance.now() < end; await pause(Math.min(everyMs, Math.max(0, end - performance.now())))) {
      asked++;
      await ask(key, question).catch(() => refused++);
    }
  };
  const before = await counted();
  const began = performance.now();
  await Promise.all([
    ...(pages > 0 ? [repeat(STAGES_EVERY_MS, "stages", () => stageFigures(reader))] : []),
    ...Array.from({ length: pages }, (_, page) => VIEWS[page % VIEWS.length]!).flatMap((view) =>
      view.map((one) => repeat(one.everyMs, one.key, one.ask)),
    ),
    pause(SECONDS * 1_000),
  ]);
  const seconds = (performance.now() - began) / 1_000;
  const after = await counted();
  const each = (value: number) => (value / seconds).toFixed(2);
  const queries = after.queries - before.queries - 1;
  console.log(
    `${name}: ${pages} pages, ${each(asked)} questions/s${refused === 0 ? "" : ` (${each(refused)} refused: too many at once)`}, ${each(queries)} queries/s in ClickHouse, ${each(after.cpuMs - before.cpuMs)} ms of processor time a second`,
  );
}

const kept = new CachedAnswers(Date.now);
try {
  await measure("nobody", 0, (_, ask) => ask());
  await measure("answers kept", PAGES, (key, ask) => kept.of(key, MAX_AGE_MS, ask));
  await measure("every question asked", PAGES, (_, ask) => ask());
} finally {
  await reader.close();
}
