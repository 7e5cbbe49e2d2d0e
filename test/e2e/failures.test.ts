import { afterAll, expect, test } from "vitest";
import {
  audit,
  disconnect,
  freshId,
  freshNumber,
  produce,
  simulator,
  type UpstreamRequest,
  untilFinal,
} from "./sluice.ts";

afterAll(disconnect);

const LANES = ["otp", "transactional", "marketing"] as const;

function traffic(count: number): (UpstreamRequest & { lane: (typeof LANES)[number] })[] {
  return Array.from({ length: count }, (_, i) => ({
    messageId: freshId(),
    to: freshNumber(),
    text: `Message ${i} of the run`,
    lane: LANES[i % 3]!,
  }));
}

/** Produces in slices, so that the run takes a while, and calls back between them. */
async function flow(
  messages: readonly UpstreamRequest[],
  slices: number,
  between: (slice: number) => Promise<void> | void,
): Promise<void> {
  const size = Math.ceil(messages.length / slices);
  for (let slice = 0; slice < slices; slice++) {
    await produce(messages.slice(slice * size, (slice + 1) * size));
    await between(slice);
  }
}

test("a provider goes dark and comes back: its traffic moves over, nothing is missing", async () => {
  const messages = traffic(1_500);
  await flow(messages, 10, async (slice) => {
    if (slice === 3) await simulator("smsc-a").dark("silent");
    if (slice === 8) await simulator("smsc-a").light();
    await new Promise((resolve) => setTimeout(resolve, 400));
  });
  await simulator("smsc-a").light();
  const rows = await untilFinal(
    messages.map((m) => m.messageId),
    120_000,
  );
  expect([...rows.values()].filter((row) => row.finals !== 1)).toEqual([]);
  const unstated = [...rows.values()].filter((row) => row.submissions > 1 && row.resubmitted === "");
  expect(unstated).toEqual([]);
  expect(new Set([...rows.values()].map((row) => row.provider)).size).toBeGreaterThan(1);
});

test("a receipt that comes before the submit response is joined all the same", async () => {
  const smsc = simulator("smsc-a");
  const before = (await smsc.settings()) as { receipts: { beforeResponseShare: number; lossShare: number } };
  await smsc.change({ receipts: { beforeResponseShare: 1, lossShare: 0 } });
  try {
    const messages = traffic(60).map((m) => ({ ...m, lane: "otp" as const }));
    await produce(messages);
    const rows = await untilFinal(messages.map((m) => m.messageId));
    const viaA = [...rows.values()].filter((row) => row.provider === "smsc-a");
    expect(viaA.length).toBeGreaterThan(30);
    expect(viaA.filter((row) => row.state === "unknown")).toEqual([]);
  } finally {
    await smsc.change({
      receipts: { beforeResponseShare: before.receipts.beforeResponseShare, lossShare: before.receipts.lossShare },
    });
  }
});

test("the audit finds every message of all these runs, and no repeat without a reason", async () => {
  const { counts, text } = await audit();
  expect(counts.accepted).toBeGreaterThan(1_500);
  expect(counts, text).toMatchObject({ terminal: counts.accepted, missing: 0, duplicated: 0 });
});
