import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedCluster } from "../../fixture/shared-cluster.ts";
import { until } from "../platform/kafka-runtime.ts";
import { SenderProcess } from "./sender-process.ts";
import { ledgerOf, P, SenderWorld, statsOf } from "./sender-world.ts";

const cluster = sharedCluster();
const world = new SenderWorld(cluster);
beforeAll(() => world.start());
afterAll(() => world.stop());

const MESSAGES = 2_000;
/** Received when Kafka stands still, and from then on the sender cannot store what it hears. */
const STANDSTILL_AT = 400;
const TEST_MS = 420_000;

/** A provider that takes everything, and never answers a part of it. */
const behaviour = {
  response: { delay: { kind: "lognormal", medianMs: 15, p95Ms: 40, maxMs: 1_000 }, lostShare: 0.03 },
  receipts: { lossShare: 1 },
};
const PATIENT = { clientReferenceTlv: 0x1500, responseTimeoutMs: 300_000 };

async function whileKafkaStandsStill(act: () => Promise<void>): Promise<void> {
  const brokers = cluster.brokers.map((_, index) => index);
  for (const index of brokers) await cluster.freezeBroker(index);
  try {
    await act();
  } finally {
    for (const index of brokers) await cluster.thawBroker(index);
  }
}

/**
 * A sender that is killed when it has heard all that the provider answers, and could not store the last of it. Gives the
 * messages that are in doubt in the end, and those that the provider had taken and not answered.
 */
async function killed(journalDir: string | undefined) {
  const { smsc, provider } = await world.smsc(behaviour, { rate: 400, window: 200 }, PATIENT);
  const { brokers, registryUrl } = cluster;
  const sender = new SenderProcess({ provider, brokers, registryUrl, partitions: P, journalDir });
  const unanswered = () => smsc.ledger.unanswered.references();
  try {
    const sent = await world.dispatch(provider, MESSAGES);
    await sender.start();
    await until("messages are received", () => statsOf(smsc).submits.received >= STANDSTILL_AT, 90_000);
    let lost: string[] = [];
    let [received, looks] = [0, 0];
    await whileKafkaStandsStill(async () => {
      await until("the sender has heard all there is to hear, and hands nothing more over", async () => {
        const inFlight = await sender.metric("sender_in_flight");
        lost = unanswered();
        const still = inFlight === lost.length && received === statsOf(smsc).submits.received;
        looks = still ? looks + 1 : 0;
        ({ received } = statsOf(smsc).submits);
        return looks >= 10;
      });
      await sender.kill();
    });
    // What is taken from now on is answered.
    smsc.updateSettings({ response: { lostShare: 0 } });
    await sender.start();
    const outcomes = await world.outcomes(sent, 120_000);
    const doubtful: string[] = [];
    for (const [id, events] of outcomes) {
      const last = events.at(-1)!;
      if (last.type === "in_doubt") doubtful.push(id);
      else expect([last.type, last.resubmitted, id]).toEqual(["submitted", null, id]);
    }
    const ledger = ledgerOf(smsc);
    expect(sent.filter(({ facts }) => (ledger.get(facts.messageId)?.accepted ?? 0) > 1)).toEqual([]);
    expect(lost.length, "some are unanswered").toBeGreaterThan(0);
    // All of them are taken, or may be. What the last word had in the millisecond of its writing may count twice or not at all.
    const counted = (await sender.metric("sender_segments_this_month"))!;
    expect(counted, "segments counted").toBeGreaterThanOrEqual(MESSAGES * 0.99);
    // Without a journal what was answered and not stored is in doubt, though that word has it.
    const twice = journalDir === undefined ? doubtful.length : MESSAGES * 0.01;
    expect(counted, "segments counted").toBeLessThanOrEqual(MESSAGES + twice);
    return { doubtful: doubtful.sort(), unanswered: lost.sort() };
  } catch (error) {
    throw new Error(`the sender said last:\n${sender.told}`, { cause: error });
  } finally {
    await sender.remove();
  }
}

test(
  "a sender that is killed and comes back on its machine has in doubt just what stood unanswered at the provider",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "sluice-journal-"));
    try {
      const { doubtful, unanswered } = await killed(dir);
      expect(doubtful).toEqual(unanswered);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
  TEST_MS,
);

test(
  "without a journal all that had no outcome in Kafka is in doubt",
  async () => {
    const { doubtful, unanswered } = await killed(undefined);
    expect(doubtful).toEqual(expect.arrayContaining(unanswered));
    expect(doubtful.length).toBeGreaterThan(unanswered.length);
  },
  TEST_MS,
);
