import { afterEach, expect, test, vi } from "vitest";
import type { InRecord } from "../../../platform/kafka/record.ts";
import { unknownMarks } from "../../../platform/kafka/topic-marks.ts";
import { OutcomeLog } from "../../../services/sender/outcome-log.ts";

afterEach(() => void vi.useRealTimers());

const M = "018f2f6e-7d3a-7c11-8a53-6f0f0a1b2c3d";

const TO = "491700000012";
const OTHER = "491700000013";

/** Ids of events in order, each with its destination where it is not TO. */
function logOf(...ids: readonly (string | [id: string, to: string])[]): OutcomeLog {
  const records = ids.map((one, offset): InRecord => {
    const [id, to] = typeof one === "string" ? [one, TO] : one;
    const [key, value] = [Buffer.from(to), Buffer.from("… alpha …")];
    return { topic: "sms.events", partition: 0, offset, key, value, headers: { id }, timestamp: 0 };
  });
  return new OutcomeLog({
    watermarks: async () => [{ low: 0, high: records.length }],
    readRange: async (_topic, _partition, from, to, onRecord) => {
      for (const record of records.slice(from, to)) onRecord(record);
    },
  });
}

const ALPHA = { provider: "alpha", partition: 0, of: 1 };
const never = new AbortController().signal;

const read = async (log: OutcomeLog) => (await log.read([0], ALPHA, never)).outcomes;

test("a return that nobody has decided about yet comes with its event: the retry may be missing", async () => {
  const found = await read(logOf(`${M}/1/routed`, `${M}/1/returned`));
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "returned", value: expect.any(Buffer) });
});

test.each(["routed", "closed"])("a return after which the next attempt was %s needs no second retry", async (kind) => {
  const found = await read(logOf(`${M}/1/returned`, `${M}/2/${kind}`));
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "returned", value: null });
});

test("decisions about other attempts change nothing, and the first outcome of a dispatch stands", async () => {
  const found = await read(
    logOf(
      `${M}/1/submitted`,
      `${M}/1/returned`,
      `${M}/2/routed`,
      `${M}/2/returned`,
      `${M}/2/in_doubt`,
      `${M}/4/routed`,
    ),
  );
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "submitted", value: null });
  expect(found.get(`${M}/2/${TO}`)?.value).toEqual(expect.any(Buffer));
});

test("what is in doubt comes with its event until its copy was decided about, or an answer came after all", async () => {
  const found = await read(
    logOf(
      `${M}/1/in_doubt`,
      `${M}/2/in_doubt`,
      `${M}/3/routed`,
      `${M}/3/in_doubt`,
      `${M}/3/submitted`,
      `${M}/5/in_doubt`,
      `${M}/5/returned`,
      `${M}/6/submitted`,
      `${M}/6/in_doubt`,
    ),
  );
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "in_doubt", value: expect.any(Buffer) });
  expect(found.get(`${M}/2/${TO}`)).toEqual({ kind: "in_doubt", value: null });
  expect(found.get(`${M}/3/${TO}`)).toEqual({ kind: "submitted", value: null });
  expect(found.get(`${M}/5/${TO}`), "refused late").toEqual({ kind: "in_doubt", value: expect.any(Buffer) });
  expect(found.get(`${M}/6/${TO}`)).toEqual({ kind: "submitted", value: null });
});

test("a return of an owner that had lost the partition gives way to the submission that its successor made meanwhile", async () => {
  const found = await read(
    logOf(`${M}/1/returned`, `${M}/1/resubmitted`, `${M}/2/returned`, `${M}/3/routed`, `${M}/2/submitted`),
  );
  expect(found.get(`${M}/1/${TO}`)).toEqual({ kind: "submitted", value: null });
  expect(found.get(`${M}/2/${TO}`), "decided about already").toEqual({ kind: "returned", value: null });
});

test("an id that was given to two numbers is two messages", async () => {
  const found = await read(logOf(`${M}/1/submitted`, [`${M}/1/returned`, OTHER], `${M}/2/routed`));
  expect(found.get(`${M}/1/${TO}`)?.kind).toBe("submitted");
  expect(found.get(`${M}/1/${OTHER}`)).toEqual({ kind: "returned", value: expect.any(Buffer) });
});

/** A log of two partitions, the second of which has a leader or not. */
function ledLog() {
  const state = { isLed: false, isKnownUnled: true, reads: [] as number[], stalls: false };
  const record = (partition: number): InRecord => {
    const [key, value, headers] = [Buffer.from(TO), Buffer.from("alpha"), { id: `${M}/${partition}/submitted` }];
    return { topic: "sms.events", partition, offset: 0, key, value, headers, timestamp: 0 };
  };
  const reader: ConstructorParameters<typeof OutcomeLog>[0] = {
    watermarks: async () => [{ low: 0, high: 1 }, state.isLed ? { low: 0, high: 1 } : unknownMarks("sms.events", 1)],
    readRange: async (_topic, partition, _from, _to, onRecord, signal) => {
      state.reads.push(partition);
      onRecord(record(partition));
      if (partition === 1 && state.stalls)
        await new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
    },
  };
  const unled = { has: (_topic: string, partition: number) => partition === 1 && state.isKnownUnled };
  return { state, log: new OutcomeLog(reader, unled) };
}

test("a partition without a leader is read when it has had one for a while, and keeps nobody else waiting", async () => {
  vi.useFakeTimers();
  const { state, log } = ledLog();
  const { outcomes, unread } = await log.read([0, 0], ALPHA, never);
  expect([[...outcomes.keys()], [...unread]]).toEqual([[`${M}/0/${TO}`], [1]]);
  const other = await log.read([0, 0], { ...ALPHA, of: 2 }, never);
  expect([...other.unread], "of another share").toEqual([]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.reads).toEqual([0, 0]);
  Object.assign(state, { isLed: true, isKnownUnled: false });
  await vi.advanceTimersByTimeAsync(1_500);
  expect([...unread]).toEqual([1]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([[...outcomes.keys()], [...unread]]).toEqual([[`${M}/0/${TO}`, `${M}/1/${TO}`], []]);
});

test("one that loses its leader while it is read is given up within a second, and read anew later", async () => {
  vi.useFakeTimers();
  const { state, log } = ledLog();
  Object.assign(state, { isLed: true, isKnownUnled: false, stalls: true });
  const reading = log.read([0, 0], ALPHA, never);
  await vi.advanceTimersByTimeAsync(5_000);
  Object.assign(state, { isLed: false, isKnownUnled: true });
  await vi.advanceTimersByTimeAsync(1_000);
  const { outcomes, unread } = await reading;
  expect([[...outcomes.keys()], [...unread]]).toEqual([[`${M}/0/${TO}`], [1]]);
  Object.assign(state, { isLed: true, isKnownUnled: false, stalls: false });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([[...outcomes.keys()], [...unread]]).toEqual([[`${M}/0/${TO}`, `${M}/1/${TO}`], []]);
});

test("nothing more is read for a task that has ended, also where it is being read", async () => {
  vi.useFakeTimers();
  const { state, log } = ledLog();
  const [first, second] = [new AbortController(), new AbortController()];
  await log.read([0, 0], ALPHA, first.signal);
  first.abort();
  Object.assign(state, { isLed: true, isKnownUnled: false, stalls: true });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(state.reads).toEqual([0]);
  const reading = log.read([0, 0], ALPHA, second.signal);
  await vi.advanceTimersByTimeAsync(100);
  second.abort();
  expect([...(await reading).unread]).toEqual([1]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(vi.getTimerCount()).toBe(0);
});
