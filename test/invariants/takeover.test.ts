/**
 * Promises 3 and 4: instances of every service join, leave, die and freeze under load, and nothing is lost, doubled or
 * overtaken. One installation for all; the tests run one after the other. SLUICE_FAULTS=long: for two minutes each.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../faults/audit.ts";
import { readBooks, submissionsReceived, takeovers } from "../faults/books.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { schedule } from "../faults/kill.ts";
import { allReady, joinAndLeave, leaveTable, metric, overtaken } from "../faults/rebalance.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { Traffic } from "../faults/traffic.ts";

const LONG = process.env.SLUICE_FAULTS === "long";
const RATE = LONG ? 500 : 200;
const TURN_MS = LONG ? 120_000 : 25_000;
const EVERY_MS = 5_000;
/** The consumer groups' session time-out is 10 s. */
const FROZEN_MS = 14_000;
const END_MS = 150_000;
/** A few destinations that get everything, so that an overtaking message would be seen. */
const HOT = Array.from({ length: 20 }, (_, n) => `491517000${String(1_000 + n * 37)}`.slice(0, 13));

let sluice: Installation;
beforeAll(async () => {
  sluice = await startInstallation();
  // Faultless providers: whatever is handed back or in doubt comes from what is done to the services.
  const errors = { permanentShare: 0, temporaryShare: 0 };
  const delay = { kind: "uniform", minMs: 100, maxMs: 1_000 };
  for (const smsc of ["smsc-a", "smsc-b"] as const)
    await behave(sluice, smsc, { errors, receipts: { delay, lossShare: 0 } });
  await behave(sluice, "http-c", { errors, callbacks: { delay, lossShare: 0 } });
});
afterAll(() => sluice?.stop());

test("a frozen sender, router or collector does nothing more when it thaws", async () => {
  const frozen = ["sender", "router", "dlr-collector", "analytics-sink"];
  await Promise.all(frozen.map((name) => sluice.control.scale(name, 2)));
  // The partitions of all providers are with the first sender, and later stay with the second: the assignment is sticky.
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0 });
  await traffic.start();
  await until(
    () => "traffic flows",
    async () => (await submissionsReceived(sluice)) > RATE * 5,
    60_000,
  );
  for (const name of frozen) await sluice.control.signal(name, "SIGSTOP");
  // What was on its way to the providers has arrived when their count stands still; nobody else sends before the takeover.
  const sent = await standingStill();
  const byOther = await segmentsOf(2);
  await new Promise((resolve) => setTimeout(resolve, FROZEN_MS));
  for (const name of frozen) await sluice.control.signal(name, "SIGCONT");
  await allReady(sluice, frozen, 60_000);
  await traffic.stop();
  const result = await reckon(sluice, traffic, END_MS);
  const byZombie = (await submissionsReceived(sluice)) - (await segmentsOf(2)) - (sent - byOther);
  console.log(
    `frozen for ${FROZEN_MS} ms; submissions of the frozen sender: ${sent - byOther} before, ${byZombie} after\n${figures(result, traffic)}`,
  );
  expectInOrder(result);
  expect(byZombie).toBe(0);
  await Promise.all(frozen.map((name) => sluice.control.scale(name, 1)));
});

test("graceful leaves: nothing lost, nothing sent again, nothing overtaken, gone within 10 s", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const before = takeovers(await readBooks(sluice));
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0, destinations: HOT });
  await traffic.start();
  const leaves = await joinAndLeave(sluice, { ms: TURN_MS, everyMs: EVERY_MS, signals: ["SIGTERM"], random });
  await traffic.stop();
  const result = await reckon(sluice, traffic, END_MS);
  console.log(`${leaveTable(leaves)}\n${figures(result, traffic)}`);
  expectInOrder(result);
  expect(overtaken(result.books)).toEqual([]);
  expect(takeovers(result.books)).toBe(before);
  expect(leaves.filter(({ tookMs, end }) => tookMs > 10_000 || end !== "code 0")).toEqual([]);
});

test("leaves by SIGTERM and SIGKILL: nothing lost, repeats stated, nothing overtaken", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0, destinations: HOT });
  await traffic.start();
  const leaves = await joinAndLeave(sluice, {
    ms: TURN_MS,
    everyMs: EVERY_MS,
    signals: ["SIGTERM", "SIGKILL"],
    random,
  });
  await traffic.stop();
  const result = await reckon(sluice, traffic, END_MS);
  console.log(`${leaveTable(leaves)}\n${figures(result, traffic)}`);
  expectInOrder(result);
  expect(overtaken(result.books)).toEqual([]);
});

/** Segments that an instance of the sender has sent since its start. */
function segmentsOf(instance: number): Promise<number> {
  const url = new URL(sluice.adminUrls.sender!);
  url.port = String(Number(url.port) + instance - 1);
  return metric(url.origin, "sender_segments_total");
}

/** The count of submissions at the providers once it has not grown for a second. */
async function standingStill(): Promise<number> {
  let count = -1;
  let since = performance.now();
  await until(
    () => "submissions stop arriving",
    async () => {
      const now = await submissionsReceived(sluice);
      if (now !== count) since = performance.now();
      count = now;
      return performance.now() - since > 1_000;
    },
    8_000,
  );
  return count;
}
