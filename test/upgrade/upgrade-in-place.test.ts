/**
 * Upgrade in place: topics, commits and tables that the services of an earlier commit have written are gone on with by
 * today's. The earlier ones are stopped while messages wait for receipts and in retry tiers; their sender is killed with
 * requests under way. Today's migrate, take over, and no message is lost, sent more often than stated, or ends in two ways.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createClient } from "@clickhouse/client";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { newMessageId } from "../../domain/message/message-id.ts";
import { isPortFree } from "../../infra/local/port-holder.ts";
import { type SluiceEndpoints, sluiceEndpoints } from "../../infra/local/sluice-processes.ts";
import { smscSettingsSchema } from "../../infra/simulators/smsc/settings.ts";
import { SmscSimulator } from "../../infra/simulators/smsc/smsc.ts";
import { runAudit } from "../../services/cli/run-audit.ts";
import { EarlierSluice, hasCommit } from "../faults/earlier-sluice.ts";
import { PARTITIONS } from "../faults/installation.ts";
import { TcpProxy } from "../faults/tcp-proxy.ts";
import { until } from "../faults/until.ts";
import { type OwnCluster, startCluster } from "../fixture/cluster.ts";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";
import { startNativeCluster } from "../fixture/native-test-cluster.ts";
import { portOf } from "../interop/interop-catalog.ts";

const EARLIER = "af0e5d39";
/** Receipts of what is sent before the upgrade come so late, milliseconds: the earlier services must be gone by then. */
const RECEIPTS_AFTER_MS = 30_000;
const CATALOG = resolve(import.meta.dirname, "../../infra/local/catalog");

/** Messages by what has become of them when the earlier services stop; each kind has numbers of its own. */
const KINDS = {
  ended: { prefix: "4915111", count: 60 },
  submitted: { prefix: "4915122", count: 60 },
  refused: { prefix: "4915133", count: 30 },
  unanswered: { prefix: "4915144", count: 40 },
  /** Produced when nobody is there. */
  produced: { prefix: "4915155", count: 30 },
} as const;
type Kind = keyof typeof KINDS;

const cleanups: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean();
}, 120_000);

const reachable = hasCommit(EARLIER);
if (!reachable)
  console.warn(`upgrade in place: SKIPPED, this clone is shallow and lacks ${EARLIER}: git fetch --unshallow`);

describe.skipIf(!reachable)("upgrade in place", () => {
  test(`what the services of ${EARLIER} have written is gone on with`, async () => {
    const infra = await startCluster();
    cleanups.push(() => infra.stop());
    const port = await freeSimulatorPort();
    const smsc = await startSimulator(port);
    const ids = new Map<Kind, string[]>();

    const earlier = await EarlierSluice.start(EARLIER, infra, environment(port));
    cleanups.push(() => earlier.stop());
    ids.set("ended", await send(earlier, "ended"));
    await untilCounted(infra, ids, "ended", "type = 'final' AND state = 'delivered'");
    change(smsc, {
      receipts: { delay: { kind: "constant", ms: RECEIPTS_AFTER_MS } },
      rules: [
        { prefix: KINDS.refused.prefix, status: "ESME_RSYSERR" },
        { prefix: KINDS.unanswered.prefix, responseDelay: { kind: "constant", ms: 120_000 } },
      ],
    });
    ids.set("submitted", await send(earlier, "submitted"));
    await untilCounted(infra, ids, "submitted", "type = 'submitted'");
    ids.set("unanswered", await send(earlier, "unanswered"));
    await untilUnanswered(smsc, KINDS.unanswered.count);
    ids.set("refused", await send(earlier, "refused"));
    await untilCounted(infra, ids, "refused", "type = 'returned'");
    await earlier.kill("sender");
    await earlier.stop();
    const open = await countRows(infra, "final = 0");
    // On a slow machine some receipts have come by now.
    expect(open).toBeGreaterThan(KINDS.refused.count + KINDS.unanswered.count);

    ids.set("produced", await produce(infra, ids.get("ended")!));
    change(smsc, { rules: [] });
    const today = await startToday(infra, port);
    // The same requests once more, under the keys that the earlier ingest made their ids from.
    expect(await send(today, "ended")).toEqual(ids.get("ended"));
    await untilCounted(infra, ids, "all", "type = 'final'", 150_000);

    await everyMessageHasItsEnd(infra, today, ids);
    await copiesAreAsStated(infra, smsc, ids);
    const report = await audit(infra, smsc);
    expect(report).toMatchObject({ missing: 0, duplicated: 0, contradicting: 0, unrequested: 0 });
    expect(report.accepted).toBe([...ids.values()].flat().length);
  }, 600_000);
});

function environment(port: number): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-upgrade-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(CATALOG, folder, { recursive: true });
  // What the earlier one does not know.
  const accounts = parse(readFileSync(join(folder, "accounts.yaml"), "utf8")) as { smpp?: object }[];
  writeFileSync(join(folder, "accounts.yaml"), stringify(accounts.map(({ smpp: _, ...known }) => known)));
  const smpp = {
    host: "127.0.0.1",
    port,
    systemId: "sluice",
    password: "secret",
    clientReferenceTlv: 0x1401,
  };
  const provider = {
    id: "steady",
    kind: "smpp",
    currency: "EUR",
    rate: 200,
    window: 100,
    receiptDeadlineSeconds: 120,
    // The refused must not hold up the others.
    circuit: { failures: 1_000 },
    smpp: { ...smpp, responseTimeoutMs: 60_000 },
    prices: [{ price: "0.0500" }],
  };
  writeFileSync(join(folder, "providers.yaml"), stringify([provider]));
  const route = { id: "all", strategy: "priority", providers: [{ id: "steady" }] };
  writeFileSync(join(folder, "routes.yaml"), stringify([route]));
  return { SLUICE_CATALOG_DIR: folder, SLUICE_SINK_MAX_AGE: "500ms" };
}

async function startSimulator(port: number): Promise<SmscSimulator> {
  const behaviour = { receipts: { delay: { kind: "constant", ms: 100 }, states: { DELIVRD: 1 } } };
  const settings = { name: "steady", port, controlPort: 0, clientReferenceTlv: 0x1401, behaviour };
  const smsc = new SmscSimulator(smscSettingsSchema.parse(settings));
  await smsc.start();
  cleanups.push(() => smsc.stop());
  return smsc;
}

function change(smsc: SmscSimulator, changes: object): void {
  expect(smsc.updateSettings(changes)).toEqual([]);
}

/** Below the ports of outgoing connections. */
async function freeSimulatorPort(): Promise<number> {
  for (let port = 28_000 + Math.floor(Math.random() * 4_000); ; port++) if (await isPortFree(port)) return port;
}

async function startToday(infra: OwnCluster, port: number): Promise<SluiceEndpoints> {
  const { config, stop } = await startNativeCluster(1, "services", {
    SLUICE_EXTERNAL_BROKERS: infra.brokers.join(","),
    SLUICE_EXTERNAL_REGISTRY_URL: infra.registryUrl,
    SLUICE_EXTERNAL_CLICKHOUSE_URL: infra.clickhouseUrl,
    SLUICE_CLICKHOUSE_USER: infra.clickhouseLogin.username,
    SLUICE_CLICKHOUSE_PASSWORD: infra.clickhouseLogin.password,
    ...environment(port),
  });
  cleanups.push(stop);
  const endpoints = sluiceEndpoints(config);
  const expected = portOf(endpoints.catalogDir, "steady");
  if (expected !== port) {
    const proxy = await TcpProxy.start(expected, { host: "127.0.0.1", port });
    cleanups.push(() => proxy.stop());
  }
  return endpoints;
}

/** Number n of a kind. */
const numberOf = (kind: Kind, n: number): string => `${KINDS[kind].prefix}${String(n).padStart(6, "0")}`;
/** Half of what is in doubt is sent again, half is held. */
const laneOf = (n: number): string => (n % 2 === 0 ? "otp" : "marketing");

async function send({ ingestUrl }: Pick<SluiceEndpoints, "ingestUrl">, kind: Kind): Promise<string[]> {
  const messages = Array.from({ length: KINDS[kind].count }, (_, n) => ({
    to: `+${numberOf(kind, n)}`,
    from: "ACME",
    text: `Number ${n}`,
    lane: laneOf(n),
    idempotencyKey: `${kind}/${n}`,
  }));
  const response = await fetch(`${ingestUrl}/v1/messages/batch`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer acme-demo-key" },
    body: JSON.stringify({ messages }),
  });
  const body = (await response.json()) as { messages: { id: string }[] };
  expect(response.status, JSON.stringify(body)).toBe(202);
  return body.messages.map(({ id }) => id);
}

/** New requests of an upstream system, and some that it has sent before. */
async function produce(infra: OwnCluster, before: readonly string[]): Promise<string[]> {
  const kafka = new Kafka({ clientId: "upstream", brokers: infra.brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const registry = new SchemaRegistry({ host: infra.registryUrl });
  const schemaId = await registry.getLatestSchemaId("sluice.SendRequest");
  const ids = Array.from({ length: KINDS.produced.count }, () => newMessageId());
  const request = async (kind: Kind, messageId: string, n: number) => {
    const [to, text] = [numberOf(kind, n), `Number ${n}`];
    const value = { messageId, accountId: "acme", to, from: "ACME", text, metadata: {} };
    return {
      topic: `sms.requests.${laneOf(n)}`,
      messages: [{ key: to, value: await registry.encode(schemaId, value) }],
    };
  };
  const topicMessages = await Promise.all([
    ...ids.map((id, n) => request("produced", id, n)),
    ...before.slice(0, 10).map((id, n) => request("ended", id, n)),
  ]);
  await producer.sendBatch({ topicMessages });
  await producer.disconnect();
  return ids;
}

async function untilUnanswered(smsc: SmscSimulator, count: number): Promise<void> {
  const { unanswered } = smsc.ledger;
  await until(
    () => `${count} requests stand unanswered, there are ${unanswered.size}`,
    () => unanswered.size >= count,
    60_000,
  );
}

async function query<Row>(infra: OwnCluster, sql: string): Promise<Row[]> {
  const clickhouse = createClient({ ...clickhouseOptions(infra), database: "sluice" });
  try {
    return await (await clickhouse.query({ query: sql, format: "JSONEachRow" })).json<Row>();
  } finally {
    await clickhouse.close();
  }
}

const quoted = (ids: readonly string[]): string => ids.map((id) => `'${id}'`).join(",");

async function countRows(infra: OwnCluster, condition: string): Promise<number> {
  const rows = await query<{ n: number }>(
    infra,
    `SELECT toUInt32(count()) AS n FROM messages_latest WHERE ${condition}`,
  );
  return rows[0]!.n;
}

/** Until every message of this kind has such an event in ClickHouse. */
async function untilCounted(
  infra: OwnCluster,
  ids: ReadonlyMap<Kind, readonly string[]>,
  kind: Kind | "all",
  condition: string,
  ms = 90_000,
): Promise<void> {
  const wanted = kind === "all" ? [...ids.values()].flat() : ids.get(kind)!;
  let seen = 0;
  await until(
    () => `${wanted.length} messages (${kind}) have an event with ${condition}, ${seen} have`,
    async () => {
      const sql = `SELECT toUInt32(uniqExact(message_id)) AS n FROM events WHERE ${condition} AND message_id IN (${quoted(wanted)})`;
      seen = (await query<{ n: number }>(infra, sql))[0]!.n;
      return seen === wanted.length;
    },
    ms,
  );
}

/** In SQL and over HTTP: what the provider reported as delivered is delivered, whoever had submitted it. */
async function everyMessageHasItsEnd(
  infra: OwnCluster,
  { ingestUrl }: SluiceEndpoints,
  ids: ReadonlyMap<Kind, readonly string[]>,
): Promise<void> {
  for (const [kind, list] of ids) {
    const sql = `SELECT state, toUInt32(finals) AS finals, toUInt32(count()) AS messages FROM messages_latest
      WHERE message_id IN (${quoted(list)}) GROUP BY state, finals`;
    expect(await query(infra, sql), kind).toEqual([{ state: "delivered", finals: 1, messages: list.length }]);
    for (const id of [list[0], list.at(-1)]) {
      const headers = { authorization: "Bearer acme-demo-key" };
      const answer = await (await fetch(`${ingestUrl}/v1/messages/${id}`, { headers })).json();
      expect(answer, kind).toMatchObject({ status: "delivered" });
    }
  }
}

/** One copy each; of what was in doubt two at the most in the lane that sends again, one in the lane that holds. */
async function copiesAreAsStated(
  infra: OwnCluster,
  smsc: SmscSimulator,
  ids: ReadonlyMap<Kind, readonly string[]>,
): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${smsc.ports.control}/ledger`);
  const lines = (await response.text()).trim().split("\n");
  const copies = new Map<string, number>();
  for (const line of lines) {
    const { reference, parts } = JSON.parse(line) as { reference?: string; parts?: { accepted: number }[] };
    // The last line holds the sums.
    if (reference !== undefined) copies.set(reference, Math.max(...(parts ?? []).map(({ accepted }) => accepted)));
  }
  for (const [kind, list] of ids)
    for (const [n, id] of list.entries()) {
      const allowed = kind === "unanswered" && laneOf(n) === "otp" ? [1, 2] : [1];
      expect(allowed, `${kind} ${n} was accepted ${copies.get(id)} times`).toContain(copies.get(id));
    }
  const [inDoubt] = await query<{ n: number }>(
    infra,
    `SELECT toUInt32(uniqExact(message_id)) AS n FROM events WHERE type = 'in_doubt' AND message_id IN (${quoted(ids.get("unanswered")!)})`,
  );
  expect(inDoubt!.n).toBe(KINDS.unanswered.count);
}

function audit(infra: OwnCluster, smsc: SmscSimulator) {
  return runAudit({
    connection: { brokers: infra.brokers, clientId: "audit", log: { debug() {}, info() {}, warn() {}, error() {} } },
    registry: infra.registryUrl,
    partitions: PARTITIONS,
    ledgers: [`http://127.0.0.1:${smsc.ports.control}`],
    waitMs: 30_000,
  });
}
