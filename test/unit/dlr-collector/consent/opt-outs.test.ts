import { describe, expect, it } from "vitest";
import { WHOLE_TEXT } from "../../../../pipeline/records/delivered-records.ts";
import { partitionFor } from "../../../../platform/kafka/murmur2.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import type { Inbound } from "../../../../schemas/generated/types.ts";
import { optOutMetrics } from "../../../../services/dlr-collector/consent/opt-out-metrics.ts";
import { OptOuts } from "../../../../services/dlr-collector/consent/opt-outs.ts";
import { codecs, NOW, P } from "../../router/router-world.ts";

const FROM = "4915112345678";
const accounts = [
  { id: "acme", inboundNumbers: ["491700000001", "12345"] },
  { id: "beta", inboundNumbers: ["12345"], from: "+491700000002" },
];

async function reads(changes: Partial<Inbound>, raw?: Buffer | null) {
  const optOuts = new OptOuts({ alive: true } as Task, {
    codecs,
    partitions: P,
    catalog: { current: { catalog: { accounts } } } as never,
    metrics: optOutMetrics(new MetricRegistry()),
    log: silentLog,
    now: () => NOW,
  });
  const inbound = {
    provider: "smsc-a",
    from: FROM,
    to: "491700000001",
    text: "STOP",
    receivedAt: NOW - 5,
    ...WHOLE_TEXT,
  };
  const value = raw === undefined ? codecs.inbound.encode({ ...inbound, ...changes }) : raw;
  const record: InRecord = {
    topic: "sms.inbound",
    partition: partitionFor(FROM, P),
    offset: 7,
    key: Buffer.from(FROM),
    value,
    headers: {},
    timestamp: NOW,
  };
  await optOuts.prepare([record]);
  const written: OutRecord[] = [];
  optOuts.process(record, 0, { decide: (out) => written.push(out), effect: () => expect.unreachable() });
  return written;
}

const saidIn = (written: readonly OutRecord[]) =>
  written.map(({ topic, key, partition, value }) => {
    expect(topic).toBe("sms.consent");
    const decoded = codecs.consent.decode(value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(key).toBe(`${decoded.value.accountId}:${decoded.value.destination}`);
    expect(partition).toBe(partitionFor(decoded.value.destination, P));
    return decoded.value;
  });

describe("a message that says stop", () => {
  it("is written down for the account whose number it was sent to, with the time at which it came", async () => {
    expect(saidIn(await reads({}))).toEqual([
      { accountId: "acme", destination: FROM, state: "opted_out", source: "keyword", at: NOW - 5, detail: "smsc-a" },
    ]);
  });

  it("is the same when it is read again", async () => {
    expect(await reads({})).toEqual(await reads({}));
  });

  it.each([
    ["both accounts of a shared number", "12345", ["acme", "beta"]],
    ["the account whose sender it is", "491700000002", ["beta"]],
    ["all accounts where the number is nobody's", "491700000009", ["*"]],
    ["all accounts where the provider names no number", "", ["*"]],
  ])("counts for %s", async (_, to, ids) => {
    expect(saidIn(await reads({ to })).map(({ accountId }) => accountId)).toEqual(ids);
  });

  it("counts for every spelling of the handset's number", async () => {
    const said = saidIn(await reads({ from: "5491123456789" }));
    expect(said.map(({ destination }) => destination).sort()).toEqual(["541123456789", "5491123456789"].sort());
  });

  it("counts by the provider's word as well, which comes first", async () => {
    expect(saidIn(await reads({ text: "bitte keine mehr", optOut: "STOP" }))).toMatchObject([{ state: "opted_out" }]);
    expect(saidIn(await reads({ text: "hallo", optOut: "Start" }))).toMatchObject([{ state: "opted_in" }]);
    expect(await reads({ text: "help me", optOut: "HELP" })).toEqual([]);
  });

  it("cannot be ahead of when the broker had it", async () => {
    expect(saidIn(await reads({ receivedAt: NOW + 86_400_000 }))).toMatchObject([{ at: NOW + 60_000 }]);
  });
});

describe("nothing is written for", () => {
  it.each<[string, Partial<Inbound>]>([
    ["another text", { text: "when do you stop?" }],
    ["a part of a long message", { reference: 1, total: 2, part: 1 }],
    ["a binary message", { alphabet: "binary" }],
    ["a very long text", { text: "stop ".repeat(5_000) }],
    ["a sender that is no number", { from: "12345" }],
    ["a sender that has a name", { from: "Bank" }],
    ["no sender", { from: "" }],
  ])("%s", async (_, changes) => {
    expect(await reads(changes)).toEqual([]);
  });
});

it("a part that is the only one may be a keyword", async () => {
  expect(saidIn(await reads({ reference: 1, total: 1, part: 1 }))).toMatchObject([{ state: "opted_out" }]);
});

it.each([["no value", null] as const, ["junk", Buffer.from([1, 2, 3])] as const])(
  "a record with %s is put aside with its reason",
  async (_, raw) => {
    const [letter, ...others] = await reads({}, raw);
    expect([letter!.topic, others]).toEqual(["sms.dead-letter", []]);
    const decoded = codecs.deadLetter.decode(letter!.value!);
    expect(decoded).toMatchObject({ ok: true, value: { reason: "undecodable", service: "dlr-collector" } });
  },
);
