/** What applications tell of their messages reaches ClickHouse and the counts of each provider's way, whichever way in it took. */
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  disconnect,
  freshId,
  freshNumber,
  getMessage,
  post,
  produce,
  produceRaw,
  query,
  type UpstreamRequest,
  until,
  untilFinal,
} from "./sluice.ts";

const { infra, simulators } = inject("sluice");
const PROVIDERS = Object.keys(simulators);
const registry = new SchemaRegistry({ host: infra.registryUrl });
const consumer = new Kafka({ clientId: "watcher", brokers: infra.brokers, logLevel: logLevel.NOTHING }).consumer({
  groupId: `watcher-${freshId()}`,
});
/** The newest counts of each key of sms.conversion-counts. */
const counts = new Map<string, { provider: string; lane: string; told: number; converted: number }>();

beforeAll(async () => {
  await consumer.connect();
  await consumer.subscribe({ topic: "sms.conversion-counts", fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      counts.set(message.key!.toString(), await registry.decode(message.value!));
    },
  });
});
afterAll(async () => {
  await consumer.disconnect();
  await disconnect();
});

/** What is counted of a provider's ways, over all partitions. */
function counted(provider: string) {
  const own = [...counts.values()].filter((one) => one.provider === provider && one.lane === "otp");
  return {
    told: own.reduce((sum, { told }) => sum + Number(told), 0),
    converted: own.reduce((sum, { converted }) => sum + Number(converted), 0),
  };
}

const tell = (id: string, body: object, key?: string) => post(`/v1/messages/${id}/conversion`, body, key);

const told = (ids: readonly string[]) =>
  query<{ id: string; account: string; converted: number; state: string; provider: string }>(
    `SELECT toString(c.message_id) AS id, c.account AS account, c.converted AS converted, m.state AS state, m.provider AS provider
     FROM conversions_latest AS c LEFT JOIN messages_latest AS m ON m.message_id = c.message_id AND m.account = c.account
     WHERE c.message_id IN (${ids.map((id) => `'${id}'`)})`,
  );

test("conversions over HTTP and over Kafka are joined with their messages, and counted once for the way that these took", async () => {
  const requests = Array.from({ length: 6 }, () => ({
    messageId: freshId(),
    to: freshNumber(),
    text: "Your code is 4711",
    lane: "otp" as const,
  }));
  await produce(requests);
  const ids = requests.map(({ messageId }) => messageId);
  const [first, second, third, fourth, untold, foreign] = ids as [string, string, string, string, string, string];
  const told4 = [first, second, third, fourth];
  const before = new Map(PROVIDERS.map((provider) => [provider, counted(provider)]));

  // At once: what is told while nothing of the message is in ClickHouse waits for it.
  expect((await tell(first, { converted: true })).status).toBe(202);
  expect((await tell(second, { converted: false })).status).toBe(202);
  // Told before it happened, then again, and then the other way round.
  expect((await tell(third, { converted: false })).status).toBe(202);
  expect((await tell(third, { converted: true })).status).toBe(202);
  expect((await tell(third, { converted: false })).status).toBe(202);
  const schemaId = await registry.getLatestSchemaId("sluice.Conversion");
  const word = { messageId: fourth, accountId: "acme", converted: true, at: Date.now() };
  await produceRaw("sms.conversions", await registry.encode(schemaId, word), fourth);
  // Another account's word on a message of acme, and one that cannot be read.
  expect((await tell(foreign, { converted: true }, "nordbank-demo-key")).status).toBe(202);
  await produceRaw("sms.conversions", Buffer.from('{"converted":true}'), foreign);

  const rows = await untilFinal(ids);
  const providers = new Set(told4.map((id) => rows.get(id)!.provider));
  await until("all words stand in ClickHouse", async () => (await told(ids)).length === 5);
  const words = new Map((await told(ids)).map((one) => [one.id, one]));
  expect(told4.map((id) => words.get(id)!.converted)).toEqual([1, 0, 1, 1]);
  for (const id of told4) expect(words.get(id)).toMatchObject({ account: "acme", provider: rows.get(id)!.provider });
  expect(words.get(foreign)).toMatchObject({ account: "nordbank", state: "", provider: "" });
  expect(words.has(untold)).toBe(false);

  const expected = (provider: string) => {
    const own = told4.filter((id) => rows.get(id)!.provider === provider);
    const { told, converted } = before.get(provider)!;
    return {
      told: told + own.length,
      converted: converted + own.filter((id) => words.get(id)!.converted === 1).length,
    };
  };
  await until(
    () => `the ways are counted: ${JSON.stringify([...counts.values()])}`,
    () => [...providers].every((provider) => counted(provider).told >= expected(provider).told),
  );
  for (const provider of providers) expect([provider, counted(provider)]).toEqual([provider, expected(provider)]);

  // Beside what receipts say, in explanations.
  const shown = async () => {
    const { body } = await post("/v1/routes/explain", { to: requests[0]!.to, lane: "otp" });
    const { candidates } = body as { candidates: { provider: string; conversion: { told: number } | null }[] };
    return candidates.filter(({ provider }) => providers.has(provider));
  };
  await until("explanations know of it", async () =>
    (await shown()).every(({ provider, conversion }) => (conversion?.told ?? 0) >= counted(provider).told - 0.1),
  );
  expect((await shown()).length).toBeGreaterThan(0);
});

test("what is told a thousand times counts once", async () => {
  const before = new Map(PROVIDERS.map((provider) => [provider, counted(provider)]));
  const [often, marker] = [1, 2].map(() => ({
    messageId: freshId(),
    to: freshNumber(),
    text: "Your code is 4712",
    lane: "otp" as const,
  })) as [UpstreamRequest, UpstreamRequest];
  await produce([often]);
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => tell(often.messageId, { converted: true })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  }
  // What is told of a later message is counted later: then the first one would have been counted twice.
  await produce([marker]);
  expect((await tell(marker.messageId, { converted: false })).status).toBe(202);
  await untilFinal([often.messageId, marker.messageId]);
  const more = () => {
    const sums = PROVIDERS.map((provider) => {
      const [now, then] = [counted(provider), before.get(provider)!];
      return [now.told - then.told, now.converted - then.converted] as const;
    });
    return sums.reduce(([told, converted], one) => [told + one[0], converted + one[1]], [0, 0]);
  };
  await until("both are counted", () => more()[0]! >= 2);
  expect(more()).toEqual([2, 1]);
  expect(await told([often.messageId])).toMatchObject([{ converted: 1, account: "acme" }]);
  expect((await getMessage(often.messageId)).body).toMatchObject({ conversion: { converted: true } });
  expect((await getMessage(marker.messageId)).body).toMatchObject({ conversion: { converted: false } });
});
