import { afterEach, describe, expect, it } from "vitest";
import { messageIdFromKey, newMessageId } from "../../../../../domain/message/message-id.ts";
import type { MessageStatusAnswer } from "../../../../../pipeline/read-model/message-status.ts";
import { SluiceError } from "../../../../../platform/errors/sluice-error.ts";
import type { OutRecord } from "../../../../../platform/kafka/record.ts";
import type { Cancel } from "../../../../../schemas/generated/types.ts";
import {
  GLOBEX,
  type Harness,
  type HarnessOptions,
  KEY,
  OTHER_KEY,
  startIngest,
  testCodecs,
} from "../../ingest-harness.ts";

const ID = "0190a0b0-0000-7000-8000-00000000c001";
const TO = "491701234567";
const codecs = await testCodecs();
let harness: Harness;
afterEach(() => harness.close());

/** An ingest whose routers answer so to each wish. */
async function ingest(answer: (wish: Cancel) => readonly Partial<Cancel>[], options: HarnessOptions = {}) {
  harness = await startIngest(options);
  const wishes: Cancel[] = [];
  harness.writer.onSend = async (records: readonly OutRecord[]) => {
    for (const { topic, value } of records) {
      const wish = topic === "sms.cancels" ? codecs.cancel.decode(value!) : undefined;
      if (!wish?.ok) continue;
      wishes.push(wish.value);
      const answers = answer(wish.value);
      setImmediate(() => {
        for (const told of answers)
          harness.cancelAnswers.take({
            value: codecs.cancel.encode({ ...wish.value, ...told, answers: answers.length }),
          });
      });
    }
  };
  const cancel = (key = KEY, id = ID, more: { query?: string; body?: unknown } = {}) =>
    harness.call(`/v1/messages/${id}${more.query ?? ""}`, { method: "DELETE", key, body: more.body as object });
  return { wishes, cancel };
}

const statusOf = (changes: Partial<MessageStatusAnswer>): MessageStatusAnswer => ({
  ...{ id: ID, status: "delivered", final: true, to: `+${TO}`, lane: "otp", encoding: "gsm7", segments: 1 },
  ...{ acceptedAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z", attempts: 1, history: [] },
  ...changes,
});

describe("DELETE /v1/messages/{id}", () => {
  it("says that the message is cancelled when the router that has it says so", async () => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "cancelled", to: TO }]);
    expect(await cancel()).toMatchObject({
      status: 200,
      body: { id: ID, status: "cancelled", destinations: [`+${TO}`] },
    });
    expect(wishes).toMatchObject([{ messageId: ID, accountId: "acme", scheduled: null }]);
  });

  it("waits for all of an id's destinations, and names those for whom it was too late", async () => {
    const { cancel } = await ingest(() => [
      { outcome: "gone", to: "33612345678" },
      { outcome: "cancelled", to: TO },
    ]);
    expect((await cancel()).body).toMatchObject({ destinations: [`+${TO}`], tooLate: ["+33612345678"] });
  });

  it("says what became of one that does not wait any more", async () => {
    const { cancel } = await ingest(() => [{ outcome: "gone", to: TO }]);
    harness.statuses.set(`acme/${ID}`, statusOf({}));
    expect(await cancel()).toMatchObject({ status: 409, body: { code: "TOO_LATE", messageStatus: "delivered" } });
  });

  it.each([
    ["here", ID, statusOf({ status: "accepted", final: false })],
    ["by another instance, as its id says", newMessageId(), undefined],
  ])("asks again for one that was accepted a moment ago %s, since it may not wait yet", async (_, id, status) => {
    let asked = 0;
    const { cancel } = await ingest(() => [asked++ === 0 ? { outcome: "none" } : { outcome: "cancelled", to: TO }]);
    if (status !== undefined) harness.statuses.set(`acme/${id}`, status);
    expect(await cancel(KEY, id)).toMatchObject({ status: 200 });
    expect(asked).toBe(2);
  });

  it("knows of no message when neither routers nor analytics do, and asks once", async () => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "none" }]);
    const began = performance.now();
    expect(await cancel()).toMatchObject({ status: 404, body: { code: "MESSAGE_NOT_FOUND" } });
    expect(await cancel(KEY, messageIdFromKey("acme", "x"))).toMatchObject({ status: 404 });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(wishes).toHaveLength(2);
    expect(await cancel(KEY, "no-uuid")).toMatchObject({ status: 404 });
  });

  it("says of one that no router comes to that it does not wait yet, and asks a few times", async () => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "none" }], { cancelAnswerMs: 1_500 });
    harness.statuses.set(`acme/${ID}`, statusOf({ status: "accepted", final: false }));
    const { status, body, headers } = await cancel();
    expect([status, body.code, headers["retry-after"]]).toEqual([409, "NOT_WAITING_YET", "1"]);
    expect(wishes.length).toBeGreaterThan(2);
    expect(wishes.length).toBeLessThanOrEqual(4);
  });

  it.each([
    [
      "while analytics says that it waits",
      async () => [statusOf({ status: "scheduled", final: false, sendAt: "2026-01-01T00:00:00Z" })],
    ],
    ["while analytics is away", () => Promise.reject(new Error("away"))],
  ])("answers at once that it was too late when a router says so, also %s", async (_, find) => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "gone", to: TO }]);
    harness.analytics.find = find;
    const { status, body } = await cancel();
    expect([status, body.code, body.messageStatus]).toEqual([409, "TOO_LATE", undefined]);
    expect(body.detail).toMatch(/its time had come, or it was cancelled before/);
    expect(wishes).toHaveLength(1);
  });

  it("looks twice for one that waits as analytics knows it, and no router has", async () => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "none" }]);
    harness.statuses.set(`acme/${ID}`, statusOf({ status: "scheduled", sendAt: "2026-01-01T00:00:00Z" }));
    expect(await cancel()).toMatchObject({ status: 409, body: { code: "TOO_LATE" } });
    expect(wishes).toHaveLength(2);
  });

  it("refuses what it would not heed: a number, any other parameter, a body", async () => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "cancelled", to: TO }]);
    for (const name of ["to", "reason"]) {
      const { status, body } = await cancel(KEY, ID, { query: `?${name}=%2B${TO}` });
      const errors = [{ field: name, code: "field-unknown", message: expect.any(String) }];
      expect([status, body.code, body.errors]).toEqual([400, "INVALID_QUERY", errors]);
    }
    for (const body of [{ to: `+${TO}` }, "x".repeat(5_000)])
      expect(await cancel(KEY, ID, { body })).toMatchObject({ status: 400, body: { code: "BODY_NOT_EXPECTED" } });
    expect(wishes).toEqual([]);
    for (const body of ["", "{}", "null"]) expect((await cancel(KEY, ID, { body })).status).toBe(200);
  });

  it("is to be asked again, and not refused for good, while the bodies of others leave no room for its {}", async () => {
    const { cancel, wishes } = await ingest(() => [{ outcome: "cancelled", to: TO }], { bodyBudget: 1_000 });
    harness.context.bodies.take(1_000);
    const { status, body, headers } = await cancel(KEY, ID, { body: "{}" });
    expect([status, body.code, headers["retry-after"]]).toEqual([503, "BUSY", "1"]);
    expect(wishes).toEqual([]);
    harness.context.bodies.give(1_000);
    expect((await cancel(KEY, ID, { body: "{}" })).status).toBe(200);
  });

  it("promises nothing when no router answers in time, and says where to look", async () => {
    const { cancel } = await ingest(() => [], { cancelAnswerMs: 100 });
    const { status, body, headers } = await cancel();
    expect({ status, body }).toMatchObject({ status: 202, body: { id: ID, status: "cancelling" } });
    expect(headers.location).toBe(`/v1/messages/${ID}`);
  });

  it("takes no answer for its own that was given to another account's wish, or to an earlier one", async () => {
    const others = [{ outcome: "cancelled", to: TO, accountId: "globex" }];
    const { cancel } = await ingest(() => others, { cancelAnswerMs: 100 });
    expect((await cancel()).status).toBe(202);
    await harness.close();
    const earlier = await ingest(({ at }) => [{ outcome: "cancelled", to: TO, at: at - 5_000 }], {
      cancelAnswerMs: 100,
    });
    expect((await earlier.cancel()).status).toBe(202);
  });

  it("is bounded for each account as sending is, and refused without a key", async () => {
    const { cancel } = await ingest(() => [{ outcome: "cancelled", to: TO }]);
    const statuses: number[] = [];
    for (let i = 0; i < GLOBEX.maxPerSecond! * 2 + 5; i++) statuses.push((await cancel(OTHER_KEY)).status);
    expect(statuses).toContain(429);
    expect((await cancel("wrong")).status).toBe(401);
  });

  it("answers 503 where analytics may not read as much as knowing the message takes", async () => {
    const { cancel } = await ingest(() => [{ outcome: "none" }]);
    Object.assign(harness.analytics, {
      find: () => Promise.reject(new SluiceError("too much", { code: "LOOKUP_TOO_LARGE" })),
    });
    expect(await cancel()).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
  });

  it("says that nothing was written down when Kafka takes nothing", async () => {
    const { cancel } = await ingest(() => []);
    harness.writer.hasRoom = false;
    expect(await cancel()).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
  });
});
