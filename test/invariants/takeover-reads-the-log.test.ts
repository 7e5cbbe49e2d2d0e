/**
 * Promise 3: whoever takes a partition over reads from the log what was done, and nothing is done twice in two ways. At
 * every step of the runtime processes are killed, frozen for longer than their session, and have their clocks moved.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../faults/audit.ts";
import { takeovers } from "../faults/books.ts";
import { CopyingGroup } from "../faults/copying-group.ts";
import { FaultCases, GROUPS, type Round, roundsOf } from "../faults/fault-cases.ts";
import { behave, type Installation, startInstallation } from "../faults/installation.ts";
import { schedule } from "../faults/kill.ts";
import { expectInOrder, figures, type Reckoning, reckon } from "../faults/reckoning.ts";
import { figure, LONG } from "../faults/report.ts";
import { Traffic } from "../faults/traffic.ts";
import { submissions, ZombieAccount } from "../faults/zombie-account.ts";

const RATE = 150;
const SESSION_MS = 6_000;
const FROZEN_MS = SESSION_MS * 1.25;
/** Of the rounds that visit each step, in a drawn order: how many kill, freeze, and move clocks. */
const ALL = Number.POSITIVE_INFINITY;
const [KILLS, FREEZES, JUMPS] = LONG ? [ALL, ALL, ALL] : [1, 1, 1];
const JUMP_MS = 2 * 3_600_000;
/** So many submissions go out between two jumps of a clock. */
const BETWEEN_JUMPS = RATE * 2;
const END_MS = 150_000;
const HAND_OVERS = LONG ? 6 : 2;
/** Of all submissions. A message that fails twice waits a minute, which is most of what the short form would take. */
const TEMPORARY = LONG ? 0.05 : 0.005;

let sluice: Installation;
let cases: FaultCases;
const traffics: Traffic[] = [];
const { seed, random } = schedule();

beforeAll(async () => {
  sluice = await startInstallation({
    hooks: true,
    env: {
      SLUICE_KAFKA_SESSION_TIMEOUT: `${SESSION_MS}ms`,
      SLUICE_SINK_MAX_AGE: "500ms",
      // Messages are kept in the changelog at once, so that its records and their removal are among the steps.
      SLUICE_CORRELATION_KEEP_AFTER: "1s",
      // What was in doubt in a lane that holds, and never arrived, ends by it.
      ...(LONG ? {} : { SLUICE_RECEIPT_DEADLINE: "20s" }),
    },
  });
  cases = new FaultCases(sluice);
  // Hand-backs keep happening. Receipts come soon, and some late enough for their messages to be kept: a second (above) by
  // what has surely been read, which is two seconds behind.
  const errors = { permanentShare: 0.003, temporaryShare: TEMPORARY };
  const delay = { kind: "uniform", minMs: 500, maxMs: 7_000 };
  for (const smsc of ["smsc-a", "smsc-b"] as const)
    await behave(sluice, smsc, { errors, receipts: { delay, lossShare: 0 } });
  await behave(sluice, "http-c", { errors, callbacks: { delay, lossShare: 0 } });
  await Promise.all(GROUPS.map((name) => sluice.control.scale(name, 2)));
  console.log(`SLUICE_SEED=${seed}`);
}, 400_000);
afterAll(() => sluice?.stop());

test("killed before and after each step", async () => {
  const traffic = await flow();
  for (const round of roundsOf(random, LONG).slice(0, KILLS)) await cases.kill(round);
  await traffic.stop();
});

test("frozen at each step for longer than the session: who thaws does nothing more", async () => {
  // After kills either sender may own some of the providers; a newcomer takes nothing from the one that owns them all.
  await sluice.control.scale("sender", 1);
  await sluice.control.scale("sender", 2);
  const traffic = await flow();
  const zombies = new ZombieAccount(sluice, SESSION_MS / 2);
  for (const round of roundsOf(random, LONG).slice(0, FREEZES)) {
    const whole: Round = { sender: "before:submit-written", ...round };
    await cases.freeze(whole, FROZEN_MS, async (service, instance) => {
      if (service === "sender") await zombies.note(instance === "sender" ? 1 : 2);
    });
    await zombies.thawed();
  }
  await traffic.stop();
  await zombies.close();
  console.log(`submissions after a thaw, by round: ${zombies.acts}`);
  figure(
    3,
    "submissions of thawed senders",
    zombies.acts.reduce((sum, count) => sum + count, 0),
  );
  expect(zombies.acts.filter((count) => count !== 0)).toEqual([]);
});

test("clocks jump two hours at each step", async () => {
  const traffic = await flow();
  for (const round of roundsOf(random, LONG).slice(0, JUMPS)) {
    await cases.jump(round, JUMP_MS, random);
    const from = await submissions(sluice);
    await until(
      () => "submissions go on",
      async () => (await submissions(sluice)) - from >= BETWEEN_JUMPS,
      60_000,
    );
  }
  await traffic.stop();
  await cases.setClocksRight();
});

test("after all of that each message has one end, one provider an attempt, and repeats state their reason", async () => {
  await Promise.all(traffics.map((traffic) => traffic.stop())); // also of a test that has failed
  const all = { accepted: new Set<string>(), unanswered: 0, failures: {} };
  for (const { accepted } of traffics) for (const id of accepted) all.accepted.add(id);
  const result = await reckon(sluice, all, END_MS);
  console.log(`${cases.table()}\n${figures(result, all)}`);
  for (const kind of ["kill", "freeze", "clock"] as const)
    figure(3, `cases of ${kind}`, cases.done.filter((one) => one.kind === kind).length);
  figure(3, "points", `${new Set(cases.done.map(({ point }) => point)).size} of 18`);
  figure(3, "messages", all.accepted.size);
  figure(3, "without an end, with several", `${result.audit.missing}, ${result.audit.duplicated}`);
  const decidedTwice = twice(result.books.eventAt.values());
  figure(3, "decisions in the log twice; second provider chosen", `${decidedTwice.length}, ${secondProviders(result)}`);
  figure(3, "in doubt by a takeover", takeovers(result.books));
  expectInOrder(result);
  expect(decidedTwice).toEqual([]);
});

describe("a group whose commits do not fit its logs neither skips nor replays", () => {
  const P = 2;
  const groups: CopyingGroup[] = [];
  const copying = async (...inputs: string[]): Promise<CopyingGroup> => {
    const group = new CopyingGroup(sluice.infra.brokers, inputs, P);
    groups.push(group);
    await group.createTopics();
    return group;
  };
  afterAll(() => Promise.all(groups.map((group) => group.close())));

  test("partitions that go from A to B and back: one decision a record, none left out", async () => {
    const group = await copying("in");
    const [input] = group.inputs as [string];
    const a = await group.start();
    for (let n = 0; n < HAND_OVERS; n++) {
      await group.fill(input, n * 400, n * 400 + 200);
      const b = await group.start();
      await until(
        () => "each owns one",
        () => a.group.status.running === 1 && b.group.status.running === 1,
        60_000,
      );
      await group.fill(input, n * 400 + 200, n * 400 + 400);
      await b.stop();
      await until(
        () => "A owns both again",
        () => a.group.status.running === P,
        60_000,
      );
    }
    await copied(group, HAND_OVERS * 400);
    await a.stop();
    expect(a.errors).toEqual([]);
  });

  test("a topic added to a group that has committed is read from its start, and the others go on where they were", async () => {
    const group = await copying("old");
    await group.fill(group.inputs[0]!, 0, 200);
    const before = await group.start();
    await copied(group, 200);
    await before.stop();
    group.inputs.push(group.inputs[0]!.replace("old", "new"));
    await group.createTopics();
    await group.fill(group.inputs[1]!, 0, 200);
    await group.fill(group.inputs[0]!, 200, 300);
    const after = await group.start();
    await copied(group, 500);
    await after.stop();
    expect(await group.read(group.effects)).toHaveLength(500);
  });

  test("records that expired unread are told, and reading goes on at the log's start, also in the midst of work", async () => {
    const group = await copying("expiring");
    const [input] = group.inputs as [string];
    await group.fill(input, 0, 200);
    const before = await group.start();
    await copied(group, 200);
    await before.stop();
    await group.fill(input, 200, 400);
    await group.expire(input, 150); // of 200 in each partition
    // What was decided is gone as well: E lies before the log's start.
    await group.expire(group.decisions, 100);
    const after = await group.start();
    await until(
      () => `the last 100 are copied: ${after.errors}`,
      async () => (await group.read(group.effects)).length === 300,
      60_000,
    );
    expect(after.errors.filter((line) => line.includes("deleted by retention"))).toHaveLength(P);
    // It reads what its queues hold, some thousands; what lies behind expires before it is asked for.
    const { promise, resolve: release } = Promise.withResolvers<void>();
    group.held = promise;
    await group.fill(input, 400, 50_400);
    await group.expire(input, 25_150); // of 25,200 in each partition
    group.held = undefined;
    release();
    await until(
      () => `it has gone on: ${after.errors}`,
      async () => (await group.read(group.effects)).some((text) => text.startsWith(`${input}/50399 `)),
      60_000,
    );
    await after.stop();
    expect(after.errors.filter((line) => line.includes("deleted by retention"))).toHaveLength(2 * P);
    const effects = new Set(await group.read(group.effects));
    expect(new Set([...effects].map((text) => text.split(" ")[0])).size, "one decision a record").toBe(effects.size);
  });

  test("a commit beyond the log's end stops its partition until it fits, and says so", async () => {
    const group = await copying("shrunk");
    const [input] = group.inputs as [string];
    await group.fill(input, 0, 200);
    const partitions = Array.from({ length: P }, (_, partition) => ({ partition, offset: "150" }));
    await group.admin((admin) => admin.setOffsets({ groupId: group.groupId, topic: input, partitions }));
    const member = await group.start();
    await until(
      () => "the error is logged",
      () => member.errors.some((line) => line.includes("has committed 150")),
      60_000,
    );
    expect(await group.read(group.effects)).toEqual([]);
    await group.fill(input, 200, 400);
    await until(
      () => `what lies beyond is copied: ${member.errors}`,
      async () => (await group.read(group.effects)).length === 100,
      60_000,
    );
    await member.stop();
    const numbers = (await group.read(group.effects)).map((text) => Number(/\/(\d+) /.exec(text)![1]));
    expect(Math.min(...numbers)).toBe(300);
  });

  test("a topic created anew whose commit carried the state of all stops its partitions, and says so", async () => {
    const group = await copying("first", "second");
    await group.fill(group.inputs[1]!, 0, 100);
    const before = await group.start();
    await copied(group, 100);
    await before.stop();
    await group.admin((admin) => admin.deleteTopics({ topics: [group.inputs[0]!] }));
    await until(
      () => "the topic can be created again",
      () =>
        group.createTopics().then(
          () => true,
          () => false,
        ),
      60_000,
    );
    await group.fill(group.inputs[0]!, 0, 100);
    const after = await group.start();
    await until(
      () => `the error is logged: ${after.errors}`,
      () => after.errors.some((line) => line.includes("carries the state of all")),
      60_000,
    );
    await after.stop();
    expect(await group.read(group.effects)).toHaveLength(100);
  });

  /** Waits until so many different records are copied; each has one decision, and all its effects are that. */
  async function copied(group: CopyingGroup, count: number): Promise<void> {
    let effects: string[] = [];
    await until(
      () => `${count} records are copied; ${new Set(effects).size} are`,
      async () => {
        effects = await group.read(group.effects);
        return new Set(effects).size >= count;
      },
      60_000,
    );
    expect(new Set(effects).size).toBe(count);
    expect(new Set(effects.map((text) => text.split(" ")[0])).size).toBe(count);
    expect((await group.read(group.decisions)).sort()).toEqual([...new Set(effects)].sort());
  }
});

async function flow(): Promise<Traffic> {
  const traffic = new Traffic(sluice, { rate: RATE, httpShare: 0 });
  traffics.push(traffic);
  await traffic.start();
  return traffic;
}

/** Decisions of routers that stand in the log more than once: a repeat of a decision is carried out, not written again. */
function twice(ids: Iterable<string>): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const id of ids) {
    if (!/\/(routed|postponed|closed)$/.test(id)) continue;
    if (seen.has(id)) found.push(id);
    else seen.add(id);
  }
  return found;
}

function secondProviders({ books }: Reckoning): number {
  return [...books.messages.values()].filter(({ routed }) => [...routed.values()].some(({ size }) => size > 1)).length;
}
