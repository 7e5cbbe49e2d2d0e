import type { EachBatchPayload } from "kafkajs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TopicReader } from "../../../../platform/kafka/topic-reader.ts";
import { silentLog } from "./simulated-kafka.ts";

/** A broker with one partition, which gives up to three records a fetch from the offset that is resolved or sought. */
const broker = vi.hoisted(() => ({
  records: 0,
  next: 0,
  paused: true,
  run: async (_: unknown) => {},
  joined: () => {},
  /** Admin clients that have been connected, questions that they were asked, and how many of these a leader refuses that is none any more. */
  admins: 0,
  asked: 0,
  refused: 0,
  refusal: {},
}));

vi.mock("../../../../platform/kafka/connection.ts", () => {
  const on = (event: string, listener: (event: unknown) => void) => {
    if (event === "join") broker.joined = () => listener({ payload: { memberAssignment: { table: [0] } } });
  };
  const consumer = {
    events: { GROUP_JOIN: "join", START_BATCH_PROCESS: "batch", CRASH: "crash" },
    on,
    connect: async () => {},
    subscribe: async () => {},
    disconnect: async () => {},
    run: async ({ eachBatch }: { eachBatch: typeof broker.run }) => {
      broker.run = eachBatch;
      broker.joined();
    },
    pause: () => {
      broker.paused = true;
    },
    resume: () => {
      broker.paused = false;
    },
    seek: ({ offset }: { offset: string }) => {
      broker.next = Number(offset);
    },
  };
  return { kafkaClient: () => ({ consumer: () => consumer }) };
});
vi.mock("../../../../platform/kafka/admin-connection.ts", () => ({
  connectAdmin: async () => {
    broker.admins++;
    let isConnected = true;
    const answer =
      <Answer>(give: (topic: string) => Answer) =>
      async (topic: string) => {
        broker.asked++;
        // Longer than the first pause, for another one than who is refused.
        if (topic === "slow") await new Promise((resolve) => setTimeout(resolve, 1_000));
        else if (broker.asked <= broker.refused) throw Object.assign(new Error("refused"), broker.refusal);
        if (!isConnected) throw Object.assign(new Error("not loaded"), { name: "KafkaJSTopicMetadataNotLoaded" });
        return give(topic);
      };
    return {
      disconnect: async () => {
        isConnected = false;
      },
      fetchTopicOffsets: answer(() => [{ partition: 0, low: "0", high: String(broker.records) }]),
      fetchTopicOffsetsByTimestamp: answer(() => [{ partition: 0, offset: "4" }]),
      fetchOffsets: answer(() => [{ topic: "table", partitions: [{ partition: 0, offset: "7" }] }]),
    };
  },
}));

const readers: TopicReader[] = [];

beforeEach(() => Object.assign(broker, { records: 10, next: 0, paused: true, admins: 0, asked: 0, refused: 0 }));
afterEach(async () => {
  for (const reader of readers.splice(0)) await reader.stop();
});

function newReader(): TopicReader {
  const reader = new TopicReader({ connection: { brokers: [], clientId: "t", log: silentLog }, topics: ["table"] });
  readers.push(reader);
  return reader;
}

async function fetchOnce(): Promise<void> {
  const offsets = Array.from({ length: Math.min(3, broker.records - broker.next) }, (_, i) => broker.next + i);
  const batch = {
    topic: "table",
    partition: 0,
    fetchedOffset: String(broker.next),
    messages: offsets.map((offset) => ({ offset: String(offset), key: null, value: null, timestamp: "0" })),
    lastOffset: () => String(offsets.at(-1)),
  };
  const resolveOffset = (offset: string) => {
    broker.next = Number(offset) + 1;
  };
  await broker.run({ batch, resolveOffset } as unknown as EachBatchPayload);
}

async function following(from: number, ready: () => Promise<boolean>) {
  const reader = newReader();
  const given: number[] = [];
  const reached: number[] = [];
  reader.followFrom("table", 0, from, {
    ready,
    onRecord: ({ offset }) => given.push(offset),
    reached: (next) => reached.push(next),
  });
  await reader.start();
  await vi.waitFor(() => expect(broker.paused).toBe(false));
  return { reader, given, reached };
}

test("a follower begins at its offset, and is told how far all has been given", async () => {
  const { given, reached } = await following(4, async () => true);
  await fetchOnce();
  await fetchOnce();
  expect(given).toEqual([4, 5, 6, 7, 8, 9]);
  expect(reached).toEqual([7, 10]);
});

test("a batch for which a follower has no room is given when it has, once and in order", async () => {
  let room = true;
  const { given } = await following(0, async () => room);
  await fetchOnce();
  room = false;
  await fetchOnce();
  await fetchOnce();
  expect(given).toEqual([0, 1, 2]);
  room = true;
  await fetchOnce();
  expect(given).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a partition whose follower has no room is not fetched over and over, and stands still until there is room", async () => {
  const reader = newReader();
  await reader.start();
  const given: number[] = [];
  let room = true;
  const read = reader.follow("table", ({ offset }) => given.push(offset), {
    hasRoom: (partition) => partition === 0 && room,
  });
  await vi.waitFor(() => expect(broker.paused).toBe(false));
  await fetchOnce();
  room = false;
  await fetchOnce();
  expect(broker.paused).toBe(true);
  expect(given).toEqual([0, 1, 2]);
  await vi.waitFor(() => expect(broker.paused).toBe(false));
  room = true;
  for (let fetches = 0; fetches < 3; fetches++) await fetchOnce();
  await read;
  expect(given).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("an attempt to follow that is given up is given nothing more, and a later one all from the start, though the earlier one is answered late", async () => {
  const reader = newReader();
  await reader.start();
  const attempt = (table: string) => {
    const abort = new AbortController();
    const given: number[] = [];
    const read = reader.follow(table, ({ offset }) => given.push(offset), { signal: abort.signal });
    return { abort, given, ended: read.then(() => "read", String) };
  };
  const first = attempt("table");
  await vi.waitFor(() => expect(broker.paused).toBe(false));
  await fetchOnce();
  first.abort.abort("given up");
  expect([await first.ended, broker.paused]).toEqual(["given up", true]);
  await fetchOnce();
  expect(first.given).toEqual([0, 1, 2]);

  const late = attempt("slow");
  late.abort.abort("given up");
  const replaced = attempt("table");
  const last = attempt("table");
  await vi.waitFor(() => expect(broker.paused).toBe(false));
  replaced.abort.abort("given up");
  expect([await replaced.ended, await late.ended]).toEqual(["given up", "given up"]);
  const stretches = (reader as unknown as { stretches: Map<string, unknown> }).stretches;
  expect([...stretches.keys()]).toEqual(["table/0"]);
  for (let fetches = 0; fetches < 4; fetches++) await fetchOnce();
  expect(await last.ended).toBe("read");
  expect([first.given, last.given]).toEqual([
    [0, 1, 2],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  ]);
});

test("a batch that was fetched again while its follower made room is given once", async () => {
  const waiting: ((room: boolean) => void)[] = [];
  const { given } = await following(0, () => new Promise((resolve) => waiting.push(resolve)));
  const first = fetchOnce();
  broker.joined();
  const second = fetchOnce();
  for (const go of waiting) go(true);
  await Promise.all([first, second]);
  expect(given).toEqual([0, 1, 2]);
});

test("a partition has one reader", async () => {
  const { reader } = await following(0, async () => true);
  expect(() => reader.followFrom("table", 0, 0, { ready: async () => true, onRecord() {}, reached() {} })).toThrow(
    "table/0 is being read already",
  );
});

test("what a broker refuses for now is asked again, six times at the most, by the same client; other refusals are told at once", async () => {
  vi.useFakeTimers();
  try {
    const asked = async (refused: number, refusal: object, question: (reader: TopicReader) => Promise<unknown>) => {
      Object.assign(broker, { admins: 0, asked: 0, refused, refusal });
      const reader = newReader();
      await reader.start();
      const answer = question(reader).catch(({ message }) => message);
      await vi.runAllTimersAsync();
      return [await answer, broker.asked, broker.admins];
    };
    const moved = { name: "KafkaJSProtocolError", type: "NOT_LEADER_FOR_PARTITION", retriable: true };
    const ends = (reader: TopicReader) => reader.watermarks("table");
    const all = [{ low: 0, high: 10 }];
    expect(await asked(2, moved, ends)).toEqual([all, 3, 1]);
    expect(await asked(2, moved, (reader) => reader.offsetsAt("table", 0))).toEqual([[4], 3, 1]);
    expect(await asked(2, moved, (reader) => reader.committed("group", "table"))).toEqual([[7], 3, 1]);
    expect(await asked(9, moved, ends)).toEqual(["refused", 6, 1]);
    expect(await asked(2, { ...moved, retriable: false }, ends)).toEqual(["refused", 1, 1]);
    expect(await asked(2, { name: "KafkaJSConnectionError", retriable: true }, ends)).toEqual(["refused", 1, 1]);
    const both = (reader: TopicReader) => Promise.all([reader.watermarks("table"), reader.watermarks("slow")]);
    expect(await asked(1, moved, both), "another question is on its way meanwhile").toEqual([[all, all], 3, 1]);
  } finally {
    vi.useRealTimers();
  }
});

test("a stretch that is given up rejects with the reason, and the partition is read anew by the next who asks", async () => {
  const reader = newReader();
  await reader.start();
  const giveUp = new AbortController();
  const given: number[] = [];
  const first = reader.readRange("table", 0, 0, 5, ({ offset }) => void given.push(offset), giveUp.signal);
  const failure = first.catch((error: Error) => error.message);
  await vi.waitFor(() => expect(broker.paused).toBe(false));
  const second = reader.readRange("table", 0, 0, 0, () => {});
  giveUp.abort(new Error("no leader"));
  expect([await failure, broker.paused, given]).toEqual(["no leader", true, []]);
  await second;
  const again = reader.readRange("table", 0, 2, 5, ({ offset }) => void given.push(offset));
  await vi.waitFor(() => expect([broker.paused, broker.next]).toEqual([false, 2]));
  await reader.stop();
  void again;
});
