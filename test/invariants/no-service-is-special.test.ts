/**
 * Promise 2: kill -9 of any service, at any time, under load. Every accepted message ends in exactly one state; what goes
 * out twice was in doubt at a kill and says so; marketing never goes out twice. SLUICE_FAULTS=long: at more than 1,000
 * messages a second, each service in turn and then random ones for two minutes.
 */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ControlError } from "../../infra/local/control-client.ts";
import { until } from "../faults/audit.ts";
import { submissionsReceived, takeovers } from "../faults/books.ts";
import { largerCatalog } from "../faults/catalog.ts";
import { DoubtLedger } from "../faults/doubt.ts";
import { behave, type Installation, SERVICES, type Service, startInstallation } from "../faults/installation.ts";
import { killAndRestart, schedule, shuffled } from "../faults/kill.ts";
import { expectInOrder, figures, type Reckoning, reckon } from "../faults/reckoning.ts";
import { compareRepeats, journalsFound, lapses } from "../faults/repeats.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";
import { UnansweredLedger } from "../faults/unanswered.ts";

/** Messages a second, offered and at least accepted. */
const RATE = LONG ? 1_080 : 320;
const ACCEPTED_RATE = LONG ? 1_000 : 280;
/** How long services are killed at random. */
const RANDOM_MS = LONG ? 120_000 : 12_000;
const EVERY_MS = LONG ? ([2_000, 6_000] as const) : ([1_500, 2_200] as const);
/** Each service is killed at least so often at random. */
const KILLS_EACH = LONG ? 4 : 1;
/** The local providers allow 1,350 segments a second, too little to catch up after kills at 1,000 a second. */
const TIMES = LONG ? 4 : 1;
/** Kills of the sender alone. */
const SENDER_KILLS = 7;
/** Half a minute on a machine of its own. */
const START_MS = 420_000;
/** Everything has ended long before on a machine of its own; one that starves must not look like a message that was lost. */
const END_MS = 360_000;

/** The largest window of the local providers (infra/local/catalog), which is also the step of the sender's horizon. */
const WINDOW = 100 * TIMES;
/**
 * What a kill may leave in doubt at one provider: a step of the lanes together, and of each less urgent one its share
 * of a twentieth; a window in flight; four steps of outcomes that wait for Kafka.
 */
const IN_DOUBT = Math.ceil(WINDOW * (1 + 2 / 20)) + WINDOW + 4 * WINDOW + 2;

interface Fall {
  readonly service: Service;
  /** From the kill until a new process is ready: in the group, its partitions restored. Undefined: it was killed again before. */
  recoveryMs?: number;
}

const falls: Fall[] = [];
let sluice: Installation;
let catalog: string;
let doubts: DoubtLedger;
beforeAll(async () => {
  catalog = largerCatalog(TIMES);
  const env = { SLUICE_CATALOG_DIR: catalog, ...(LONG ? {} : { SLUICE_RECEIPT_DEADLINE: "15s" }) };
  sluice = await startInstallation({ env });
  doubts = await DoubtLedger.open(sluice);
  const rate = { segmentsPerSecond: 0 };
  const delay = { kind: "lognormal", medianMs: 500, p95Ms: 1_500, maxMs: LONG ? 15_000 : 3_000 };
  for (const smsc of ["smsc-a", "smsc-b"] as const) await behave(sluice, smsc, { rate, receipts: { delay } });
  await behave(sluice, "http-c", { rate, callbacks: { delay } });
}, START_MS);
afterAll(async () => {
  await doubts?.close();
  await sluice?.stop();
  rmSync(catalog, { recursive: true, force: true });
});

// Of each message on its own test/integration/sender/sudden-end.test.ts tells that in CI.
test.runIf(LONG)(
  "a sender that is killed and comes back on the same machine repeats at most what stood unanswered at the providers",
  async () => {
    const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.2, repeat: true });
    const unanswered = new UnansweredLedger(sluice);
    const dead = async () => {
      await unanswered.note();
      await doubts.note("sender");
    };
    await traffic.start();
    for (let n = 0; n < SENDER_KILLS; n++) {
      await flowing(RATE * 3);
      await killAndRestart(sluice, "sender", dead);
    }
    await flowing(RATE * 3);
    await traffic.stop();
    const result = await reckon(sluice, traffic, END_MS);
    console.log(figures(result, traffic));
    const again = result.repeated.reduce((sum, { sent }) => sum + sent - 1, 0);
    const answered = result.repeated.filter(({ id }) => !unanswered.has(id)).length;
    const rate = Math.round(traffic.accepted.size / traffic.seconds);
    figure(2, "kills of the sender alone", `${SENDER_KILLS}, at ${rate} messages a second`);
    figure(2, "unanswered at the providers at these kills", `${unanswered.kills.map(({ size }) => size)}`);
    figure(2, "accepted again by providers after them", `${again}, of those answered before: ${answered}`);
    // What the provider has answered may lie unread in a sender that starves on this machine; test/integration/sender/sudden-end.test.ts
    // holds the two apart, message by message.
    const doubted = takeovers(result.books);
    figure(2, "in doubt after them", `${doubted}; journals found by the senders: ${journalsFound(sluice)}`);
    expectInOrder(result);
    expect(again).toBeLessThanOrEqual(Math.max(doubted, unanswered.total));
    expect(journalsFound(sluice), "a sender that comes back finds what it noted").toBeGreaterThanOrEqual(SENDER_KILLS);
  },
  900_000,
);

test("kill -9 of each service in turn, then of random ones every few seconds", async () => {
  const { seed, random } = schedule();
  console.log(`SLUICE_SEED=${seed}`);
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0.5, repeat: true });
  await traffic.start();
  await flowing(RATE * 3);
  // In the short form the first five of the random ones are each service once.
  for (const service of LONG ? SERVICES : []) {
    await kill(service);
    await flowing(RATE * 3);
  }
  const inTurn = falls.length;
  const recovering: Promise<void>[] = [];
  // The sender first, since it certainly has work: after another it may stand idle, and its kill would prove nothing.
  const others = SERVICES.filter((service) => service !== "sender");
  let drawn: Service[] = [...shuffled(others, random), "sender"];
  for (const ends = performance.now() + RANDOM_MS; performance.now() < ends; ) {
    if (drawn.length === 0) drawn = shuffled(SERVICES, random);
    recovering.push(kill(drawn.pop()!));
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS[0] + random() * (EVERY_MS[1] - EVERY_MS[0])));
  }
  await Promise.all(recovering);
  await traffic.stop();
  for (const service of SERVICES) await sluice.control.start(service);
  const result = await reckon(sluice, traffic, END_MS);
  console.log(figures(result, traffic));
  const rate = traffic.accepted.size / traffic.seconds;
  figure(2, "messages accepted", `${traffic.accepted.size}, ${Math.round(rate)} a second while services were killed`);
  figure(2, "kills", SERVICES.map((service) => `${service} ${killsOf(service).length}`).join(", "));
  figure(2, "slowest recovery", SERVICES.map((service) => `${service} ${slowest(service)}`).join(", "));
  await compareWithDoubt(result);
  expectInOrder(result);
  expect(rate).toBeGreaterThanOrEqual(ACCEPTED_RATE);
  expect(traffic.failures).toEqual({});
  for (const service of SERVICES)
    expect(falls.slice(inTurn).filter((fall) => fall.service === service).length, service).toBeGreaterThanOrEqual(
      KILLS_EACH,
    );
}, 1_200_000);

/** kill -9, and a new process; resolves when that is ready or has been killed itself. */
async function kill(service: Service): Promise<void> {
  let fall: Fall | undefined;
  const dead = async () => {
    fall = { service };
    falls.push(fall);
    if (service === "sender") await doubts.note(service);
  };
  try {
    const { recoveryMs } = await killAndRestart(sluice, service, dead);
    if (fall !== undefined) fall.recoveryMs = recoveryMs;
  } catch (error) {
    // Killed again meanwhile: at the end all of them must start.
    if (!(error instanceof ControlError)) throw error;
  }
}

async function compareWithDoubt(result: Reckoning): Promise<void> {
  const doubt = await doubts.reckon(result.books);
  const repeats = compareRepeats(result.books, doubt);
  const lapsed = lapses(sluice);
  const { audit, wrong } = result;
  figure(
    2,
    "ended",
    `${audit.terminal} of ${audit.accepted}, with several states ${wrong["with several terminal states"]!.length}`,
  );
  figure(
    2,
    "in doubt at the kills of the sender",
    `${doubt.total}, at most ${doubt.most} at one provider (bound by the window: ${IN_DOUBT}); senders that gave a provider up for want of heartbeats: ${lapsed}`,
  );
  figure(
    2,
    "said to be in doubt by a takeover",
    `${repeats.stated}; accepted again by providers: ${repeats.again}, of those in lanes that hold: ${repeats.againHeld}`,
  );
  expect(doubt.total, "kills of the sender that left something in doubt").toBeGreaterThan(0);
  expect(repeats.againHeld).toBe(0);
  expect(doubt.most).toBeLessThanOrEqual(IN_DOUBT);
  // A sender that gives its partitions up alive, since the machine let it starve, leaves what it had staged in doubt.
  expect(repeats.unexplained.slice(lapsed * IN_DOUBT)).toEqual([]);
}

function killsOf(service: Service): Fall[] {
  return falls.filter((fall) => fall.service === service);
}

function slowest(service: Service): string {
  const times = killsOf(service).flatMap(({ recoveryMs }) => (recoveryMs === undefined ? [] : [recoveryMs]));
  return times.length === 0 ? "killed again before" : `${(Math.max(...times) / 1_000).toFixed(1)} s`;
}

/** Waits until the providers have received so many more submissions. */
async function flowing(more: number): Promise<void> {
  const before = await submissionsReceived(sluice);
  let now = before;
  await until(
    () => `${more} more submissions at the providers; there are ${now - before}`,
    async () => {
      now = await submissionsReceived(sluice);
      return now - before >= more;
    },
    60_000,
  );
}
