import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MessageTraces } from "../../../../../pipeline/traces/message-traces.ts";
import { silentLog } from "../../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../../platform/telemetry/metric-registry.ts";
import { offersOf } from "../../../../../services/ingest/doors/rest/batch-route.ts";
import { type Harness, KEY, MESSAGE, OTHER_KEY, startIngest } from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest({ acceptTimeoutMs: 100 });
});
afterEach(() => ingest.close());

const post = (messages: readonly unknown[], headers: Record<string, string> = {}) =>
  ingest.call("/v1/messages/batch", { body: { messages }, headers });
const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ to: `+4917012${String(i).padStart(5, "0")}`, text: `no. ${i}` }));

describe("POST /v1/messages/batch", () => {
  it("answers item by item, in order, and writes the valid ones in one send", async () => {
    const answer = await post([
      MESSAGE,
      { to: "nobody", text: "x" },
      "not an object",
      { ...MESSAGE, lane: "marketing", text: "\u4f60\u597d" },
    ]);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 2 });
    expect(answer.body.messages).toMatchObject([
      { status: "accepted", lane: "otp", encoding: "gsm7" },
      { status: "rejected", index: 1, errors: [{ field: "to", code: "destination-malformed" }] },
      { status: "rejected", index: 2, errors: [{ code: "request-not-an-object" }] },
      { status: "accepted", lane: "marketing", encoding: "ucs2" },
    ]);
    expect(ingest.writer.sends).toHaveLength(1);
    const ids = ingest.writer.records.map((record) => record.headers?.id);
    expect(ids).toEqual([answer.body.messages[0].id, answer.body.messages[3].id]);
    expect(ingest.writer.records.map((record) => record.topic)).toEqual(["sms.requests.otp", "sms.requests.marketing"]);
  });

  it("takes 10,000 messages, answers 202, and gives each an id of its own", async () => {
    const answer = await post(numbered(10_000));
    expect(answer.status).toBe(202);
    expect(answer.body.accepted).toBe(10_000);
    expect(new Set(answer.body.messages.map((m: { id: string }) => m.id)).size).toBe(10_000);
    expect(ingest.writer.sends).toHaveLength(1);
    const sent = ingest.writer.records.map((record) => ingest.decode(record));
    expect(sent.map((request) => `+${request.to} ${request.text}`)).toEqual(
      numbered(10_000).map(({ to, text }) => `${to} ${text}`),
    );
  });

  it("names problems of a hostile batch as far as there is room: each message has its first", async () => {
    const wrong = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`a${i}`, 0]));
    const answer = await post(Array.from({ length: 10_000 }, () => wrong));
    const counts = answer.body.messages.map(({ errors }: { errors: unknown[] }) => errors.length);
    expect(counts.slice(0, 2)).toEqual([20, 20]);
    expect(new Set(counts)).toEqual(new Set([20, 1]));
    expect(counts.reduce((sum: number, count: number) => sum + count)).toBeLessThan(20_000);
  });

  it("holds no message as it was read while Kafka is waited for", () => {
    const messages: unknown[] = [{ to: "1" }, { to: "2" }];
    expect([...offersOf(messages, undefined)].map(({ message }) => message)).toEqual([{ to: "1" }, { to: "2" }]);
    expect(messages).toEqual([undefined, undefined]);
  });

  it.each([[numbered(10_001)], [[]]])("refuses too many messages and none", async (messages) => {
    const answer = await post(messages);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([expect.objectContaining({ field: "messages", code: "length-out-of-range" })]);
  });

  it.each([{}, [MESSAGE], "text", null, 7, { messages: "x" }, { messages: [MESSAGE], extra: 1 }])(
    "refuses the body %j",
    async (body) => {
      const answer = await ingest.call("/v1/messages/batch", { body: JSON.stringify(body) });
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe("INVALID_BATCH");
      expect(answer.body.errors.length).toBeGreaterThan(0);
      expect(ingest.writer.sends).toEqual([]);
    },
  );

  it("refuses a message of 250,000 unknown fields alone, and names the first twenty", async () => {
    const fields = Array.from({ length: 250_000 }, (_, i) => [`f${i}`, 0]);
    const answer = await post([MESSAGE, Object.fromEntries(fields)]);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 1, rejected: 1 });
    const { errors } = answer.body.messages[1];
    expect(errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual(
      fields.slice(0, 20).map(([field]) => [field, "field-unknown"]),
    );
  });

  it("answers 207 without a write when no message is valid", async () => {
    const answer = await post([{ to: "1", text: "" }]);
    expect(answer.status).toBe(207);
    expect(answer.body).toMatchObject({ accepted: 0, rejected: 1 });
    expect(ingest.writer.sends).toEqual([]);
  });

  it("gives repeats by key the same ids, by the message's own key or by the request's and the place", async () => {
    const messages = [{ ...MESSAGE, idempotencyKey: "a" }, ...numbered(3)];
    const ids = async (headers = {}) => (await post(messages, headers)).body.messages.map((m: { id: string }) => m.id);
    const keyed = { "idempotency-key": "batch-1" };
    const first = await ids(keyed);
    expect(await ids(keyed)).toEqual(first);
    expect(new Set(first).size).toBe(4);
    const unkeyed = await ids();
    expect(unkeyed[0]).toBe(first[0]);
    expect(unkeyed.slice(1)).not.toEqual(first.slice(1));
  });

  it("rejects only the message whose key stands for another", async () => {
    const answer = await post([
      { ...MESSAGE, idempotencyKey: "a" },
      { ...MESSAGE, idempotencyKey: "a" },
      { ...MESSAGE, idempotencyKey: "a", text: "another" },
    ]);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 1 });
    expect(answer.body.messages[1].id).toBe(answer.body.messages[0].id);
    expect(answer.body.messages[2].errors).toEqual([expect.objectContaining({ code: "idempotency-conflict" })]);
  });

  it("says of each message under which id to repeat it when the acknowledgement is late", async () => {
    ingest.writer.onSend = () => new Promise(() => {});
    const late = await post([MESSAGE, { to: "x" }, { ...MESSAGE, idempotencyKey: "k" }]);
    expect(late.status).toBe(503);
    expect(late.body.code).toBe("ACCEPTANCE_UNKNOWN");
    expect(late.body.messages).toMatchObject([
      { index: 0, status: "unknown" },
      { index: 1, status: "rejected" },
      { index: 2, status: "unknown" },
    ]);
    ingest.writer.onSend = async () => {};
    const { id } = late.body.messages[0];
    const repeat = await post([
      { ...MESSAGE, id },
      { ...MESSAGE, idempotencyKey: "k" },
    ]);
    expect(repeat.body.messages.map((m: { id: string }) => m.id)).toEqual([id, late.body.messages[2].id]);
  });

  it("gives the keys back when the queue has filled up meanwhile", async () => {
    let asked = 0;
    Object.defineProperty(ingest.writer, "hasRoom", { get: () => ++asked !== 2 });
    const refused = await post([{ ...MESSAGE, idempotencyKey: "k" }]);
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe("UNAVAILABLE");
    expect(ingest.writer.sends).toEqual([]);
    const corrected = await post([{ ...MESSAGE, idempotencyKey: "k", text: "corrected" }]);
    expect(corrected.status).toBe(202);
  });
});

describe("traces", () => {
  it("puts the trace of sampled messages, and only theirs, into the records, and tells whether they were accepted", async () => {
    const told: [string, string | undefined, string | undefined][] = [];
    let turn = 0;
    const tracing = { enabled: true, samples: () => turn++ % 2 === 0, close: async () => {} };
    const traces = new MessageTraces({
      tracing: {
        ...tracing,
        record: ({ traceId, parentSpanId, error }) => void told.push([traceId, parentSpanId, error]),
      },
      failuresPerSecond: 0,
      metrics: new MetricRegistry(),
      log: silentLog,
    });
    await ingest.close();
    ingest = await startIngest({ acceptTimeoutMs: 100, traces });
    await post(numbered(3));
    const [first, second, third] = ingest.writer.records.map(({ headers }) => headers!);
    const trace = (id: unknown) => String(id).replaceAll("-", "");
    expect(first!.traceparent).toBe(`00-${trace(first!.id)}-${trace(first!.id).slice(16)}-01`);
    expect(second!.traceparent).toBeUndefined();
    expect(told).toEqual([
      [trace(first!.id), undefined, undefined],
      [trace(third!.id), undefined, undefined],
    ]);
    const client = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    ingest.writer.onSend = () => new Promise(() => {});
    await ingest.call("/v1/messages", { body: MESSAGE, headers: client });
    const { id, traceparent } = ingest.writer.records.at(-1)!.headers!;
    expect(traceparent).toBe(`00-0af7651916cd43dd8448eb211c80319c-${trace(id).slice(16)}-01`);
    expect(told.at(-1)).toEqual(["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "unknown"]);
  });
});

describe("the account's rate", () => {
  const burst = (key: string, count: number) =>
    ingest.call("/v1/messages/batch", { key, body: { messages: numbered(count).map((m) => ({ ...m, lane: "otp" })) } });

  it("charges a batch with all its messages and says when to come back", async () => {
    expect((await burst(OTHER_KEY, 100)).status).toBe(202);
    const answer = await burst(OTHER_KEY, 1);
    expect(answer.status).toBe(429);
    const seconds = Number(answer.headers["retry-after"]);
    expect(seconds).toBeGreaterThanOrEqual(2);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(answer.body).toMatchObject({ code: "TOO_MANY_MESSAGES", retryAfterSeconds: seconds });
    expect(ingest.writer.records).toHaveLength(100);
  });

  it("counts singles too, and leaves other accounts alone", async () => {
    const single = (key: string) => ingest.call("/v1/messages", { key, body: MESSAGE });
    const answers = await Promise.all(Array.from({ length: 60 }, () => single(OTHER_KEY)));
    const accepted = answers.filter((answer) => answer.status === 202).length;
    expect(accepted).toBeGreaterThanOrEqual(10);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(60 - accepted);
    expect(accepted).toBeLessThan(60);
    expect((await single(KEY)).status).toBe(202);
  });
});
