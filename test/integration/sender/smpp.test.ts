import { afterAll, beforeAll, expect, test } from "vitest";
import { normaliseProviderMessageId } from "../../../domain/receipts/provider-message-id.ts";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { ledgerOf, SenderWorld, statsOf } from "./sender-world.ts";

const world = new SenderWorld(sharedCluster());
beforeAll(() => world.start());
afterAll(() => world.stop());

const quick = { response: { delay: { kind: "constant", ms: 5 } }, receipts: { delay: { kind: "constant", ms: 50 } } };

test("every dispatch is submitted once, its event says how, and its receipt reaches Kafka under the same id", async () => {
  const { smsc, provider } = await world.smsc(quick);
  const long = "A text of more than one part. ".repeat(12);
  const sent = await world.dispatch(provider, 300, { text: (n) => (n % 10 === 0 ? long : `Message ${n}`) });
  const runtime = await world.sender(provider);
  const outcomes = await world.outcomes(sent);
  const ledger = ledgerOf(smsc);
  const ids = new Set<string>();
  for (const [n, { facts }] of sent.entries()) {
    const events = outcomes.get(facts.messageId)!;
    const parts = n % 10 === 0 ? 3 : 1;
    expect(events.map(({ type }) => type)).toEqual(["submitted"]);
    expect(events[0]).toMatchObject({ cost: 7_500 * parts, resubmitted: null, attempt: 1, provider: provider.id });
    expect(events[0]!.providerMessageIds).toHaveLength(parts);
    // Events keep ids as the provider wrote them, in hexadecimal here; its receipts are in decimal.
    for (const id of events[0]!.providerMessageIds) ids.add(normaliseProviderMessageId(id, "hex"));
    expect(ledger.get(facts.messageId)).toEqual({ received: 1, accepted: 1, parts });
  }
  expect(ids.size).toBe(300 + 30 * 2);
  await until("all receipts are stored", async () => (await world.receipts(provider)).length >= ids.size);
  const receipts = await world.receipts(provider);
  expect(new Set(receipts.map(({ providerMessageId }) => providerMessageId))).toEqual(ids);
  expect(receipts.every(({ to }) => sent.some(({ facts }) => facts.to === to))).toBe(true);
  await until("all receipts are acknowledged", () => statsOf(smsc).receipts.unacknowledged === 0);
  await runtime.stop();
  expect(statsOf(smsc).binds).toHaveLength(0);
});

test("every second the sender says how its provider is doing", async () => {
  const { smsc, provider } = await world.smsc(quick, { rate: 50 });
  await world.dispatch(provider, 400);
  await world.sender(provider, "teller");
  const latest = async () => (await world.health(provider)).at(-1);
  await until("it tells of traffic at the rate", async () => ((await latest())?.effectiveRate ?? 0) > 40);
  expect(await latest()).toMatchObject({
    provider: provider.id,
    partition: 0,
    instance: "teller",
    circuit: "closed",
    rate: 50,
  });
  expect((await latest())!.backlog).toBeGreaterThan(0);
  await smsc.goDark("refuse");
  await until("it tells of an open circuit", async () => (await latest())?.circuit === "open");
  expect((await latest())!.reason).toMatch(/^no link: /);
});
