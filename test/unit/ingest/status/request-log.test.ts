import { beforeAll, describe, expect, it } from "vitest";
import { messageIdFromKey, newMessageId } from "../../../../domain/message/message-id.ts";
import type { SluiceCodecs } from "../../../../pipeline/records/codecs.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { RecentAcceptances } from "../../../../services/ingest/acceptance/recent-acceptances.ts";
import { MessageLookup } from "../../../../services/ingest/status/message-lookup.ts";
import { RequestLog } from "../../../../services/ingest/status/request-log.ts";
import { testCodecs } from "../ingest-harness.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const TO = "491701234567";
let codecs: SluiceCodecs;
beforeAll(async () => {
  codecs = await testCodecs();
});

/** A topic of one partition, with records by the time at which they were appended. */
class FakeTopics {
  readonly records: InRecord[] = [];
  read = 0;
  hangs = false;

  add(id: string, appendedAt: number, more: { accountId?: string; to?: string; topic?: string } = {}): void {
    const { accountId = "acme", to = TO, topic = "sms.requests.otp" } = more;
    const value = codecs.request.encode({
      ...{ messageId: id, accountId, to, from: null, text: "{€}".repeat(60), transliterate: false, reference: "r" },
      ...{
        validitySeconds: 300,
        callbackUrl: null,
        metadata: {},
        acceptedAt: appendedAt - 3,
        sendAt: null,
        receiptTo: null,
      },
    });
    const offset = this.#of(topic).length;
    const headers = { id: Buffer.from(id) };
    this.records.push({ topic, partition: 0, offset, key: Buffer.from(to), value, headers, timestamp: appendedAt });
  }

  #of(topic: string): InRecord[] {
    return this.records.filter((record) => record.topic === topic);
  }

  watermarks = async (topic: string) => {
    if (this.hangs) await new Promise(() => {});
    return [{ low: 0, high: this.#of(topic).length }];
  };

  offsetsAt = async (topic: string, time: number) => {
    const at = this.#of(topic).findIndex(({ timestamp }) => timestamp >= time);
    return [at < 0 ? this.#of(topic).length : at];
  };

  readRange = async (topic: string, _: number, from: number, to: number, take: (record: InRecord) => void) => {
    for (const record of this.#of(topic).slice(from, to)) {
      this.read++;
      take(record);
    }
  };
}

const logOf = (reader: FakeTopics, longestMs = 5_000) =>
  new RequestLog({ reader, codec: codecs.request, now: () => NOW, longestMs });

describe("what another instance accepted a moment ago", () => {
  it("is found in the log at the time that its id says, and nothing else is read", async () => {
    const topics = new FakeTopics();
    for (let i = 0; i < 1_000; i++) topics.add(newMessageId(NOW - 600_000), NOW - 600_000 + i * 500);
    const id = newMessageId(NOW - 40_000);
    topics.add(newMessageId(NOW - 41_000), NOW - 41_000);
    topics.add(id, NOW - 39_990, { topic: "sms.requests.marketing" });
    topics.add(newMessageId(NOW), NOW);
    expect(await logOf(topics).find("acme", id)).toEqual([
      {
        ...{ accountId: "acme", destination: TO, lane: "marketing", encoding: "gsm7", reference: "r" },
        // Braces and euro signs are two septets each: 360 of them.
        ...{ segments: 3, acceptedAt: NOW - 39_993 },
      },
    ]);
    expect(topics.read).toBe(2);
  });

  it("is found under an id that was made of a key, which says no time, among those of the last minute", async () => {
    const topics = new FakeTopics();
    const id = messageIdFromKey("acme", "k");
    topics.add(id, NOW - 61_000, { to: "491700000001" });
    topics.add(id, NOW - 59_000);
    topics.add(id, NOW - 58_000);
    expect((await logOf(topics).find("acme", id)).map(({ destination }) => destination)).toEqual([TO]);
    expect(topics.read).toBe(2);
  });

  it("is nobody else's, and older ids are not looked for", async () => {
    const topics = new FakeTopics();
    const [others, old] = [newMessageId(NOW), newMessageId(NOW - 61_000)];
    topics.add(old, NOW - 61_000);
    topics.add(others, NOW, { accountId: "globex" });
    expect(await logOf(topics).find("acme", others)).toEqual([]);
    expect(await logOf(topics).find("acme", old)).toEqual([]);
    expect(topics.read).toBe(1);
  });

  it("is none where Kafka does not say in time, and four are looked for at once", async () => {
    const topics = new FakeTopics();
    const id = newMessageId(NOW);
    topics.add(id, NOW);
    const log = logOf(topics, 50);
    topics.hangs = true;
    expect(await Promise.all([1, 2, 3, 4].map(() => log.find("acme", id)))).toEqual([[], [], [], []]);
    topics.hangs = false;
    expect(await log.find("acme", id), "they still hang").toEqual([]);
    expect(await logOf(topics).find("acme", id)).toHaveLength(1);
  });
});

describe("a status", () => {
  const recent = () => new RecentAcceptances(10, performance.now());
  const away = { find: () => Promise.reject(new Error("away")) };
  const empty = { find: async () => [] };

  it.each([
    ["does not have it yet", empty],
    ["is away", away],
  ])("is accepted by the log where analytics %s", async (_, analytics) => {
    const topics = new FakeTopics();
    const id = newMessageId(NOW);
    topics.add(id, NOW);
    const lookup = new MessageLookup(analytics, recent(), logOf(topics), silentLog);
    expect(await lookup.find("acme", id, [])).toMatchObject([{ id, status: "accepted", to: `+${TO}`, lane: "otp" }]);
    expect(await lookup.find("acme", id, [TO])).toHaveLength(1);
    const other = newMessageId(NOW);
    if (analytics === away) await expect(lookup.find("acme", other, [])).rejects.toThrow("away");
    else expect(await lookup.find("acme", other, [])).toEqual([]);
  });
});
