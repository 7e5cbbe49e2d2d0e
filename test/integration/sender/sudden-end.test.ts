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

const MESSAGES = 3_000;
const RATE = 1_080;
const KILLS = [700, 1_400];
const behaviour = {
  response: { delay: { kind: "lognormal", medianMs: 15, p95Ms: 40, maxMs: 1_000 } },
  receipts: { lossShare: 1 },
};

/** Messages handed over by a sender that is killed again and again, and what is said of them in the end. */
async function killed(journalDir: string | undefined) {
  const { smsc, provider } = await world.smsc(behaviour, { rate: RATE, window: 400 }, { clientReferenceTlv: 0x1500 });
  const { brokers, registryUrl } = cluster;
  const sender = new SenderProcess({ provider, brokers, registryUrl, partitions: P, journalDir });
  const unanswered = new Set<string>();
  try {
    const sent = await world.dispatch(provider, MESSAGES);
    for (const after of KILLS) {
      sender.start();
      await until(`${after} are received`, () => statsOf(smsc).submits.received >= after, 90_000);
      await sender.kill();
      await until("its binds have gone", () => statsOf(smsc).binds.length === 0);
      for (const reference of smsc.ledger.unanswered.references()) unanswered.add(reference);
    }
    sender.start();
    const outcomes = await world.outcomes(sent, 120_000);
    const doubtful = new Set<string>();
    for (const [id, events] of outcomes) {
      const last = events.at(-1)!;
      if (last.type === "in_doubt") doubtful.add(id);
      else expect([last.type, last.resubmitted, id]).toEqual(["submitted", null, id]);
    }
    const ledger = ledgerOf(smsc);
    const twice = sent.filter(({ facts }) => (ledger.get(facts.messageId)?.accepted ?? 0) > 1);
    const never = sent.filter(({ facts: { messageId } }) => !ledger.has(messageId) && !doubtful.has(messageId));
    expect([twice, never]).toEqual([[], []]);
    return { doubtful, unanswered };
  } catch (error) {
    throw new Error(`the sender said last:\n${sender.told}`, { cause: error });
  } finally {
    await sender.remove();
  }
}

test("a sender that is killed and comes back on its machine has only in doubt what stood unanswered at the provider", async () => {
  const dir = mkdtempSync(join(tmpdir(), "sluice-journal-"));
  try {
    const { doubtful, unanswered } = await killed(dir);
    const answered = [...doubtful].filter((id) => !unanswered.has(id)).length;
    console.log(`in doubt ${doubtful.size}, unanswered ${unanswered.size}, in doubt though answered ${answered}`);
    expect(doubtful.size).toBeLessThanOrEqual(unanswered.size);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 300_000);

test("without a journal all that was below the horizon is in doubt", async () => {
  const { doubtful, unanswered } = await killed(undefined);
  const answered = [...doubtful].filter((id) => !unanswered.has(id)).length;
  console.log(`in doubt ${doubtful.size}, unanswered ${unanswered.size}, in doubt though answered ${answered}`);
  expect(doubtful.size).toBeGreaterThan(unanswered.size);
}, 300_000);
