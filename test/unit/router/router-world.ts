import { accountSchema } from "../../../domain/catalog/account.ts";
import { parseProvider, parseRoute } from "../../../domain/catalog/catalog.ts";
import type { Lookup } from "../../../domain/catalog/lookup.ts";
import type { Provider } from "../../../domain/catalog/provider.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { type DeliveryView, NO_DELIVERIES } from "../../../domain/routing/delivery-view.ts";
import { ProviderHealth } from "../../../pipeline/follow/provider-health.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../pipeline/records/register.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { SendRequest } from "../../../schemas/generated/types.ts";
import { ROUTER_INPUTS } from "../../../schemas/topics.ts";
import { CapBoard } from "../../../services/router/cap-board.ts";
import { LedHealth } from "../../../services/router/led-health.ts";
import type { LookupClient } from "../../../services/router/lookups/http-lookup.ts";
import { lookupMetrics } from "../../../services/router/lookups/lookup-metrics.ts";
import { NumberNetworks } from "../../../services/router/lookups/number-networks.ts";
import { Router } from "../../../services/router/router.ts";
import { routerMetrics } from "../../../services/router/router-metrics.ts";
import type { MessageRule } from "../../../services/router/rules/message-rule.ts";
import { ScheduledMessages } from "../../../services/router/scheduled/scheduled-messages.ts";
import { FakeRegistry } from "../pipeline/fake-registry.ts";
import { memoryTables } from "./scheduled/memory-tables.ts";

export const P = 6;
export const NOW = 1_764_000_000_000;
export const TO = "4915112345678";
export const HOME = partitionFor(TO, P);

const registry = new FakeRegistry();
await registerSchemas(registry as never);
export const codecs = await createCodecs(registry);

export function provider(id: string): Provider {
  const parsed = parseProvider({
    id,
    kind: "smpp",
    rate: 100,
    currency: "EUR",
    smpp: { host: "127.0.0.1", port: 1, systemId: "s", password: "p" },
    prices: [{ price: "0.01" }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** A router on an event log in memory. `random`: what draws among equals; `delivery`: what receipts say; `strategy`: of its one route. */
export function world(
  random = () => 0,
  delivery: DeliveryView = NO_DELIVERIES,
  strategy = "weighted",
  client: (lookup: Lookup) => LookupClient = () => {
    throw new Error("there is no look-up in this world");
  },
) {
  const providers = [provider("a"), provider("b")];
  const route = parseRoute({ id: "all", strategy, providers: [{ id: "a" }, { id: "b" }] });
  if (!route.ok) throw new Error("route");
  const account = accountSchema.parse({ id: "acme", name: "Acme" });
  const whole = snapshotOf({ accounts: [account], providers, routes: [route.value], retired: [], regions: [] });
  const catalog = { current: whole };
  const health = new ProviderHealth(() => undefined);
  /** Topics of which partitions wait for a leader. */
  const unled = new Map<string, readonly number[]>();
  const writes = {
    get hasFailing() {
      return unled.size > 0;
    },
    leaderlessSince: (topic: string, partition: number) => (unled.get(topic)?.includes(partition) ? 1 : 0),
  };
  const spreadOf = (id: string) => catalog.current.known.get(id)?.partitions;
  const log: InRecord[] = [];
  const board = new CapBoard();
  const rules: MessageRule[] = [];
  const scheduled = new ScheduledMessages(memoryTables());
  scheduled.follow({ caughtUp: async () => true, lag: 0 });
  /** Written beside the decisions. `silent`: nobody confirms it. */
  const said: OutRecord[] = [];
  const answers = { silent: false };
  const producer = {
    send: (records: readonly OutRecord[]) => {
      said.push(...records);
      return answers.silent ? new Promise<void>(() => {}) : Promise.resolve();
    },
  };
  let now = NOW;
  const ends = { version: 0, ends: [] as number[] };
  const networks = new NumberNetworks({
    catalog,
    client,
    metrics: lookupMetrics(new MetricRegistry()),
    log: silentLog,
    now: () => now,
    monotonic: () => now - NOW,
  });
  const start = async (offsets: readonly number[] = ROUTER_INPUTS.map(() => 0), state = "") => {
    const router = new Router({
      codecs,
      partitions: P,
      catalog,
      health: new LedHealth(health, writes, { partition: HOME, spreadOf }),
      delivery,
      reader: {
        watermarks: async () => Array.from({ length: P }, () => ({ low: 0, high: log.length })),
        readRange: async (_t: string, _p: number, from: number, to: number, take: (r: InRecord) => void) => {
          for (const record of log.slice(from, to)) take(record);
        },
      } as never,
      producer,
      ends: ends as never,
      capBoard: board,
      usageMark: { until: async () => true },
      rules: () => rules,
      scheduled,
      metrics: routerMetrics(new MetricRegistry()),
      log: { debug() {}, info() {}, warn() {}, error() {} },
      schemas: { waits: () => false },
      networks,
      now: () => now,
      monotonic: () => now - NOW,
      random,
    });
    const inputs = ROUTER_INPUTS.map(() => ({ length: 0, expected: 0 }));
    const task = {
      partition: HOME,
      restored: { offsets, state },
      inputs,
      alive: true,
      draining: false,
      wake: () => {},
    };
    await router.restore(task as unknown as Task);
    await settled();
    return router;
  };
  const run = (router: Router, record: InRecord) => {
    const decisions: OutRecord[] = [];
    const effects: OutRecord[] = [];
    router.process(record, ROUTER_INPUTS.indexOf(record.topic), {
      decide: (r) => decisions.push(r),
      effect: (r) => effects.push(r),
    });
    for (const decision of decisions)
      if (decision.topic === "sms.events") log.push({ ...decision, offset: log.length, timestamp: now } as InRecord);
    return { decisions, effects };
  };
  /** What the router says of itself, when all that it has asked for is there. */
  const tick = async (router: Router) => {
    const decisions: OutRecord[] = [];
    const effects: OutRecord[] = [];
    const out = { decide: (r: OutRecord) => decisions.push(r), effect: (r: OutRecord) => effects.push(r) };
    router.tick(out);
    await settled();
    router.tick(out);
    return { decisions, effects };
  };
  /** The copy of sms.scheduled has read these of the records. */
  const copied = (records: readonly OutRecord[]) => {
    for (const record of records)
      if (record.topic === "sms.scheduled") scheduled.apply({ ...asRead(record), topic: "sms.scheduled" });
  };
  const at = (ms: number) => {
    now = ms;
  };
  const noteEnds = (end: number) => {
    ends.version++;
    ends.ends = Array.from({ length: P }, () => end);
  };
  /** The catalog as it would be with only these providers. */
  const only = (...ids: string[]) =>
    snapshotOf({
      accounts: [account],
      providers: providers.filter(({ id }) => ids.includes(id)),
      routes: [{ ...route.value, providers: route.value.providers.filter(({ id }) => ids.includes(id)) }],
      retired: [],
      regions: [],
    });
  /** The same with these drained. */
  const drained = (...ids: string[]) => {
    const plain = providers.map((one) => (ids.includes(one.id) ? { ...one, use: "drain" as const } : one));
    return snapshotOf({ accounts: [account], providers: plain, routes: [route.value], retired: [], regions: [] });
  };
  return {
    start,
    run,
    networks,
    board,
    health,
    log,
    at,
    noteEnds,
    catalog,
    only,
    drained,
    rules,
    scheduled,
    tick,
    copied,
    said,
    answers,
    unled,
  };
}

/** What was begun beside is done. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** A record as its reader gets it. */
export function asRead({ topic, partition, key, value, headers = {} }: OutRecord, offset = 0): InRecord {
  const octets = typeof key === "string" ? Buffer.from(key) : key;
  return { topic, partition, key: octets, value, headers, offset, timestamp: NOW };
}

/** No record is queued behind the one that is asked for. */
export const NOTHING_BEHIND = { peek: () => undefined };

export function inRecord(topic: string, offset: number, value: Buffer, changes: Partial<InRecord> = {}): InRecord {
  return { topic, partition: HOME, offset, key: Buffer.from(TO), value, headers: {}, timestamp: NOW, ...changes };
}

export function request(offset = 0, changes: Partial<SendRequest> = {}, record: Partial<InRecord> = {}): InRecord {
  const value = codecs.request.encode({
    messageId: null,
    accountId: "acme",
    to: TO,
    from: null,
    text: "hello",
    validitySeconds: null,
    reference: null,
    callbackUrl: null,
    transliterate: false,
    sendAt: null,
    receiptTo: null,
    metadata: {},
    acceptedAt: null,
    ...changes,
  });
  return inRecord("sms.requests.otp", offset, value, record);
}

export const eventOf = (record: OutRecord | undefined) => {
  const decoded = codecs.event.decode(record!.value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
export const dispatchOf = (record: OutRecord | undefined) => {
  const decoded = codecs.dispatch.decode(record!.value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
