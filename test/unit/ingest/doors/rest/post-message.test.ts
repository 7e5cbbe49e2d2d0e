import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isMessageId, newMessageId } from "../../../../../domain/message/message-id.ts";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import { DeadlineWriter } from "../../../../../services/ingest/acceptance/deadline-writer.ts";
import {
  FakeWriter,
  type Harness,
  MESSAGE,
  OTHER_KEY,
  PARTITIONS,
  PATIENT,
  startIngest,
} from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest({ acceptTimeoutMs: 100 });
});
afterEach(() => ingest.close());

const post = (body: unknown, headers: Record<string, string> = {}) => ingest.call("/v1/messages", { body, headers });

describe("POST /v1/messages", () => {
  it("answers 202 with the id, and writes the record keyed by the destination", async () => {
    const before = Date.now();
    const answer = await post({ ...MESSAGE, to: "+49 170 1234567", reference: "order-1", metadata: { campaign: "x" } });
    expect(answer.status).toBe(202);
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
    expect(answer.headers["x-powered-by"]).toBeUndefined();
    expect(answer.headers.location).toBe(`/v1/messages/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      status: "accepted",
      to: "+491701234567",
      lane: "otp",
      encoding: "gsm7",
      segments: 1,
      reference: "order-1",
    });
    expect(isMessageId(answer.body.id)).toBe(true);

    const [record, ...others] = ingest.writer.records;
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      topic: "sms.requests.otp",
      key: "491701234567",
      partition: partitionFor("491701234567", PARTITIONS),
      headers: { id: answer.body.id },
    });
    const request = ingest.decode(record!);
    expect(request).toEqual({
      messageId: answer.body.id,
      accountId: "acme",
      to: "491701234567",
      from: null,
      text: MESSAGE.text,
      validitySeconds: 86_400,
      reference: "order-1",
      callbackUrl: null,
      transliterate: false,
      metadata: { campaign: "x" },
      acceptedAt: request.acceptedAt,
      sendAt: null,
      receiptTo: null,
    });
    expect(request.acceptedAt).toBeGreaterThanOrEqual(before);
    expect(new Date(answer.body.acceptedAt).getTime()).toBe(request.acceptedAt);
  });

  it("hands on when it is to be sent, and refuses a time without a zone, one that has passed, and one too far ahead", async () => {
    const sendAt = new Date(Date.now() + 3_600_000);
    const answer = await ingest.call("/v1/messages", { body: { ...MESSAGE, sendAt: sendAt.toISOString() } });
    expect(answer).toMatchObject({ status: 202, body: { sendAt: sendAt.toISOString() } });
    expect(ingest.decode(ingest.writer.records[0]!).sendAt).toBe(sendAt.getTime());
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    for (const [time, code] of [
      [at(3_600_000).replace("Z", ""), "send-at-invalid"],
      [1_764_000_000_000, "send-at-invalid"],
      [at(-3_600_000), "send-at-past"],
      [at(36 * 86_400_000), "send-at-too-far"],
    ] as const) {
      const refused = await ingest.call("/v1/messages", { body: { ...MESSAGE, sendAt: time } });
      expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: "sendAt", code }] } });
    }
  });

  it("answers only after the record has been acknowledged", async () => {
    let acknowledge: () => void = () => {};
    ingest.writer.onSend = () => new Promise((resolve) => (acknowledge = resolve));
    let answered = false;
    const pending = post(MESSAGE).then((answer) => {
      answered = true;
      return answer;
    });
    await expect.poll(() => ingest.writer.sends.length, PATIENT).toBe(1);
    expect(answered).toBe(false);
    acknowledge();
    expect((await pending).status).toBe(202);
  });

  it("names every field that is wrong and writes nothing", async () => {
    const answer = await post({ to: "123", text: "", lanes: "otp", validity: 1 });
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ code: "INVALID_MESSAGE", status: 400 });
    const codes = Object.fromEntries(answer.body.errors.map((e: { field: string; code: string }) => [e.field, e.code]));
    expect(codes).toEqual({
      to: "destination-invalid",
      text: "text-empty",
      lanes: "field-unknown",
      validity: "validity-out-of-range",
    });
    expect(ingest.writer.sends).toEqual([]);
  });

  it("bounds the number of problems it answers", async () => {
    const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x${i}`.repeat(30), 1]));
    const answer = await post(fields);
    expect(answer.body.errors).toHaveLength(20);
    expect(answer.text.length).toBeLessThan(10_000);
  });

  it("refuses a lane that the account does not have", async () => {
    const body = { ...MESSAGE, lane: "marketing" };
    const answer = await ingest.call("/v1/messages", { key: OTHER_KEY, body });
    expect(answer.body.errors).toEqual([expect.objectContaining({ field: "lane", code: "lane-not-allowed" })]);
  });

  it("never repeats the text in an answer", async () => {
    const secret = "s3cret-code";
    const answers = await Promise.all([
      post(`{"to":"+491701234567","text":"${secret}`),
      post({ to: "x", text: secret }),
      post({ ...MESSAGE, text: secret }),
    ]);
    for (const answer of answers) expect(answer.text).not.toContain(secret);
  });
});

describe("idempotency", () => {
  const keyed = { "idempotency-key": "order-17" };

  it("gives a repeat the same answer, and writes nothing for it", async () => {
    const first = await post(MESSAGE, keyed);
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(first.body.acceptedAt));
    const second = await post(MESSAGE, keyed);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.location).toBe(first.headers.location);
    expect(ingest.writer.records).toHaveLength(1);
  });

  it("is refused while the first is under way, and then has its answer", async () => {
    let stored = () => {};
    ingest.writer.onSend = () => new Promise((resolve) => (stored = resolve));
    const first = post(MESSAGE, keyed);
    await expect.poll(() => ingest.writer.sends.length).toBe(1);
    const early = await post(MESSAGE, keyed);
    expect(early.status).toBe(409);
    expect(early.headers["retry-after"]).toBe("1");
    expect(early.body).toMatchObject({ code: "REQUEST_IN_PROGRESS" });
    stored();
    expect((await post(MESSAGE, keyed)).body).toEqual((await first).body);
    expect(ingest.writer.records).toHaveLength(1);
  });

  it("knows the same message in other words", async () => {
    const first = await post(MESSAGE, keyed);
    const second = await post({ lane: "otp", text: MESSAGE.text, to: "0049170 1234567", validity: 86_400 }, keyed);
    expect(second.body.id).toBe(first.body.id);
  });

  it("is the same in the header and in the body", async () => {
    const first = await post(MESSAGE, keyed);
    const second = await post({ ...MESSAGE, idempotencyKey: "order-17" });
    expect(second.body.id).toBe(first.body.id);
  });

  it("refuses the key for another message", async () => {
    await post(MESSAGE, keyed);
    for (const change of [{ text: "another" }, { to: "+491701234568" }, { metadata: { a: "b" } }]) {
      const answer = await post({ ...MESSAGE, ...change }, keyed);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    }
    expect(ingest.writer.records).toHaveLength(1);
  });

  it("keeps accounts and destinations apart", async () => {
    const mine = await post(MESSAGE, keyed);
    const theirs = await ingest.call("/v1/messages", { key: OTHER_KEY, body: MESSAGE, headers: keyed });
    expect(theirs.status).toBe(202);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it("never gives messages to two destinations one id, even where the key is not remembered", async () => {
    const other = await startIngest();
    const mine = await post(MESSAGE, keyed);
    const theirs = await other.call("/v1/messages", { body: { ...MESSAGE, to: "+491701234568" }, headers: keyed });
    const repeat = await other.call("/v1/messages", { body: MESSAGE, headers: { "idempotency-key": "order-17" } });
    await other.close();
    expect(theirs.body.id).not.toBe(mine.body.id);
    expect(repeat.status).toBe(422);
  });

  it("gives one id in every instance", async () => {
    const other = await startIngest();
    const mine = await post(MESSAGE, keyed);
    const theirs = await other.call("/v1/messages", { body: MESSAGE, headers: keyed });
    await other.close();
    expect(theirs.body.id).toBe(mine.body.id);
  });

  it("forgets a key whose message was certainly not accepted", async () => {
    ingest.writer.hasRoom = false;
    expect((await post(MESSAGE, keyed)).status).toBe(503);
    ingest.writer.hasRoom = true;
    expect((await post({ ...MESSAGE, text: "corrected" }, keyed)).status).toBe(202);
  });

  it.each(["", "x".repeat(256), "caf\u00e9"])("refuses the key %j", async (key) => {
    const answer = await post({ ...MESSAGE, idempotencyKey: key });
    expect(answer.body.errors).toEqual([expect.objectContaining({ code: "idempotency-key-invalid" })]);
  });

  it("takes an id of ours again, but none that is derived from a key", async () => {
    const { id } = (await post(MESSAGE)).body;
    expect((await post({ ...MESSAGE, id })).body.id).toBe(id);
    expect((await post({ ...MESSAGE, id, text: "another" })).status).toBe(422);
    const theirs = await ingest.call("/v1/messages", { key: OTHER_KEY, body: { ...MESSAGE, id } });
    expect(theirs.status).toBe(422);
    const derived = (await post(MESSAGE, keyed)).body.id;
    const answer = await post({ ...MESSAGE, id: derived });
    expect(answer.body.errors).toEqual([expect.objectContaining({ field: "id", code: "id-invalid" })]);
    const both = await post({ ...MESSAGE, id, idempotencyKey: "k" });
    expect(both.body.errors).toEqual([expect.objectContaining({ code: "id-and-key" })]);
  });

  it("takes no id beside the request's key: one key would be two messages under two ids", async () => {
    for (const id of [newMessageId(), newMessageId()]) {
      const answer = await post({ ...MESSAGE, id }, keyed);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual([expect.objectContaining({ field: "id", code: "id-and-key" })]);
    }
    expect(ingest.writer.records).toEqual([]);
  });
});

describe("when Kafka is in trouble", () => {
  it("refuses with 503 and Retry-After while too much waits, before reading the body", async () => {
    ingest.writer.hasRoom = false;
    const answer = await post(MESSAGE);
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("1");
    expect(answer.body).toMatchObject({ code: "UNAVAILABLE" });
    expect(ingest.writer.sends).toEqual([]);
  });

  it("refuses at once when writing has failed for longer than the deadline", async () => {
    ingest.writer.unconfirmedSince = performance.now() - 1_000;
    expect((await post(MESSAGE)).body.code).toBe("UNAVAILABLE");
    ingest.writer.unconfirmedSince = 0;
    expect((await post(MESSAGE)).status).toBe(202);
    const writer = new DeadlineWriter(Object.assign(new FakeWriter(), { unconfirmedSince: 1_000 }), 100);
    expect([1_000, 1_099, 1_100].map((now) => writer.open(now))).toEqual([true, true, false]);
  });

  it("says that it does not know when the acknowledgement is late, and how to repeat", async () => {
    ingest.writer.onSend = () => new Promise(() => {});
    const late = await post(MESSAGE);
    expect(late.status).toBe(503);
    expect(late.headers["retry-after"]).toBe("1");
    expect(late.body.code).toBe("ACCEPTANCE_UNKNOWN");
    expect(late.body.detail).toContain(late.body.id);
    ingest.writer.onSend = async () => {};
    const repeat = await post({ ...MESSAGE, id: late.body.id });
    expect(repeat.status).toBe(202);
    expect(repeat.body.id).toBe(late.body.id);

    ingest.writer.onSend = () => new Promise(() => {});
    const keyed = await post(MESSAGE, { "idempotency-key": "k" });
    expect(keyed.body.detail).toContain("same idempotency key");
  });

  it("treats a rejected write as unknown", async () => {
    ingest.writer.onSend = () => Promise.reject(new Error("closed"));
    expect((await post(MESSAGE)).body.code).toBe("ACCEPTANCE_UNKNOWN");
  });
});
