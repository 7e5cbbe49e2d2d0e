import { expect, test } from "vitest";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { networkName } from "../../../domain/numbers/network.ts";
import { unknownMarks } from "../../../platform/kafka/topic-marks.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { LANES, requestTopic } from "../../../schemas/topics.ts";
import { FlowMeter } from "../../../services/console/live/flow-meter.ts";
import { overview } from "../../../services/console/live/overview.ts";
import { ProviderBoard } from "../../../services/console/live/provider-board.ts";
import { RecentPoints } from "../../../services/console/live/recent-points.ts";
import { WatchedTopics } from "../../../services/console/live/watched-topics.ts";
import { CachedAnswers } from "../../../services/console/read/cached-answers.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";

const provider = { id: "smsc-a", kind: "smpp", rate: 100, window: 50, partitions: 2, quota: { daily: 5_000 } } as never;
const word = (partition: number, fields: object) =>
  ({ ...BLANK_HEALTH, provider: "smsc-a", partition, ...fields }) as never;

test("a provider is shown as the best of its partitions is, with the sum of what they do", () => {
  let words = 0;
  const board = new ProviderBoard(() => void words++);
  expect(board.show([provider], 0, 0)).toMatchObject([{ condition: "unheard", submitting: 0, heard: 0, at: null }]);
  board.take(word(0, { circuit: "closed", rate: 50, effectiveRate: 40, backlog: 3, inFlight: 5, at: 7 }), 1_000);
  board.take(
    word(1, { circuit: "open", reason: "no answer for 5 s", rate: 0, effectiveRate: 0, backlog: 9, at: 8 }),
    1_000,
  );
  expect(words).toBe(2);
  expect(board.show([provider], 1_001, 0)).toMatchObject([
    {
      condition: "up",
      reason: null,
      submitting: 40,
      rate: 50,
      configuredRate: 100,
      backlog: 12,
      dailyQuota: 5_000,
      monthlyQuota: null,
      inFlight: 5,
      heard: 2,
      at: 8,
    },
  ]);
  board.take(word(0, { circuit: "open", reason: "throttled for 5 s" }), 2_000);
  expect(board.show([provider], 2_001, 0)).toMatchObject([{ condition: "dark", reason: "throttled for 5 s" }]);
  board.take(word(1, { circuit: "half_open", reason: "trying" }), 2_500);
  expect(board.show([provider], 2_501, 0)).toMatchObject([{ condition: "trying", reason: "trying" }]);
  expect(board.show([provider], 17_501, 0)).toMatchObject([
    { condition: "silent", reason: "no sender has told of it for 15 s", submitting: 0, backlog: 0, heard: 0 },
  ]);
});

test("a provider's held networks are those of each of its processes once, the most messages first, at most eight", () => {
  const board = new ProviderBoard(() => {});
  const held = (network: string, waiting: number, reason = "rate") => ({ network, reason, waiting });
  const first = { instance: "one", heldNetworks: [held("26201", 5), held("99999", 1, "throttled")] };
  board.take(word(0, first), 0);
  board.take(word(1, first), 0);
  board.take(word(2, { instance: "two", heldNetworks: [held("26201", 2), held("FR", 9)] }), 0);
  expect(board.show([provider], 1, 0)[0]!.heldNetworks).toEqual([
    { network: "FR", name: "", reason: "rate", waiting: 9 },
    { network: "26201", name: networkName("26201"), reason: "rate", waiting: 7 },
    { network: "99999", name: "", reason: "throttled", waiting: 1 },
  ]);
  expect(networkName("26201")).not.toBe("");
  const many = Array.from({ length: 20 }, (_, n) => held(`2620${n}`, n));
  board.take(word(3, { instance: "three", heldNetworks: many }), 0);
  expect(board.show([provider], 1, 0)[0]!.heldNetworks).toHaveLength(8);
  expect(board.show([provider], 20_000, 0)[0]!.heldNetworks, "a process that is gone holds nothing back").toEqual([]);
});

test("a topic's rate is that of the last seconds, its backlog what is not committed of what is still there", () => {
  const meter = new FlowMeter();
  const sample = (ends: number[], committed: number[], at: number) =>
    meter.sample({ ends, starts: [0, 5], committed }, at);
  sample([0, 5], [-1, -1], 0);
  expect(meter.now).toEqual({ perSecond: 0, waiting: 0 });
  for (let second = 1; second <= 10; second++) sample([10 * second, 5], [10 * second - 4, -1], second * 1_000);
  expect(meter.now).toEqual({ perSecond: 10, waiting: 4 });
  sample([110, 25], [100, 10], 11_000);
  expect(meter.now).toEqual({ perSecond: 15, waiting: 25 });
  // Made anew.
  sample([0, 0], [-1, -1], 12_000);
  expect(meter.now.perSecond).toBe(0);
});

test("a partition without a leader counts as it was last known, and what is heard of one for the first time was not written just now", () => {
  const meter = new FlowMeter();
  const sample = (ends: (number | undefined)[], at: number) =>
    meter.sample({ ends, starts: ends.map((end) => (end === undefined ? end : 5)), committed: [-1, -1] }, at);
  sample([10, undefined], 0);
  sample([20, undefined], 1_000);
  expect(meter.now).toEqual({ perSecond: 10, waiting: 15 });
  sample([20, 1_000], 2_000);
  expect(meter.now).toEqual({ perSecond: 0, waiting: 1_010 });
  sample([undefined, 1_020], 3_000);
  expect(meter.now).toEqual({ perSecond: 20, waiting: 1_030 });
  sample([24, 1_020], 4_000);
  expect(meter.now).toEqual({ perSecond: 12, waiting: 1_034 });
});

test("what is wrong with one topic, or a partition of it, keeps nobody from asking for the others", async () => {
  const [first, ...others] = LANES.map(requestTopic);
  let isRefused = false;
  let samples = 0;
  const watermarks = async (topic: string) => {
    if (topic === first && isRefused) throw new Error("refused");
    return topic === first ? [unknownMarks(topic, 0), { low: 0, high: 7 }] : [{ low: 0, high: 4 }];
  };
  const reader = { watermarks, committed: async () => [2, 2] };
  const topics = new WatchedTopics(reader, silentLog, () => samples++);
  await topics.ask();
  expect([first!, ...others].map((topic) => topics.of(topic).waiting)).toEqual([5, ...others.map(() => 2)]);
  isRefused = true;
  reader.committed = async () => [1, 1];
  await expect(topics.ask()).rejects.toThrow("refused");
  expect([first!, ...others].map((topic) => topics.of(topic).waiting)).toEqual([5, ...others.map(() => 3)]);
  expect(samples).toBe(2);
});

test("the overview has what is known, and leaves out processes that have gone", () => {
  const snapshot = snapshotOf(
    { accounts: [], providers: [], routes: [], retired: [], regions: [], senders: [], caps: [] } as never,
    3,
  );
  const shown = overview({
    at: 100_000,
    flowOf: (topic) => ({ perSecond: topic.startsWith("sms.requests") ? 1.25 : 0, waiting: 2 }),
    recent: { accepted: [1, 2], submitted: [] },
    providers: [],
    alerts: { firing: 1, pending: 0 },
    answers: { kept: 3, asked: 1 },
    stages: null,
    snapshot,
    trouble: "version 4: a price is missing",
    instances: [
      { id: "router/b", version: 3, at: 99_000, trouble: null },
      { id: "router/a", version: 2, at: 99_000, trouble: "late" },
      { id: "router/gone", version: 1, at: 1_000, trouble: null },
    ],
  });
  expect(shown).toMatchObject({
    accepted: { perSecond: 3.8, recent: [1, 2] },
    lanes: { otp: { perSecond: 1.3, waiting: 2 } },
    retries: { "0s": 2, "1h": 2 },
    catalog: {
      version: 3,
      trouble: "version 4: a price is missing",
      instances: [{ id: "router/a" }, { id: "router/b" }],
    },
  });
  expect(shown.catalog.instances).toHaveLength(2);
});

test("the small curves keep their last points only", () => {
  const points = new RecentPoints(3);
  for (const value of [1, 2.06, 3, 4]) points.add(value);
  expect(points.all).toEqual([2.1, 3, 4]);
});

test("a question is asked once in a while, however many want to know; a failure is not kept", async () => {
  let now = 0;
  let asked = 0;
  const answers = new CachedAnswers(() => now);
  const ask = () => answers.of("q", 1_000, async () => ++asked);
  expect(await Promise.all([ask(), ask()])).toEqual([
    { value: 1, asOf: 0, maxAgeMs: 1_000 },
    { value: 1, asOf: 0, maxAgeMs: 1_000 },
  ]);
  now = 999;
  expect((await ask()).value).toBe(1);
  now = 1_000;
  expect((await ask()).value).toBe(2);
  await expect(answers.of("bad", 1_000, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect((await answers.of("bad", 1_000, async () => "there")).value).toBe("there");
  expect([answers.hits, answers.misses]).toEqual([2, 4]);
});
