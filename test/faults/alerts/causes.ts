import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Admin, Kafka, logLevel } from "kafkajs";
import { newMessageId } from "../../../domain/message/message-id.ts";
import { ControlClient } from "../../../infra/local/control-client.ts";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { RecordProducer } from "../../../platform/kafka/producer.ts";
import { EVENT_SINK_GROUP } from "../../../schemas/groups.ts";
import { EVENTS_TOPIC, requestTopic } from "../../../schemas/topics.ts";
import type { CatalogFiles, LiveCatalogFiles } from "../../fixture/live-catalog.ts";
import type { ClickhouseProxy } from "../clickhouse-proxy.ts";
import { behave, type Installation, PARTITIONS } from "../installation.ts";
import { Leaders } from "../leaders.ts";
import { type ProviderId, tell } from "../misbehaviour/provider-case.ts";
import type { Lane } from "../traffic.ts";

/** What a disk is filled with. */
const FILLER_BYTES = 256 << 20;
/** Of three brokers, counted from 0. */
const LONELY = 2;

/** Something that goes wrong, and the alerts that must say so. */
export interface Cause {
  readonly cause: string;
  readonly alerts: readonly string[];
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
  /** Until all its alerts fire, seconds. */
  readonly within: number;
  /** What was before it does not count: on a machine that starves heartbeats lapse without it, and a quarter of an hour is looked back. */
  readonly afresh?: boolean;
}

export interface World {
  readonly sluice: Installation;
  readonly catalog: LiveCatalogFiles;
  /** The catalog as it was. */
  readonly files: CatalogFiles;
  readonly clickhouse: ClickhouseProxy;
  readonly producer: RecordProducer;
  /** A service that says where a number is; every answer costs its price. */
  readonly lookupUrl: string;
}

/** Work that goes on beside a cause until it ends. */
function whileItLasts(step: () => Promise<void>): { begin: () => Promise<void>; end: () => Promise<void> } {
  let goes = false;
  let loop = Promise.resolve();
  return {
    async begin() {
      goes = true;
      loop = (async () => {
        while (goes) await step();
      })();
    },
    async end() {
      goes = false;
      await loop;
    },
  };
}

/** One after the other; those that need a past to compare with come last. */
export function causesOf(world: World): Cause[] {
  return [...ofProviders(world), ...ofSluice(world), ...ofComparisons(world), ...ofStores(world)];
}

function ofProviders(world: World): Cause[] {
  const { sluice, catalog, files } = world;
  const change = (provider: ProviderId, changes: object) => behave(sluice, provider, changes);
  const apply = async (wanted: CatalogFiles) => {
    const { code, err } = await catalog.apply(wanted);
    if (code !== 0) throw new Error(err);
  };
  const withProvider = (id: string, changes: object): CatalogFiles => ({
    ...files,
    providers: files.providers.map((one) => (one.id === id ? { ...one, ...changes } : one)),
  });
  const quotaOf = async (share: number) => {
    const page = await (await fetch(`${sluice.adminUrls.sender}/metrics`)).text();
    const line = page.split("\n").find((text) => /^sender_segments_today\{.*provider="http-c"/.test(text));
    return Math.max(1, Math.ceil(Number(line?.split(" ").at(-1) ?? 1) * share));
  };
  // Nobody is asked where a number is while nothing depends on it.
  const prices = files.providers.find(({ id }) => id === "smsc-a")!.prices;
  const ofNetwork = withProvider("smsc-a", { prices: [{ mccMnc: "26201", price: "0.0680" }, ...prices] });
  return [
    {
      cause: "a provider's host drops every connection",
      alerts: ["ProviderDark"],
      begin: () => dark(sluice, "smsc-b"),
      end: () => tell(sluice, "smsc-b", "/light"),
      within: 60,
    },
    {
      cause: "a provider refuses every bind",
      alerts: ["ProviderRefusesAccount"],
      begin: async () => {
        await change("smsc-b", { links: { bind: "refuse" } });
        await tell(sluice, "smsc-b", "/cut");
      },
      end: () => change("smsc-b", { links: { bind: "answer" } }),
      within: 60,
    },
    {
      cause: "a provider throttles half of what comes",
      alerts: ["ProviderThrottled"],
      begin: () => change("smsc-b", { errors: { throttledShare: 0.5 } }),
      end: () => change("smsc-b", { errors: { throttledShare: 0 } }),
      within: 90,
    },
    {
      cause: "19 of 20 parts of a provider's quota are used",
      alerts: ["ProviderQuotaNearEnd"],
      begin: async () => apply(withProvider("http-c", { quota: { daily: await quotaOf(1 / 0.95) } })),
      // What is left of it would be used before the next cause.
      end: () => apply(files),
      within: 60,
    },
    {
      cause: "a provider's quota is used up",
      alerts: ["ProviderQuotaReached"],
      begin: async () => apply(withProvider("http-c", { quota: { daily: await quotaOf(0.5) } })),
      end: () => apply(files),
      within: 60,
    },
    {
      cause: "a day's budget for look-ups is six questions",
      alerts: ["LookupBudgetSpent"],
      begin: () => apply({ ...ofNetwork, portability: { lookups: [lookupAt(world.lookupUrl)] } }),
      end: () => apply({ ...files, portability: null }),
      within: 60,
    },
    {
      cause: "40 codes to one range of numbers",
      alerts: ["AbnormalTraffic"],
      begin: () =>
        world.producer.send(
          Array.from({ length: 40 }, (_, n) => codeTo(world, `491517799${String(n * 211 + 1_000)}`, "nordbank")),
        ),
      end: async () => {},
      // Traffic is looked at by the minute, once it is stored.
      within: 150,
    },
    {
      cause: "20 codes to one range of numbers, from an account with a budget for seven",
      // Behind the one before: its codes are to one range of numbers as well.
      alerts: ["BudgetNearEnd", "GuardActs"],
      begin: async () => {
        await apply({ ...files, accounts: [...files.accounts, SPENDER] });
        await world.producer.send(
          Array.from({ length: 20 }, (_, n) => codeTo(world, `49151999000${String(n * 4 + 10)}`, SPENDER.id)),
        );
      },
      end: () => apply(files),
      within: 60,
    },
  ];
}

const SPENDER = {
  ...{ id: "spender", name: "Spender", budget: { currency: "EUR", daily: "0.5", whenReached: "refuse" } },
  guard: { mode: "monitor", perMinute: 5 },
};

/** Nobody listens on the port. */
const toldCrm = (file: string) => ({
  ...{ id: "crm", name: "CRM" },
  consentWebhook: { url: "http://127.0.0.1:1/", secret: { file } },
});

function codeTo({ sluice }: World, to: string, accountId: string) {
  const value = sluice.codecs.request.encode({
    ...{
      messageId: newMessageId(),
      accountId,
      to,
      from: "Sluice",
      text: "1234",
      acceptedAt: null,
      sendAt: null,
      receiptTo: null,
    },
    ...{ validitySeconds: 3_600, reference: null, callbackUrl: null, transliterate: false, metadata: {} },
  });
  return { topic: requestTopic("otp"), partition: partitionFor(to, PARTITIONS), key: to, value };
}

async function dark({ simulators }: Installation, provider: ProviderId): Promise<void> {
  const response = await fetch(`${simulators[provider]}/dark`, {
    method: "POST",
    body: JSON.stringify({ mode: "refuse" }),
  });
  if (!response.ok) throw new Error(`${provider} /dark: ${response.status} ${await response.text()}`);
}

const lookupAt = (url: string) => ({
  ...{ id: "mnp", kind: "http", url: `${url}/{number}`, answer: { mcc: "mcc", mnc: "mnc" } },
  ...{ timeoutMs: 1_000, price: "0.001", currency: "EUR", budget: { daily: "0.006" }, countries: ["DE"] },
});

function ofSluice(world: World): Cause[] {
  const { sluice, catalog, files, producer } = world;
  const filler = join(sluice.logDir, "filler");
  const unreadable = whileItLasts(async () => {
    await producer.send([{ topic: "sms.requests.otp", partition: 0, key: "1", value: Buffer.from("no avro") }]);
    await pause(300);
  });
  const blocked = whileItLasts(async () => {
    await sluice.control.signal("router", "SIGSTOP");
    await pause(900);
    await sluice.control.signal("router", "SIGCONT");
    await pause(300);
  });
  const ages: readonly [Lane, number][] = [
    ["otp", 30_000],
    ["transactional", 120_000],
    ["marketing", 3 * 3_600_000],
  ];
  const late = whileItLasts(async () => {
    const now = Date.now();
    await producer.send(
      ages.flatMap(([lane, age]) =>
        Array.from({ length: 10 }, () => {
          const to = `49151${String(Math.floor(Math.random() * 1e8)).padStart(8, "0")}`;
          const value = sluice.codecs.request.encode({
            ...{ messageId: newMessageId(), accountId: "acme", to, from: "Acme", text: "late", acceptedAt: now - age },
            ...{
              validitySeconds: 86_400,
              reference: null,
              callbackUrl: null,
              transliterate: false,
              sendAt: null,
              receiptTo: null,
              metadata: {},
            },
          });
          return { topic: requestTopic(lane), partition: partitionFor(to, PARTITIONS), key: to, value };
        }),
      ),
    );
    await pause(100);
  });
  const moved = movedCommit(sluice);
  const apply = async (wanted: CatalogFiles) => {
    const { code, err } = await catalog.apply(wanted);
    if (code !== 0) throw new Error(err);
  };
  const secretOfCrm = join(sluice.logDir, "secret-of-crm");
  const crm = toldCrm(secretOfCrm);
  let said = 0;
  const stops = whileItLasts(async () => {
    const destination = `49151${String(++said).padStart(8, "0")}`;
    const word = { accountId: crm.id, destination, state: "opted_out", source: "api", at: Date.now() } as const;
    await producer.send([consentRecord(sluice.codecs.consent, PARTITIONS, word)]);
    await pause(300);
  });
  return [
    {
      cause: "records that cannot be read",
      alerts: ["DeadLettersGrowing"],
      ...unreadable,
      within: 90,
    },
    {
      cause: "an account's CRM takes nothing of what it is told",
      alerts: ["ConsentWebhookFailing"],
      begin: async () => {
        await writeFile(secretOfCrm, "secret of a test");
        await apply({ ...files, accounts: [...files.accounts, crm] });
        await stops.begin();
      },
      end: async () => {
        await stops.end();
        await apply(files);
        await rm(secretOfCrm, { force: true });
      },
      within: 60,
    },
    {
      cause: "messages that stood somewhere for longer than their lane's objective",
      alerts: ["LaneLatencyOverObjective"],
      ...late,
      within: 120,
    },
    {
      cause: "an instance stands still again and again for 0.9 s",
      alerts: ["EventLoopBlocked"],
      ...blocked,
      within: 90,
    },
    {
      cause: "a group's committed offset lies behind the end of its log",
      alerts: ["TaskFails"],
      begin: () => moved.begin(),
      end: () => moved.end(),
      within: 150,
    },
    {
      cause: "an instance is stopped",
      alerts: ["InstanceDown"],
      begin: () => sluice.control.stop("dlr-collector"),
      end: () => sluice.control.start("dlr-collector"),
      within: 60,
    },
    {
      cause: "a host's clock is 5 s ahead",
      alerts: ["ClockSkew"],
      begin: async () => sluice.hooks.setClock("router", 5_000),
      end: async () => sluice.hooks.setClock("router", 0),
      within: 90,
    },
    {
      cause: "a secret of the new catalog is missing where the sender runs",
      alerts: ["CatalogNotTakenOver", "CatalogBehind"],
      begin: async () => {
        const providers = files.providers.map((one) =>
          one.id === "smsc-a" ? { ...one, smpp: { ...one.smpp, password: { env: "SLUICE_SECRET_OF_TESTS" } } } : one,
        );
        await catalog.apply({ ...files, providers }, "--wait", "0");
      },
      end: async () => {
        await catalog.apply(files);
      },
      within: 90,
    },
    {
      cause: "a disk fills (bounds moved, see below)",
      alerts: [
        ...["DiskFilling", "ClickHouseDiskFilling", "ClickHouseDiskFullSoon"],
        ...["KafkaDiskFilling", "KafkaDiskFullSoon"],
      ],
      begin: () => writeFile(filler, Buffer.alloc(FILLER_BYTES, 1)),
      end: () => rm(filler, { force: true }),
      within: 150,
    },
  ];
}

/** What is compared with the day before, which is 24 minutes long here, and there by now. */
function ofComparisons({ sluice, catalog, files }: World): Cause[] {
  const states = (DELIVRD: number) => ({ receipts: { states: { DELIVRD, UNDELIV: 1 - DELIVRD, EXPIRED: 0 } } });
  const dearer = files.providers.map((one) => ({
    ...one,
    prices: one.prices.map((price) => ({ ...price, price: (Number(price.price) * 4).toFixed(4) })),
  }));
  return [
    {
      cause: "prices are four times as high",
      alerts: ["CostPerDeliveredJumps"],
      begin: async () => {
        const { code, err } = await catalog.apply({ ...files, providers: dearer });
        if (code !== 0) throw new Error(err);
      },
      end: async () => {
        await catalog.apply(files);
      },
      within: 150,
    },
    {
      cause: "a provider delivers one in ten",
      alerts: ["DeliveryRateFalling"],
      begin: () => behave(sluice, "smsc-a", states(0.1)),
      end: () => behave(sluice, "smsc-a", states(1)),
      within: 120,
    },
    {
      cause: "a provider's receipts do not come any more",
      alerts: ["ReceiptsMissing"],
      begin: () => behave(sluice, "smsc-a", { receipts: { lossShare: 1 } }),
      end: () => behave(sluice, "smsc-a", { receipts: { lossShare: 0 } }),
      within: 150,
    },
  ];
}

function ofStores({ clickhouse, sluice: { infra } }: World): Cause[] {
  const freezes = whileItLasts(async () => {
    await infra.freezeBroker(0);
    await pause(40_000);
    await infra.thawBroker(0);
    await pause(10_000);
  });
  return [
    {
      cause: "the broker stands still for 40 s, again and again",
      alerts: ["KafkaDoesNotConfirm", "KafkaHeartbeatsLapse", "ConsentCopyOld"],
      ...freezes,
      within: 150,
      afresh: true,
    },
    {
      cause: "ClickHouse refuses connections",
      alerts: ["ClickHouseRefusesInserts", "LagGrowing", "AnalyticsBehind", "AbnormalTrafficUnwatched"],
      begin: async () => clickhouse.refuse(),
      end: async () => clickhouse.mend(),
      within: 420,
    },
  ];
}

/** Somebody has set a commit of the event sink by hand to where its log has nothing: the task of that partition does not begin (decision 9). */
function movedCommit({ infra, control }: Installation): Pick<Cause, "begin" | "end"> {
  const kafka = new Kafka({ clientId: "alerts-admin", brokers: infra.brokers, logLevel: logLevel.NOTHING });
  let before = "0";
  const set = async (offset: (admin: Admin) => Promise<string>) => {
    await control.stop("analytics-sink");
    const admin = kafka.admin();
    await admin.connect();
    try {
      const partitions = [{ partition: 0, offset: await offset(admin) }];
      await admin.setOffsets({ groupId: EVENT_SINK_GROUP, topic: EVENTS_TOPIC, partitions });
    } finally {
      await admin.disconnect();
    }
    // It is not ready while a task of it does not begin.
    void control.start("analytics-sink").catch(() => {});
  };
  return {
    begin: () =>
      set(async (admin) => {
        const [found] = await admin.fetchOffsets({ groupId: EVENT_SINK_GROUP, topics: [EVENTS_TOPIC] });
        before = found!.partitions.find(({ partition }) => partition === 0)!.offset;
        return String(Number(before) + 1e9);
      }),
    end: () => set(async () => before),
  };
}

/** One broker of three has the only copy of a partition, and goes. */
export async function leaderless(three: Installation): Promise<Cause> {
  const { shared } = three.infra;
  if (shared.engine !== "native") throw new Error("SLUICE_CLUSTER_ENGINE=native is needed: a broker is killed here");
  const brokers = new ControlClient(shared.stateDir);
  const leaders = await Leaders.connect(three.infra.brokers);
  await leaders.leaveTo(EVENTS_TOPIC, 0, LONELY);
  await leaders.disconnect();
  const lonely = (await brokers.status()).filter(({ name }) => name.startsWith("kafka"))[LONELY]!.name;
  return {
    cause: "the broker with a partition's only copy is killed",
    alerts: ["PartitionWithoutLeader"],
    begin: () => brokers.signal(lonely, "SIGKILL", { keepDown: true }),
    end: () => brokers.start(lonely),
    within: 120,
  };
}
