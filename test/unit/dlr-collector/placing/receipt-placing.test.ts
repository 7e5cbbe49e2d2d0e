import { describe, expect, it } from "vitest";
import { WHOLE_TEXT } from "../../../../pipeline/records/delivered-records.ts";
import { partitionFor } from "../../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import { Task } from "../../../../platform/kafka/task.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import type { Receipt } from "../../../../schemas/generated/types.ts";
import { DEAD_LETTER_TOPIC, INBOUND_TOPIC, RECEIPTS_TOPIC } from "../../../../schemas/topics.ts";
import { ClaimsFrontier, PLACING_INPUTS } from "../../../../services/dlr-collector/placing/claims-frontier.ts";
import { IndexCollector, indexKey } from "../../../../services/dlr-collector/placing/index-collector.ts";
import { KnownPlaces } from "../../../../services/dlr-collector/placing/known-places.ts";
import { ReceiptPlacing } from "../../../../services/dlr-collector/placing/receipt-placing.ts";
import { receipt, TO } from "../records.ts";
import { codecs } from "../simulated-kafka.ts";

const PARTITIONS = 6;
const WAIT_MS = 600_000;
const [INDEX, UNPLACED] = PLACING_INPUTS;

/** One partition of the index, and what its owner writes. */
class World {
  readonly topics = new Map<string, InRecord[]>();
  readonly written: OutRecord[] = [];
  readonly counters = { placed: 0, unclaimed: 0, undecodable: 0 };
  now = 1_000;
  task!: Task;
  placing = this.owner([0, 0], "");

  owner(offsets: number[], state: string, limits = { known: 100, waiting: 100 }): ReceiptPlacing {
    const host = { leaseValid: true, resume: () => {}, commit: async () => true };
    this.task = new Task(host, 0, PLACING_INPUTS, { offsets, state }, 100);
    this.placing = new ReceiptPlacing(this.task, {
      codecs,
      reader: {
        readRange: async (topic, _, from, to, onRecord) => {
          for (const record of this.records(topic).slice(from, to)) onRecord(record);
        },
      },
      partitions: PARTITIONS,
      ...limits,
      waitMs: WAIT_MS,
      counters: this.counters,
      log: silentLog,
      now: () => this.now,
    });
    return this.placing;
  }

  records(topic: string): InRecord[] {
    return this.topics.get(topic) ?? [];
  }

  private readonly out = {
    decide: (record: OutRecord) => void this.written.push(record),
    effect: (record: OutRecord) => void this.written.push(record),
  };

  give(topic: string, value: Buffer | null): void {
    const before = this.records(topic);
    const record: InRecord = {
      topic,
      partition: 0,
      offset: before.length,
      key: null,
      value,
      headers: {},
      timestamp: this.now,
    };
    this.topics.set(topic, [...before, record]);
    this.placing.process(record, PLACING_INPUTS.indexOf(topic as typeof INDEX), this.out);
  }

  tell(provider: string, ids: string[], destinations: string[]): void {
    this.give(INDEX, codecs.submissionIndex.encode({ provider, ids, destinations }));
  }

  ask(id: string, over: Partial<Receipt> = {}): void {
    this.give(UNPLACED, codecs.receipt.encode(receipt(id, "delivered", { to: "01701234567", ...over })));
  }

  tick(): void {
    this.placing.tick(this.out);
  }

  ends(): number[] {
    return PLACING_INPUTS.map((topic) => this.records(topic).length);
  }

  placed(): string[] {
    return this.written
      .filter(({ topic }) => topic === RECEIPTS_TOPIC)
      .map(({ key, partition, value }) => {
        const decoded = codecs.receipt.decode(value!);
        if (!decoded.ok || partition !== partitionFor(String(key), PARTITIONS)) throw new Error("in a wrong place");
        return `${decoded.value.providerMessageId} ${decoded.value.to}`;
      });
  }

  letters() {
    return this.written
      .filter(({ topic }) => topic === DEAD_LETTER_TOPIC)
      .map(({ value }) => {
        const decoded = codecs.deadLetter.decode(value!);
        return decoded.ok ? `${decoded.value.reason} ${decoded.value.topic}/${decoded.value.offset}` : "unreadable";
      });
  }
}

describe("a receipt that does not say which number it is of", () => {
  it("goes to the number that its id belongs to, told before or after, in either case of its letters", () => {
    const w = new World();
    w.tell("smsc-a", ["5501", "ab-c"], [TO, "33611111111"]);
    w.ask("5501");
    w.ask("AB-C", { to: "" });
    w.ask("7000");
    w.ask("7000", { state: "undelivered" });
    w.tell("smsc-a", ["7000"], ["4479"]);
    expect(w.placed()).toEqual([`5501 ${TO}`, "AB-C 33611111111", "7000 4479", "7000 4479"]);
    expect(w.counters.placed).toBe(4);
  });

  it("is not placed by the same id of another provider", () => {
    const w = new World();
    w.tell("smsc-b", ["5501"], [TO]);
    w.ask("5501");
    expect(w.placed()).toEqual([]);
  });

  it("goes to the number that was told last when an id came again", () => {
    const w = new World();
    w.tell("smsc-a", ["1"], ["33611111111"]);
    w.tell("smsc-a", ["1"], [TO]);
    w.ask("1");
    expect(w.placed()).toEqual([`1 ${TO}`]);
  });

  it("is kept as a dead letter when nobody claims it for long, or too many wait", () => {
    const w = new World();
    w.owner([0, 0], "", { known: 100, waiting: 2 });
    w.ask("1");
    w.now += 1_000;
    w.ask("2");
    w.ask("3");
    expect(w.letters()).toEqual([`unclaimed-receipt ${UNPLACED}/0`]);
    w.now += WAIT_MS;
    w.tick();
    expect(w.letters()).toHaveLength(3);
    expect(w.counters.unclaimed).toBe(3);
    expect(w.placing.size.waiting).toBe(0);
  });

  it("and merely reads like one is a message from a handset when nobody claims it", () => {
    const w = new World();
    const inbound = {
      ...WHOLE_TEXT,
      provider: "smsc-a",
      from: "01701234567",
      to: "68849",
      text: "id:1 stat:DELIVRD",
      receivedAt: 1,
    };
    w.ask("1", { inbound });
    w.now += WAIT_MS;
    w.tick();
    expect(w.letters()).toEqual([]);
    const [record] = w.written;
    expect([record!.topic, record!.key]).toEqual([INBOUND_TOPIC, "01701234567"]);
    expect(w.counters.unclaimed).toBe(0);
  });

  it("is remembered through a takeover, as is what was told; what was placed is not placed again", async () => {
    const w = new World();
    w.tell("smsc-a", ["1"], [TO]);
    w.ask("1");
    w.ask("2");
    const state = w.placing.state(w.ends());
    expect(state).toBe("1:0:1");
    await w.owner(w.ends(), state).restore(w.task);
    expect(w.placed()).toEqual([`1 ${TO}`]);
    w.ask("1");
    w.tell("smsc-a", ["2"], [TO]);
    expect(w.placed()).toEqual([`1 ${TO}`, `1 ${TO}`, `2 ${TO}`]);
  });

  it("is counted by whoever placed it, and not again by the next owner", async () => {
    const w = new World();
    w.tell("smsc-a", ["1"], [TO]);
    w.ask("2");
    w.ask("1");
    await w.owner(w.ends(), w.placing.state(w.ends())).restore(w.task);
    expect(w.counters.placed).toBe(1);
    w.tell("smsc-a", ["2"], [TO]);
    expect(w.counters.placed).toBe(2);
  });

  it("that cannot be read is put aside and holds up nothing", () => {
    const w = new World();
    w.give(UNPLACED, Buffer.from("junk"));
    w.give(INDEX, null);
    w.tell("smsc-a", ["1"], [TO]);
    w.ask("1");
    expect(w.letters()).toEqual([`undecodable ${UNPLACED}/0`, `undecodable ${INDEX}/0`]);
    expect(w.placed()).toHaveLength(1);
  });
});

it("known places are bounded: what was told first is forgotten first", () => {
  const places = new KnownPlaces(2);
  places.add("a", "1", "x", 0);
  places.add("a", "2", "y", 1);
  places.add("a", "1", "x", 2);
  places.add("a", "3", "z", 3);
  expect(["1", "2", "3"].map((id) => places.find("a", id))).toEqual(["x", undefined, "z"]);
  expect(places.oldestOffset).toBe(2);
  expect(places.size).toBe(2);
});

it("the index tells many ids in a record, each in the partition of its own name", () => {
  const collector = new IndexCollector(codecs.submissionIndex, PARTITIONS);
  const ids = Array.from({ length: 3_000 }, (_, i) => `${i}`);
  for (const id of ids) collector.add("smsc-a", id, `49${id}`);
  const records = collector.records();
  expect(records.length).toBeLessThanOrEqual(2 * PARTITIONS);
  const told = records.flatMap(({ partition, value }) => {
    const decoded = codecs.submissionIndex.decode(value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    for (const id of decoded.value.ids) expect(partitionFor(indexKey("smsc-a", id), PARTITIONS)).toBe(partition);
    return decoded.value.ids.map((id, i) => [id, decoded.value.destinations[i]]);
  });
  expect(new Map(told as [string, string][]).size).toBe(ids.length);
  expect(told.every(([id, to]) => to === `49${id}`)).toBe(true);
  expect(collector.records()).toEqual([]);
});

describe("how far receipts have been placed", () => {
  function frontier(marks: { low: number; high: number }[], committed: number[]) {
    let now = 10_000;
    const reader = { watermarks: async () => marks.map((m) => ({ ...m })), committed: async () => [...committed] };
    const claims = new ClaimsFrontier(reader, silentLog, () => now);
    return { claims, at: (time: number) => (now = time) };
  }

  it("is known at once where there are none", async () => {
    const { claims } = frontier(
      [
        { low: 0, high: 0 },
        { low: 7, high: 7 },
      ],
      [-1, -1],
    );
    expect(claims.claims).toBeUndefined();
    await claims.ask();
    expect(claims.claims).toEqual({ upTo: 8_000, knownAt: 10_000 });
  });

  it("does not wait for a commit of a partition in which nothing was ever written", async () => {
    const { claims } = frontier(
      [
        { low: 0, high: 5 },
        { low: 0, high: 0 },
        { low: 3, high: 3 },
      ],
      [5, -1, -1],
    );
    await claims.ask();
    expect(claims.claims).toEqual({ upTo: 8_000, knownAt: 10_000 });
  });

  it("waits for all partitions, and says when it was known", async () => {
    const committed = [5, 8];
    const { claims, at } = frontier(
      [
        { low: 0, high: 5 },
        { low: 0, high: 9 },
      ],
      committed,
    );
    await claims.ask();
    at(20_000);
    await claims.ask();
    expect(claims.claims).toBeUndefined();
    committed[1] = 9;
    at(30_000);
    await claims.ask();
    expect(claims.claims).toEqual({ upTo: 8_000, knownAt: 30_000 });
  });
});
