import { expect, test, vi } from "vitest";
import { CONSENT_TABLES, ConsentCopy, consentRecord } from "../../../../pipeline/follow/consent-copy.ts";
import { ConsentGuard } from "../../../../pipeline/follow/consent-guard.ts";
import { partitionFor } from "../../../../platform/kafka/murmur2.ts";
import { unknownMarks } from "../../../../platform/kafka/topic-marks.ts";
import type { PartitionFollower } from "../../../../platform/kafka/topic-reader.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { freshFolder, openStore } from "../../platform/store/store-world.ts";
import { codecs, NOW, P } from "../../router/router-world.ts";

const TO = "4915112345678";
const HOME = partitionFor(TO, P);

/** sms.consent in memory, and a copy of it that follows when it is told to. */
class ConsentLog {
  readonly logs: { key: Buffer; value: Buffer | null }[][] = Array.from({ length: P }, () => []);
  readonly followers: (PartitionFollower & { next: number })[] = [];

  readonly leaderless = new Set<number>();

  asked = 0;

  async watermarks() {
    this.asked++;
    return this.logs.map(({ length }, p) =>
      this.leaderless.has(p) ? unknownMarks("sms.consent", p) : { low: 0, high: length },
    );
  }

  async offsetsAt() {
    return this.logs.map(() => -1);
  }

  followFrom(_topic: string, partition: number, from: number, follower: PartitionFollower): void {
    this.followers[partition] = Object.assign(Object.create(follower) as PartitionFollower, { next: from });
  }

  say(
    accountId: string,
    state: "opted_in" | "opted_out",
    at: number,
    source: "keyword" | "api" | "import" = "keyword",
    destination = TO,
  ): void {
    const { partition, key, value } = consentRecord(codecs.consent, P, { accountId, destination, state, source, at });
    this.logs[partition]!.push({ key: Buffer.from(key), value });
  }

  deliver(): void {
    for (const [partition, follower] of this.followers.entries())
      for (const log = this.logs[partition]!; follower.next < log.length; follower.next++) {
        const { key, value } = log[follower.next]!;
        const record = {
          topic: "sms.consent",
          partition,
          offset: follower.next,
          key,
          value,
          headers: {},
          timestamp: NOW,
        };
        follower.onRecord(record);
        follower.reached(follower.next + 1);
      }
  }
}

async function world(log = new ConsentLog(), folder = freshFolder()) {
  const { store } = await openStore(folder, { tables: CONSENT_TABLES });
  const clock = { now: NOW };
  const unreadable = { count: 0 };
  const copy = new ConsentCopy({
    store,
    source: log,
    codec: codecs.consent,
    partitions: P,
    staleMs: 10_000,
    now: () => clock.now,
    onFault: (error) => expect.unreachable(error.message),
    onUnreadable: () => void unreadable.count++,
    log: silentLog,
    pollMs: 20,
  });
  await copy.start();
  const close = async () => {
    copy.stop();
    await store.close();
  };
  return { log, copy, clock, unreadable, close, folder, store };
}

test("the word said last holds, whichever is read last; an older stop behind a newer start changes nothing", async () => {
  const { log, copy, close } = await world();
  log.say("acme", "opted_out", NOW + 1);
  log.deliver();
  expect(copy.optOut("acme", TO)).toMatchObject({ state: "opted_out", at: NOW + 1, source: "keyword" });
  expect(copy.optOut("other", TO)).toBeUndefined();
  expect(copy.optOut("acme", "4915112345679")).toBeUndefined();
  log.say("acme", "opted_in", NOW + 5);
  log.say("acme", "opted_out", NOW + 3);
  log.deliver();
  expect(copy.optOut("acme", TO)).toBeUndefined();
  log.say("acme", "opted_out", NOW + 5);
  log.deliver();
  expect(copy.optOut("acme", TO), "of one moment the one behind").toMatchObject({ at: NOW + 5 });
  await close();
});

test("a word for all accounts counts for each, until the recipient writes to one of them", async () => {
  const { log, copy, close } = await world();
  log.say("*", "opted_out", NOW, "import");
  log.deliver();
  expect(copy.optOut("acme", TO)).toMatchObject({ source: "import" });
  log.say("acme", "opted_in", NOW + 1, "api");
  log.deliver();
  expect(copy.optOut("acme", TO)).toMatchObject({ source: "import" });
  log.say("acme", "opted_in", NOW + 2, "keyword");
  log.deliver();
  expect(copy.optOut("acme", TO)).toBeUndefined();
  expect(copy.optOut("other", TO)).toMatchObject({ source: "import" });
  await close();
});

test("what is on disk is there after a restart, and a record that is read again leads to the same", async () => {
  const first = await world();
  first.log.say("acme", "opted_out", NOW);
  first.log.deliver();
  await first.close();
  const again = await world(first.log, first.folder);
  expect(again.copy.optOut("acme", TO)).toMatchObject({ state: "opted_out" });
  await again.close();
});

test("what cannot be read is told of, changes nothing, and holds up nothing", async () => {
  const { log, copy, unreadable, close } = await world();
  log.say("acme", "opted_out", NOW);
  const good = log.logs[HOME]![0]!;
  const bad = [
    { key: good.key, value: Buffer.from([1, 2, 3]) },
    { key: good.key, value: good.value!.subarray(0, 12) },
    { key: Buffer.from("acme"), value: good.value },
    { key: Buffer.from("other:4915112345678"), value: good.value },
    { key: Buffer.from("acme:4915112345670"), value: good.value },
  ];
  log.logs[HOME]!.push(...bad);
  log.say("acme", "opted_in", NOW + 1);
  log.deliver();
  expect(unreadable.count).toBe(bad.length);
  expect(copy.word("acme", TO)).toMatchObject({ state: "opted_in" });
  await close();
});

test("a copy that has not been at the log's end for ten seconds is not gone by; a log that grows all the time does not make it old", async () => {
  const { log, copy, clock, close } = await world();
  expect(copy.stale(TO)).toBe(false);
  clock.now += 10_001;
  expect(copy.stale(TO)).toBe(true);
  log.say("acme", "opted_out", NOW);
  await new Promise((resolve) => setTimeout(resolve, 60));
  // It has been asked where the log ends, and the copy is not there.
  expect(copy.stale(TO)).toBe(true);
  expect(copy.ageMs).toBe(10_001);
  log.deliver();
  expect(copy.stale(TO)).toBe(false);
  await close();
});

test("of a partition without a leader only the recipients wait; who takes over knows at once that it does not know them", async () => {
  const { log, copy, clock, close } = await world();
  const elsewhere = Array.from({ length: 50 }, (_, i) => `49151123456${10 + i}`).find(
    (n) => partitionFor(n, P) !== HOME,
  )!;
  log.leaderless.add(HOME);
  clock.now += 10_001;
  const old = { timeout: 5_000, interval: 5 };
  await vi.waitFor(() => expect(copy.oldPartitions).toEqual([HOME]), old);
  expect([copy.stale(TO), copy.stale(elsewhere)]).toEqual([true, false]);
  expect([copy.staleAlone(TO), copy.staleAlone(elsewhere), copy.leaderless]).toEqual([true, false, [HOME]]);
  expect([copy.oldAlone(HOME), copy.oldAlone((HOME + 1) % P)]).toEqual([true, false]);
  const guard = new ConsentGuard({ copy, catalog: { current: { accounts: new Map() } } as never });
  const asked = [TO, elsewhere].map((to) => [guard.holds({ to }), guard.holdsAlone({ to })]);
  expect(asked).toEqual([
    [false, true],
    [false, false],
  ]);
  log.leaderless.clear();
  await vi.waitFor(() => expect(copy.stale(TO)).toBe(false), old);
  // It looks at all partitions now and then only.
  clock.now += 200;
  expect(copy.stale(TO)).toBe(false);
  log.leaderless.add(HOME);
  expect(await copy.caughtUpFor(0, 1)).toBe(true);
  expect([copy.stale(TO), copy.stale(elsewhere)]).toEqual([true, false]);
  // The last owner may have known of this.
  log.say("acme", "opted_out", NOW);
  log.leaderless.clear();
  const before = log.asked;
  await vi.waitFor(() => expect(log.asked).toBeGreaterThan(before + 2), old);
  expect(copy.stale(TO)).toBe(true);
  log.deliver();
  expect([copy.stale(TO), copy.optOut("acme", TO)?.state]).toEqual([false, "opted_out"]);
  log.leaderless.add(HOME);
  await expect(copy.caughtUp(HOME)).rejects.toMatchObject({ code: "NO_LEADER" });
  // Where all is too old, none is alone.
  for (let p = 0; p < P; p++) log.leaderless.add(p);
  clock.now += 10_001;
  await vi.waitFor(() => expect(copy.oldPartitions).toHaveLength(P), old);
  expect([copy.stale(TO), copy.staleAlone(TO), copy.oldAlone(HOME)]).toEqual([true, false, false]);
  expect([guard.holds({ to: TO }), guard.holdsAlone({ to: TO })]).toEqual([true, false]);
  await close();
});

test("a new owner waits for what stands in the log", async () => {
  const { log, copy, close } = await world();
  log.say("acme", "opted_out", NOW);
  let caughtUp: boolean | undefined;
  const waiting = copy.caughtUpFor(HOME % 2, 2).then((reached) => {
    caughtUp = reached;
  });
  expect(await copy.caughtUpFor((HOME + 1) % 2, 2)).toBe(true);
  expect(caughtUp).toBeUndefined();
  log.deliver();
  await waiting;
  expect(caughtUp).toBe(true);
  await close();
});

test("a new owner of a provider waits no longer than for a copy that is too old: it knows nothing then of these recipients", async () => {
  const { log, copy, close } = await world();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const elsewhere = Array.from({ length: 50 }, (_, i) => `${4915112345600 + i}`).find(
      (to) => partitionFor(to, P) !== HOME,
    )!;
    log.say("acme", "opted_out", NOW);
    expect(copy.stale(TO)).toBe(false);
    let reached: boolean | undefined;
    const waiting = copy.caughtUpFor(0, 1).then((so) => {
      reached = so;
    });
    await vi.advanceTimersByTimeAsync(9_900);
    expect(reached).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    await waiting;
    expect([reached, copy.staleAlone(TO), copy.stale(elsewhere)]).toEqual([true, true, false]);
  } finally {
    vi.useRealTimers();
  }
  await close();
});

test("an account's words are listed by destination, from one on", async () => {
  const { log, copy, close } = await world();
  const numbers = Array.from({ length: 200 }, (_, i) => `49151${12_340_000 + i}`).filter(
    (n) => partitionFor(n, P) === HOME,
  );
  for (const number of numbers) log.say("acme", "opted_out", NOW, "api", number);
  log.say("acme-2", "opted_out", NOW, "api", numbers[0]!);
  log.deliver();
  const first = await copy.wordsOf("acme", HOME, { limit: 3 });
  expect(first.map(({ destination }) => destination)).toEqual(numbers.slice(0, 3));
  const next = await copy.wordsOf("acme", HOME, { limit: 1_000, after: numbers[2]! });
  expect(next.map(({ destination }) => destination)).toEqual(numbers.slice(3));
  await close();
});

test("the guard goes by the account's lanes", () => {
  const word = { state: "opted_out", source: "keyword", at: NOW, offset: 0 } as const;
  const accounts = new Map([["acme", { optOut: { lanes: ["marketing"] } }]]);
  const guard = new ConsentGuard({
    copy: { optOut: () => word, stale: () => false, staleAlone: () => false },
    catalog: { current: { accounts } } as never,
  });
  expect(guard.against({ accountId: "acme", to: TO, lane: "marketing" })).toBe(word);
  expect(guard.against({ accountId: "acme", to: TO, lane: "otp" })).toBeUndefined();
  expect(guard.against({ accountId: "other", to: TO, lane: "otp" })).toBe(word);
});

test("where an older word stands behind the latest, that is to be written once more: compaction keeps what stands last", async () => {
  const { log, copy, close, folder } = await world();
  log.say("acme", "opted_out", NOW + 5);
  log.say("acme", "opted_in", NOW + 9);
  log.say("other", "opted_out", NOW);
  log.deliver();
  expect(await copy.overtakenIn(HOME, 10)).toEqual([]);
  log.say("acme", "opted_out", NOW + 7, "import");
  log.deliver();
  await close();
  // It is remembered by the instance that comes after.
  const again = await world(log, folder);
  const [record, ...others] = await again.copy.overtakenIn(HOME, 10);
  expect([record!.key, others]).toEqual([`acme:${TO}`, []]);
  expect(codecs.consent.decode(record!.value!)).toMatchObject({
    value: { accountId: "acme", destination: TO, state: "opted_in", at: NOW + 9, source: "keyword" },
  });
  log.logs[HOME]!.push({ key: Buffer.from(record!.key as string), value: record!.value });
  log.deliver();
  expect(await again.copy.overtakenIn(HOME, 10)).toEqual([]);
  expect(again.copy.word("acme", TO)).toMatchObject({ state: "opted_in", at: NOW + 9 });
  await again.close();
});
