import { expect, it } from "vitest";
import { deadLetterRecord } from "../../../pipeline/records/dead-letter.ts";
import type { InRecord, OutRecord } from "../../../platform/kafka/record.ts";
import { Task, type TaskHost } from "../../../platform/kafka/task.ts";
import { runTransform } from "../../../platform/kafka/transform.ts";
import { silentLog } from "../../../platform/log/log.ts";
import type { Event, MessageFacts, SendRequest } from "../../../schemas/generated/types.ts";
import { EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { STATUS_INPUTS, StatusTopics } from "../../../services/callbacks/status-topics.ts";
import { codecs, NOW } from "../router/router-world.ts";
import { eventOf, messageId } from "./callback-world.ts";

const P = 6;

interface Told {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | undefined;
  readonly event: Record<string, unknown> & { readonly id: string; readonly type: string; readonly data: never };
}

/** One partition of events and dead letters, what its group has committed, and what stands in status topics. */
class StatusWorld {
  readonly inputs: Readonly<Record<string, InRecord[]>> = Object.fromEntries(STATUS_INPUTS.map((name) => [name, []]));
  readonly stored: OutRecord[] = [];
  readonly accounts = new Set(["acme"]);
  committed = { offsets: [0, 0], state: "" };
  now = NOW;
  unreadable = 0;
  /** Writes that are stored before the owner dies; afterwards nothing is, nor committed. */
  writesLeft = Number.POSITIVE_INFINITY;
  private task: Task | undefined;
  private mine: { leaseValid: boolean } | undefined;

  happens(n: number, more: Partial<Event> = {}, facts: Partial<MessageFacts> = {}): void {
    const event = eventOf(n, null, more, facts);
    const kind = event.type === "final" ? "final" : `${event.attempt}/${event.type}`;
    this.append(EVENTS_TOPIC, event.facts.to, codecs.event.encode(event), { id: `${messageId(n)}/${kind}` });
  }

  append(topic: string, key: string | null, value: Buffer | null, headers: Record<string, string | Buffer> = {}): void {
    const records = this.inputs[topic]!;
    const place = { topic, partition: 2, offset: records.length, timestamp: this.now };
    records.push({ ...place, key: key === null ? null : Buffer.from(key), value, headers });
  }

  /** A request stands there, and the router puts it aside. */
  refused(request: Partial<SendRequest> | Buffer, why: { reason: string; detail: string }, headers = {}): void {
    const value = Buffer.isBuffer(request) ? request : codecs.request.encode(requestOf(request));
    const place = { topic: "sms.requests.otp", partition: 4, offset: 77, timestamp: this.now };
    const record: InRecord = { ...place, key: null, value, headers };
    const letter = deadLetterRecord(codecs.deadLetter, record, { ...why, service: "router", now: this.now });
    this.append(letter.topic, null, letter.value, letter.headers);
  }

  /** Another owner, from what is committed, works until nothing is left, or it dies. */
  async own(): Promise<void> {
    const mine = { leaseValid: true };
    const host: TaskHost = {
      get leaseValid() {
        return mine.leaseValid;
      },
      resume: () => {},
      commit: async (_, offsets, state) => {
        if (mine.leaseValid) this.committed = { offsets: [...offsets], state };
        return mine.leaseValid;
      },
    };
    const task = new Task(host, 2, STATUS_INPUTS, this.committed, 1_000);
    [this.task, this.mine] = [task, mine];
    for (const input of task.inputs) {
      for (const record of this.inputs[input.topic]!.slice(input.expected)) input.push(record);
      input.expected = input.end = this.inputs[input.topic]!.length;
    }
    const transform = new StatusTopics(task, {
      ...{ codecs, partitions: P, log: silentLog, now: () => this.now, onTold: () => {} },
      hasTopic: (account) => this.accounts.has(account),
      onUnreadable: () => void this.unreadable++,
      reader: {
        readRange: async (topic, _, from, to, onRecord) => {
          for (const record of this.inputs[topic]!.slice(from, to)) onRecord(record);
        },
      },
    });
    const running = runTransform(task, transform, {
      producer: { send: (records) => this.store(records) },
      maxBatchPerInput: 3,
      idleMs: 1,
    });
    const over = () => !mine.leaseValid || this.committed.offsets.every((at, i) => at === task.inputs[i]!.end);
    while (!over()) await new Promise((resolve) => setImmediate(resolve));
    task.draining = true;
    task.wake();
    await running.catch(() => {});
  }

  private async store(records: readonly OutRecord[]): Promise<void> {
    for (const record of records) {
      if (this.writesLeft-- <= 0) {
        this.mine!.leaseValid = false;
        this.task!.revoke();
        throw new Error("killed");
      }
      this.stored.push(record);
    }
  }

  get told(): Told[] {
    return this.stored.map(({ topic, partition, key, value, headers }) => {
      expect(headers).toEqual({ "content-type": "application/cloudevents+json; charset=UTF-8" });
      return { topic, partition, key: key?.toString(), event: JSON.parse(String(value)) as Told["event"] };
    });
  }

  get types(): string[] {
    return this.told.map(({ event }) => event.type);
  }
}

function requestOf(request: Partial<SendRequest>): SendRequest {
  return {
    ...{ messageId: null, accountId: "acme", to: "+4915112345678", from: null, text: "secret words", metadata: {} },
    ...{ validitySeconds: null, reference: null, callbackUrl: null, acceptedAt: null, transliterate: false },
    ...{ sendAt: null, receiptTo: null, ...request },
  };
}

const DELIVERED = { type: "final", state: "delivered", doneAt: NOW } as const;

it("an account finds each change of its messages in its own topic, as a CloudEvent in its number's partition", async () => {
  const world = new StatusWorld();
  world.happens(1, { type: "routed" });
  world.happens(1, {}, { reference: "order-7" });
  world.happens(1, DELIVERED, { reference: "order-7" });
  world.happens(2, DELIVERED, { accountId: "other" });
  world.happens(3, { type: "receipt", state: "enroute" });
  await world.own();
  expect(world.types).toEqual(["sluice.message.queued", "sluice.message.sent", "sluice.message.delivered"]);
  expect(world.told[2]).toEqual({
    ...{ topic: "sms.status.acme", partition: 2, key: "4915112345678" },
    event: {
      ...{ specversion: "1.0", source: "/sluice/accounts/acme", type: "sluice.message.delivered" },
      ...{ id: expect.stringMatching(/^msg_[0-9a-f]{32}$/), subject: messageId(1), partitionkey: "4915112345678" },
      ...{ time: new Date(NOW).toISOString(), datacontenttype: "application/json" },
      data: expect.objectContaining({ id: messageId(1), status: "delivered", final: true, reference: "order-7" }),
    },
  });
});

it("nothing is lost, and each number keeps its order, whenever its owner is killed; what comes again has the id that it had", async () => {
  for (let writes = 0; writes < 40; writes++) {
    const world = new StatusWorld();
    for (let n = 1; n <= 9; n++) {
      world.happens(n, { type: "routed" });
      world.happens(n);
      world.happens(n, DELIVERED);
    }
    world.writesLeft = writes;
    await world.own();
    world.writesLeft = Number.POSITIVE_INFINITY;
    await world.own();
    const firsts = [...new Map(world.told.map(({ event }) => [event.id, event])).values()];
    expect(
      firsts.map(({ subject, type }) => `${String(subject).slice(-1)} ${type}`),
      `killed after ${writes} writes`,
    ).toEqual(
      Array.from({ length: 9 }, (_, i) =>
        ["queued", "sent", "delivered"].map((w) => `${i + 1} sluice.message.${w}`),
      ).flat(),
    );
  }
});

it("an event that is written twice is told once, by the next owner as well", async () => {
  const world = new StatusWorld();
  world.happens(1);
  await world.own();
  world.happens(1);
  world.happens(1, DELIVERED);
  await world.own();
  expect(world.types).toEqual(["sluice.message.sent", "sluice.message.delivered"]);
});

it("the first owner of all looks back an hour, and those after it to where it began, however late they come", async () => {
  const world = new StatusWorld();
  world.now = NOW - 3_700_000;
  world.happens(1);
  world.now = NOW - 3_500_000;
  world.happens(2);
  world.now = NOW;
  await world.own();
  world.happens(3);
  world.now = NOW + 9 * 3_600_000;
  await world.own();
  expect(world.told.map(({ event }) => event.subject)).toEqual([messageId(2), messageId(3)]);
});

it("a request that the router puts aside is told with its place, its reason and the field, and without its text", async () => {
  const world = new StatusWorld();
  const why = { reason: "sender-invalid", detail: "from: sender-invalid (ASCII alone)" };
  world.refused({ reference: "order-7" }, why);
  await world.own();
  const [told] = world.told;
  expect(told).toMatchObject({ topic: "sms.status.acme", key: "4915112345678" });
  expect(told!.event).toMatchObject({ type: "sluice.request.refused", subject: "sms.requests.otp/4/77" });
  expect(told!.event.data).toEqual({
    ...{ account: "acme", topic: "sms.requests.otp", partition: 4, offset: 77, ...why, id: null },
    ...{ to: "+4915112345678", reference: "order-7", refusedAt: new Date(NOW).toISOString() },
  });
  expect(JSON.stringify(world.told)).not.toContain("secret words");
});

it("one that cannot be read is told to whom its header names; one that was moved, with the place it came from; one of nobody, to nobody", async () => {
  const world = new StatusWorld();
  const why = { reason: "undecodable", detail: "no schema id" };
  world.refused(Buffer.from("{}"), why, { account: Buffer.from("acme") });
  world.refused(Buffer.from("{}"), why);
  world.refused(Buffer.from("{}"), why, { account: Buffer.from("other") });
  world.refused({}, why, { src: Buffer.from("sms.requests.otp/1/5") });
  await world.own();
  expect(world.told.map(({ event, key, partition }) => [event.subject, key, partition])).toEqual([
    ["sms.requests.otp/4/77", undefined, 2],
    ["sms.requests.otp/1/5", "4915112345678", expect.any(Number)],
  ]);
});

it("what no reader of events can take is counted, and holds up nothing", async () => {
  const world = new StatusWorld();
  world.append(EVENTS_TOPIC, "4915112345678", Buffer.from("nothing"), { id: `${messageId(1)}/final` });
  world.happens(2);
  await world.own();
  expect(world.unreadable).toBe(1);
  expect(world.told.map(({ event }) => event.subject)).toEqual([messageId(2)]);
});
