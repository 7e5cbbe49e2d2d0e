import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newMessageId } from "../../../../../domain/message/message-id.ts";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import { CONVERSIONS_TOPIC } from "../../../../../schemas/topics.ts";
import {
  type Answer,
  type Harness,
  MESSAGE,
  OTHER_KEY,
  PARTITIONS,
  startIngest,
  testCodecs,
} from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest.close());

const tell = (id: string, body: unknown, options: object = {}) =>
  ingest.call(`/v1/messages/${id}/conversion`, { body, ...options });

/** What was written into the topic of conversions. */
async function told() {
  const { conversion } = await testCodecs();
  return ingest.writer.records
    .filter(({ topic }) => topic === CONVERSIONS_TOPIC)
    .map(({ key, partition, value }) => ({ key, partition, decoded: conversion.decode(value as Buffer) }));
}

/** What a refused conversion was answered. */
function refusal({ status, body }: Answer) {
  return [status, body.code, (body.errors ?? []).map((e: { field: string; code: string }) => `${e.field} ${e.code}`)];
}

describe("POST /v1/messages/{id}/conversion", () => {
  it("writes what was told under the message's id, and says what it took down", async () => {
    const id = newMessageId();
    const at = new Date(Date.now() - 5_000).toISOString();
    const { status, body } = await tell(id.toUpperCase(), { converted: true, at });
    expect([status, body]).toEqual([202, { id, converted: true, at }]);
    const partition = partitionFor(id, PARTITIONS);
    const value = { messageId: id, accountId: "acme", converted: true, at: Date.parse(at) };
    expect(await told()).toEqual([{ key: id, partition, decoded: { ok: true, value } }]);
  });

  it("takes the time at which it is told where none is given", async () => {
    const before = Date.now();
    const { body } = await tell(newMessageId(), { converted: false, at: null });
    expect(Date.parse(body.at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(body.at)).toBeLessThanOrEqual(Date.now());
    expect(body.converted).toBe(false);
  });

  it("takes ids that say no time, and such as were made in another place", async () => {
    for (const id of ["0197a000-0000-8000-8000-000000000001", "0197a000-0000-4000-8000-000000000001"])
      expect((await tell(id, { converted: true })).status).toBe(202);
  });

  it("writes down each time that it is told, for the same answer", async () => {
    const id = newMessageId();
    const body = { converted: true, at: new Date().toISOString() };
    const answers = await Promise.all(Array.from({ length: 50 }, () => tell(id, body)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await told()).toHaveLength(50);
  });

  const soon = () => new Date(Date.now() + 120_000).toISOString();
  const longAgo = () => new Date(Date.now() - 8 * 86_400_000).toISOString();
  it.each([
    [() => ({}), ["converted field-missing"]],
    [() => ({ converted: "true" }), ["converted type-wrong"]],
    [() => ({ converted: 1 }), ["converted type-wrong"]],
    [() => ({ converted: null }), ["converted type-wrong"]],
    [() => ({ converted: true, at: soon() }), ["at time-invalid"]],
    [() => ({ converted: true, at: longAgo() }), ["at time-invalid"]],
    [() => ({ converted: true, at: Date.now() }), ["at time-invalid"]],
    [() => ({ converted: true, at: "2026-02-01T12:00" }), ["at time-invalid"]],
    [() => ({ converted: true, at: `${"9".repeat(4)}-01-01T00:00:00Z` }), ["at time-invalid"]],
    [() => ({ converted: true, account: "globex" }), ["account field-unknown"]],
    [() => ({ converted: true, ["x".repeat(1_000)]: 1 }), [`${"x".repeat(64)} field-unknown`]],
    [() => [], [" request-not-an-object"]],
    [() => "true", [" request-not-an-object"]],
    [() => "null", [" request-not-an-object"]],
  ])("names what is wrong with a body (%#)", async (body, problems) => {
    expect(refusal(await tell(newMessageId(), body()))).toEqual([400, "INVALID_CONVERSION", problems]);
    expect(await told()).toEqual([]);
  });

  it("tells of a day that does not exist that it does not", async () => {
    const day = `${new Date().getUTCFullYear()}-02-30`;
    const { body } = await tell(newMessageId(), { converted: true, at: `${day}T12:00:00Z` });
    expect(body.errors).toEqual([{ field: "at", code: "time-invalid", message: `there is no day ${day}` }]);
  });

  it("names twenty things at the most", async () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x${n}`, n]));
    expect((await tell(newMessageId(), fields)).body.errors).toHaveLength(20);
  });

  it.each(["x", "0197a000-0000-7000-8000-00000000000", "%2e%2e"])("knows no message %s", async (id) => {
    expect((await tell(id, { converted: true })).status).toBe(404);
  });

  it("says of another account's message nothing but that there is none, as far as this instance knows", async () => {
    const { id } = (await ingest.call("/v1/messages", { body: MESSAGE })).body;
    expect(refusal(await tell(id, { converted: true }, { key: OTHER_KEY }))).toEqual([404, "MESSAGE_NOT_FOUND", []]);
    expect(await told()).toEqual([]);
    expect((await tell(id, { converted: true })).status).toBe(202);
  });

  it("takes nothing for a message that is too old, or that is yet to come", async () => {
    const old = newMessageId(Date.now() - 8 * 86_400_000);
    expect(refusal(await tell(old, { converted: true }))).toEqual([422, "CONVERSION_TOO_LATE", []]);
    const future = newMessageId(Date.now() + 2 * 3_600_000);
    expect(refusal(await tell(future, { converted: true }))).toEqual([404, "MESSAGE_NOT_FOUND", []]);
  });

  it("needs a key, a POST and a small body", async () => {
    const id = newMessageId();
    expect((await tell(id, { converted: true }, { key: "nobody's" })).status).toBe(401);
    expect((await ingest.call(`/v1/messages/${id}/conversion`)).status).toBe(405);
    expect((await tell(id, `{"converted": true${" ".repeat(5_000)}}`)).status).toBe(413);
  });

  it("is held to the account's rate, apart from its messages", async () => {
    const id = newMessageId();
    const answers: Answer[] = [];
    for (let n = 0; n < 200; n++) answers.push(await tell(id, { converted: true }, { key: OTHER_KEY }));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({
      code: "TOO_MANY_REQUESTS",
      detail: expect.stringContaining("conversions a second"),
    });
    expect(Number(refused?.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect((await ingest.call("/v1/messages", { key: OTHER_KEY, body: MESSAGE })).status).toBe(202);
  });

  it("says 503 while Kafka takes nothing, and when it does not answer: to tell it again does no harm", async () => {
    ingest.writer.hasRoom = false;
    const full = await tell(newMessageId(), { converted: true });
    expect([full.status, full.body.code, full.headers["retry-after"]]).toEqual([503, "UNAVAILABLE", "1"]);
  });
});
