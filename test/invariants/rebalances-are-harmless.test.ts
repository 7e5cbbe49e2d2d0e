/**
 * Promise 4: instances of every service join and leave under load, first all with SIGTERM, then some with kill -9. Nothing
 * is lost, a graceful leave doubles nothing and interrupts no HTTP client, and the messages of one destination keep their
 * order. SLUICE_FAULTS=long: one minute of graceful leaves, then two minutes of both.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { DoubtLedger } from "../faults/doubt.ts";
import { behave, type Installation, SERVICES, startInstallation } from "../faults/installation.ts";
import { schedule } from "../faults/kill.ts";
import { arrivalOrder, ingestUrls, joinAndLeave, type Leave, leaveTable, startSeconds } from "../faults/rebalance.ts";
import { expectInOrder, figures, reckon } from "../faults/reckoning.ts";
import { compareRepeats, lapses } from "../faults/repeats.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";

const RATE = LONG ? 400 : 240;
const GRACEFUL_MS = LONG ? 60_000 : 11_000;
const MIXED_MS = LONG ? 120_000 : 21_000;
const EVERY_MS = 5_000;
const DRAIN_MS = 10_000;
/**
 * Requests that may cross the closing of idle connections when an ingest leaves, 0 on a machine of its own. A client that
 * was stalled sends several at once, on connections whose end it has not read yet.
 */
const CROSSING = 3;
/** Each service leaves at least so often. A join after a kill waits for the dead, up to 4 s. */
const GRACEFUL_LEAVES = LONG ? 4 : 1;
const MIXED_LEAVES = LONG ? 6 : 2;
/** Half a minute on a machine of its own. */
const START_MS = 420_000;
/** Everything has ended long before on a machine of its own; one that starves must not look like a message that was lost. */
const END_MS = 360_000;
/** A few destinations that get everything, so that an overtaking message would be seen. */
const HOT = Array.from({ length: 40 }, (_, n) => `491517000${String(1_000 + n * 37)}`.slice(0, 13));
/** Answers this slow keep messages of these destinations waiting for each other. */
const ANSWER = { kind: "uniform", minMs: 20, maxMs: 150 };
/** Of a message in doubt at a kill there is an outcome, or it goes again: this many at one provider (infra/local/catalog). */
const IN_DOUBT = 612;

let sluice: Installation;
let doubts: DoubtLedger;
beforeAll(async () => {
  sluice = await startInstallation({ env: { SLUICE_RECEIPT_DEADLINE: "20s" } });
  doubts = await DoubtLedger.open(sluice);
  // Faultless providers: whatever is handed back or in doubt comes from what is done to the services.
  const errors = { permanentShare: 0, temporaryShare: 0 };
  const rate = { segmentsPerSecond: 0 };
  const response = { delay: ANSWER };
  const delay = { kind: "uniform", minMs: 100, maxMs: 1_000 };
  for (const smsc of ["smsc-a", "smsc-b"] as const)
    await behave(sluice, smsc, { errors, rate, response, receipts: { delay, lossShare: 0 } });
  await behave(sluice, "http-c", { errors, rate, response, callbacks: { delay, lossShare: 0 } });
  await startSeconds(sluice);
}, START_MS);
afterAll(async () => {
  await doubts?.close();
  await sluice?.stop();
});

test("instances of each service join and leave, by SIGTERM and by kill -9", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const urls = await ingestUrls(sluice);
  expect(urls.length).toBe(2);
  const traffic = new Traffic(sluice, {
    rate: RATE,
    httpShare: 0.5,
    destinations: HOT,
    repeat: true,
    ingestUrls: urls,
  });
  await traffic.start();
  const turns = { everyMs: EVERY_MS, random, killed: noteKill };
  const gracefulTurns = { ...turns, ms: GRACEFUL_MS, leavesEach: GRACEFUL_LEAVES };
  const graceful = await joinAndLeave(sluice, { ...gracefulTurns, signals: ["SIGTERM"] });
  const interrupted = { ...traffic.repeats };
  const mixedTurns = { ...turns, ms: MIXED_MS, leavesEach: MIXED_LEAVES };
  const mixed = await joinAndLeave(sluice, { ...mixedTurns, signals: ["SIGTERM", "SIGKILL"] });
  await traffic.stop();
  const result = await reckon(sluice, traffic, END_MS);
  const leaves = [...graceful.leaves, ...mixed.leaves];
  const drains = leaves.filter(({ signal }) => signal === "SIGTERM");
  const returned = returns(result);
  console.log(`${leaveTable(leaves)}\n${figures(result, traffic)}\nreturns: ${JSON.stringify(returned)}`);
  const order = arrivalOrder(result.books);
  const doubt = await doubts.reckon(result.books);
  const repeats = compareRepeats(result.books, doubt);
  const lapsed = lapses(sluice);
  const joins = graceful.joins.length + mixed.joins.length;
  figure(
    4,
    "instances",
    `${joins} joined, ${drains.length} left by SIGTERM, ${leaves.length - drains.length} by SIGKILL`,
  );
  figure(4, "slowest drain", `${Math.max(...drains.map(({ tookMs }) => tookMs))} ms`);
  figure(
    4,
    "messages",
    `${result.audit.accepted} accepted, ${result.audit.missing} lost; HTTP requests that a graceful leave interrupted: ${JSON.stringify(interrupted)}`,
  );
  figure(
    4,
    "order",
    `${order.kept} behind an earlier one to their number, overtaken ${order.overtaken.length}, handed back and left out ${order.delayed}, in their accounts' overflow ${order.overflowed}`,
  );
  figure(
    4,
    "sent again or held, all in doubt at a kill",
    `${repeats.stated} of ${doubt.total} in doubt; by a graceful leave: ${repeats.unexplained.length}; senders that gave a provider up for want of heartbeats: ${lapsed}`,
  );
  expectInOrder(result);
  expect(traffic.failures).toEqual({});
  // A request may cross the closing of a connection that had been idle. Its client sends it again.
  const { UND_ERR_SOCKET: closed = 0, ECONNRESET: reset = 0, ...others } = interrupted;
  expect(others, "requests that a graceful leave interrupted").toEqual({});
  const ingestLeaves = ofService(graceful.leaves, "ingest").length;
  expect(closed + reset, "requests on idle connections being closed").toBeLessThanOrEqual(CROSSING * ingestLeaves);
  expect(order.overtaken.slice(0, 20)).toEqual([]);
  expect(returned.stopping ?? 0, "messages that a leaving sender handed back").toBe(0);
  expect(order.kept).toBeGreaterThan(0.8 * result.audit.accepted);
  expect(repeats.unexplained.slice(lapsed * IN_DOUBT)).toEqual([]);
  expect(drains.filter(({ tookMs, end }) => tookMs > DRAIN_MS || end !== "code 0")).toEqual([]);
  for (const service of SERVICES)
    expect(ofService(leaves, service).length, service).toBeGreaterThanOrEqual(GRACEFUL_LEAVES + MIXED_LEAVES);
}, 1_200_000);

async function noteKill(name: string): Promise<void> {
  if (name.startsWith("sender")) await doubts.note(name);
}

function ofService(leaves: readonly Leave[], service: string): Leave[] {
  return leaves.filter(({ name }) => name === service || name === `${service}-2`);
}

/** Why senders handed messages back, and how often. */
function returns({ books }: Awaited<ReturnType<typeof reckon>>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const message of books.messages.values())
    for (const entry of message.returns) {
      const code = entry.slice(entry.indexOf("/") + 1);
      counts[code] = (counts[code] ?? 0) + 1;
    }
  return counts;
}
