import { expect, it } from "vitest";
import { accountSchema } from "../../../../domain/catalog/account.ts";
import { encodeUcs2 } from "../../../../domain/text/encoding.ts";
import { readCallbackKey } from "../../../../pipeline/records/callback-key.ts";
import { WHOLE_TEXT } from "../../../../pipeline/records/delivered-records.ts";
import { endpointId } from "../../../../pipeline/records/endpoint-id.ts";
import type { Codec } from "../../../../platform/codec/codec.ts";
import { partitionFor } from "../../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import type { Inbound } from "../../../../schemas/generated/types.ts";
import { AccountInbound, FIRST_LOOK_MS } from "../../../../services/dlr-collector/inbound/account-inbound.ts";
import { inboundMetrics } from "../../../../services/dlr-collector/inbound/inbound-metrics.ts";
import { codecs, NOW, P } from "../../router/router-world.ts";

const FROM = "4915112345678";
const PARTITION = partitionFor(FROM, P);
const URL_TEXT = "https://app.example.com/inbound";
const CALLS = { callbacks: { secrets: ["geheim"] }, inboundUrl: URL_TEXT };

const account = (id: string, more: object) => accountSchema.parse({ id, name: id, ...more });
const ACCOUNTS = [
  account("acme", { inboundNumbers: ["491700000001", "12345"], ...CALLS, smpp: { inbound: true } }),
  account("beta", { inboundNumbers: ["491700000003"], from: "+491700000002" }),
  account("gamma", { from: "+491700000004", ...CALLS }),
  account("delta", { from: "491700000004", ...CALLS }),
];

function inboundOf(changes: Partial<Inbound> = {}): Inbound {
  return {
    ...{ provider: "smsc-a", from: FROM, to: "491700000001", text: "Yes please", receivedAt: NOW - 5 },
    ...WHOLE_TEXT,
    ...changes,
  };
}

/** sms.inbound, and who reads it. */
class World {
  readonly log: InRecord[] = [];
  now = NOW;
  accounts = ACCOUNTS;
  state = "1 0";
  offset = 0;

  add(inbound: Inbound | Buffer | null, id = "smsc-a/SM1/inbound", timestamp = this.now): this {
    const value = inbound === null || Buffer.isBuffer(inbound) ? inbound : codecs.inbound.encode(inbound);
    const place = { topic: "sms.inbound", partition: PARTITION, offset: this.log.length };
    this.log.push({ ...place, key: Buffer.from(FROM), value, headers: { id: Buffer.from(id) }, timestamp });
    return this;
  }

  /** A new owner reads from what is committed to the end; what it has written, and what it commits if it does. */
  async read({ commits = true, caughtUp = true } = {}) {
    const task = {
      ...{ alive: true, partition: PARTITION, inputs: [{ topic: "sms.inbound" }] },
      restored: { offsets: [this.offset], state: this.state },
    };
    const reader = {
      readRange: async (_: string, __: number, from: number, to: number, onRecord: (record: InRecord) => void) => {
        for (const record of this.log.slice(from, to)) onRecord(record);
      },
    };
    const inbound = new AccountInbound(task as unknown as Task, {
      ...{ codecs, reader: reader as never, partitions: P, waitMs: 60_000, log: silentLog, now: () => this.now },
      catalog: { current: { catalog: { accounts: this.accounts } } } as never,
      metrics: inboundMetrics(new MetricRegistry()),
    });
    const written: OutRecord[] = [];
    const out = { decide: (record: OutRecord) => void written.push(record), effect: () => expect.unreachable() };
    await inbound.restore();
    const records = this.log.slice(this.offset);
    await inbound.prepare(records);
    for (const record of records) inbound.process(record, 0, out);
    inbound.tick(out, caughtUp);
    if (commits) {
      this.offset = this.log.length;
      this.state = inbound.state([this.offset]);
    }
    return { written, waiting: inbound.waiting };
  }
}

function decoded<T>(codec: Codec<T>, records: readonly OutRecord[], topic: string): T[] {
  return records
    .filter((record) => record.topic === topic)
    .map(({ value }) => {
      const read = codec.decode(value!);
      if (!read.ok) throw new Error(read.detail);
      return read.value;
    });
}
const received = (written: readonly OutRecord[]) => decoded(codecs.received, written, "sms.received");
const callbacks = (written: readonly OutRecord[]) => decoded(codecs.callback, written, "sms.callbacks");
const smpp = (written: readonly OutRecord[]) => decoded(codecs.smppReceipt, written, "sms.smpp-receipts");
const topics = (written: readonly OutRecord[]) => written.map(({ topic }) => topic);

it("a message to an account's number is its own: for ClickHouse, its address and its binds", async () => {
  const { written } = await new World().add(inboundOf()).read();
  expect(topics(written)).toEqual(["sms.received", "sms.callbacks", "sms.smpp-receipts"]);
  const [one] = received(written);
  expect(one).toMatchObject({ accountId: "acme", from: FROM, to: "491700000001", text: "Yes please", segments: 1 });
  expect(one).toMatchObject({ receivedAt: NOW - 5, missing: 0, binary: null, optOut: null });
  expect(written[0]).toMatchObject({ partition: PARTITION, key: FROM, headers: { id: one!.id } });
  const [callback] = callbacks(written);
  expect(callback).toMatchObject({
    type: "message.received",
    accountId: "acme",
    url: URL_TEXT,
    lane: "inbound",
    at: NOW - 5,
  });
  expect(JSON.parse(callback!.data)).toEqual({
    ...{ id: one!.id, account: "acme", from: `+${FROM}`, to: "+491700000001", text: "Yes please", binary: null },
    ...{ receivedAt: new Date(NOW - 5).toISOString(), segments: 1, missing: 0, media: [], optOut: null },
  });
  expect(written[1]).toMatchObject({
    partition: PARTITION,
    headers: { endpoint: endpointId("acme", URL_TEXT), due: String(NOW), since: String(NOW) },
  });
  expect(readCallbackKey(written[1]!.key as string)).toEqual({ chain: expect.stringMatching(`/${FROM}$`), place: 0 });
  const [message] = smpp(written);
  expect(message).toMatchObject({
    accountId: "acme",
    id: one!.id,
    to: { source: "491700000001", dest: FROM, destTon: 1 },
  });
  expect(message!.content).toEqual({ dataCoding: 0, header: false, octets: Buffer.from("Yes please") });
  expect(written[2]!.partition).toBe(partitionFor("acme", P));
});

it.each<[string, string | undefined]>([
  ["12345", "acme"],
  ["+491700000001", "acme"],
  // The sender of one account alone.
  ["491700000002", "beta"],
  // That of two, and nobody's.
  ["491700000004", undefined],
  ["491700000009", undefined],
  ["", undefined],
])("what is sent to %s is of %s", async (to, owner) => {
  const { written } = await new World().add(inboundOf({ to })).read();
  expect(received(written).map(({ accountId }) => accountId)).toEqual(owner === undefined ? [] : [owner]);
});

it("a number that a catalog of an earlier version gives to two accounts is nobody's", async () => {
  const world = new World();
  world.accounts = [account("one", { inboundNumbers: ["12345"] }), account("two", { inboundNumbers: ["12345"] })];
  expect((await world.add(inboundOf({ to: "12345" })).read()).written).toEqual([]);
});

it("read again it is the same, with the same ids and keys", async () => {
  const world = new World().add(inboundOf({ text: "STOP" }));
  const { written } = await world.read({ commits: false });
  expect(written.length).toBe(4);
  expect((await world.read()).written).toEqual(written);
});

it("what a provider with ids of its own delivers again has the id that it had; without such ids it is another message", async () => {
  const ids = async (id: string) => {
    const { written } = await new World().add(inboundOf(), id).add(inboundOf(), id).read();
    return new Set(callbacks(written).map((one) => one.id)).size;
  };
  expect(await ids("twilio/SM0123/inbound")).toBe(1);
  expect(await ids("smsc-a/0123456789abcdefghijkl/inbound")).toBe(2);
});

it("what says stop is told to each account that it is said to, behind the message", async () => {
  const { written } = await new World().add(inboundOf({ text: "Stop" })).read();
  const keys = written
    .filter(({ topic }) => topic === "sms.callbacks")
    .map(({ key }) => readCallbackKey(key as string)!);
  expect(keys.map(({ place }) => place)).toEqual([0, 1]);
  expect(keys[0]!.chain).toBe(keys[1]!.chain);
  const [message, said] = callbacks(written);
  expect(JSON.parse(message!.data)).toMatchObject({ optOut: "STOP" });
  expect(said!.type).toBe("recipient.opted_out");
  expect(JSON.parse(said!.data)).toEqual({
    ...{ account: "acme", number: `+${FROM}`, to: "+491700000001", optedOut: true },
    at: new Date(NOW - 5).toISOString(),
  });
  const shared = await new World().add(inboundOf({ text: "START", to: "491700000004" })).read();
  expect(callbacks(shared.written).map(({ accountId, type }) => `${accountId} ${type}`)).toEqual([
    "gamma recipient.opted_in",
    "delta recipient.opted_in",
  ]);
  expect((await new World().add(inboundOf({ text: "STOP", to: "491700000009" })).read()).written).toEqual([]);
});

const TEXT = `${"ä".repeat(66)}😀${"ö".repeat(60)}`;
const OCTETS = Buffer.from(encodeUcs2(TEXT));
const part = (number: number, more: Partial<Inbound> = {}) =>
  inboundOf({
    // The cut goes through the emoji.
    ...{ reference: 7, total: 2, part: number, alphabet: "ucs2", text: "?", receivedAt: NOW + number },
    octets: number === 1 ? OCTETS.subarray(0, 134) : OCTETS.subarray(134),
    ...more,
  });

it("parts are one message, in whatever order they come, and when another owner reads the last of them", async () => {
  const world = new World().add(part(2));
  expect(await world.read()).toEqual({ written: [], waiting: 1 });
  world.add(inboundOf({ text: "between" }));
  await world.read();
  const { written, waiting } = await world.add(part(1)).read();
  expect(waiting).toBe(0);
  expect(received(written)).toMatchObject([{ text: TEXT, segments: 2, missing: 0, receivedAt: NOW + 1 }]);
  // Over SMPP in parts again, with a header and one reference.
  const contents = smpp(written).map(({ content }) => content!);
  expect(contents.map(({ dataCoding, header, octets }) => [dataCoding, header, octets.subarray(4, 6).join()])).toEqual([
    [8, true, "2,1"],
    [8, true, "2,2"],
  ]);
  expect(contents[0]!.octets[3]).toBe(contents[1]!.octets[3]);
  expect(written.slice(2).map(({ key }) => (key as string).slice(-4))).toEqual(["/001", "/002"]);
  // A part that comes again is no new message.
  expect((await world.add(part(1)).read()).written).toEqual([]);
});

it("parts that do not come hold nothing up: the message is told without them, but not while more stands in the log", async () => {
  const world = new World().add(part(1, { text: "what reads alone" }));
  await world.read();
  world.now += 60_001;
  expect((await world.read({ caughtUp: false })).waiting).toBe(1);
  const { written } = await world.read();
  expect(received(written)).toMatchObject([{ text: "what reads alone", segments: 2, missing: 1 }]);
  expect((await world.read()).written).toEqual([]);
});

it("parts of a number that is nobody's are not kept", async () => {
  expect(await new World().add(part(1, { to: "491700000009" })).read()).toEqual({ written: [], waiting: 0 });
});

it("a binary message goes as octets, over SMPP with its header", async () => {
  const header = Buffer.from("0605040b8423f0", "hex");
  const octets = Buffer.from("01020304", "hex");
  const { written } = await new World().add(inboundOf({ alphabet: "binary", text: "x", octets, header })).read();
  expect(received(written)).toMatchObject([{ text: "", binary: octets }]);
  expect(JSON.parse(callbacks(written)[0]!.data)).toMatchObject({ text: "", binary: "01020304" });
  expect(smpp(written)[0]!.content).toEqual({ dataCoding: 4, header: true, octets: Buffer.concat([header, octets]) });
});

it("the first owner tells what is an hour old at the most, and those after it go on from there", async () => {
  const world = new World();
  world.state = "";
  world.add(inboundOf(), "a/1/inbound", NOW - FIRST_LOOK_MS - 1);
  world.add(inboundOf(), "a/2/inbound", NOW - FIRST_LOOK_MS);
  expect(received((await world.read()).written)).toHaveLength(1);
  world.now += 10 * FIRST_LOOK_MS;
  world.add(inboundOf(), "a/3/inbound", NOW + 1);
  expect(received((await world.read()).written)).toHaveLength(1);
});

it("what cannot be read or makes no sense is passed over: who looks for keywords puts it aside", async () => {
  const world = new World().add(null).add(Buffer.from([1, 2, 3]));
  world.add(inboundOf({ text: "x".repeat(70_000) })).add(inboundOf({ receivedAt: 9e15 }));
  expect((await world.read()).written).toEqual([]);
});

it("an account without an address, or without callbacks, is told nothing over HTTP", async () => {
  const { written } = await new World().add(inboundOf({ to: "491700000003" })).read();
  expect(topics(written)).toEqual(["sms.received"]);
  const world = new World();
  world.accounts = [account("one", { inboundNumbers: ["12345"], inboundUrl: URL_TEXT })];
  expect(topics((await world.add(inboundOf({ to: "12345" })).read()).written)).toEqual(["sms.received"]);
});
