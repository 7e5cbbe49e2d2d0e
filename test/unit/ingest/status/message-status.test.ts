import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EventRow, type MessageRow, statusAnswer } from "../../../../pipeline/read-model/message-status.ts";
import { SluiceError } from "../../../../platform/errors/sluice-error.ts";
import { type Harness, MESSAGE, OTHER_KEY, startIngest } from "../ingest-harness.ts";

const ROW: MessageRow = {
  state: "delivered",
  final: 1,
  destination: "491701234567",
  lane: "otp",
  encoding: "gsm7",
  segments: 1,
  reference: "",
  accepted_at: "2026-01-02T03:04:05.006Z",
  updated_at: "2026-01-02T03:04:07.000Z",
  attempts: 1,
  provider: "smsc-a",
  submitted_at: "2026-01-02T03:04:06.000Z",
  finished_at: "2026-01-02T03:04:07.000Z",
  costs: { EUR: "0.0075" },
  error_class: "",
  error_code: "",
  reason: "receipt",
};

const EVENT: EventRow = {
  type: "routed",
  at: "2026-01-02T03:04:05.106Z",
  attempt: 1,
  provider: "smsc-a",
  route: "default",
  reason: "priority",
  state: "",
  part: 0,
  due: null,
  error_class: "",
  error_code: "",
  cost: "0",
  currency: "EUR",
  resubmitted: "",
  provider_message_ids: [],
  sent_as: "",
  rules: "",
  verdicts: "",
  charged: "",
};

describe("statusAnswer", () => {
  it("says on routed who went out instead, and what the catalog's rules had to do with it", () => {
    const sent = { sent_as: "12345", rules: "sender rule us: goes out as 12345", verdicts: "b: dearer" };
    const { history } = statusAnswer("the-id", ROW, [
      { ...EVENT, ...sent },
      { ...EVENT, ...sent, type: "submitted" },
    ]);
    expect(history[0]).toMatchObject({
      sentAs: "12345",
      rules: "sender rule us: goes out as 12345",
      verdicts: "b: dearer",
    });
    expect(history[1]).not.toHaveProperty("sentAs");
  });

  it("is scheduled, and says until when, while the message waits for its time", () => {
    const row = { ...ROW, state: "postponed", final: 0 };
    const held = { ...EVENT, type: "postponed", error_code: "scheduled", due: "2026-01-09T08:00:00.000Z" };
    const waits = statusAnswer("the-id", row, [held]);
    expect(waits).toMatchObject({ status: "scheduled", final: false, sendAt: held.due });
    expect(waits.history[0]).toMatchObject({ type: "postponed", errorCode: "scheduled", due: held.due });
    // One that waits for a provider has a time as well, at which nothing may come of it.
    const looked = { ...held, error_class: "unroutable", error_code: "cap-reached" };
    for (const events of [[held, EVENT], [looked]])
      expect(statusAnswer("the-id", row, events)).toMatchObject({ status: "postponed" });
    expect(statusAnswer("the-id", ROW, [held])).toMatchObject({ status: "delivered" });
  });

  it("leaves out what is not known", () => {
    const ids = { provider_message_ids: ["33E95179"] };
    const submitted = { ...EVENT, ...ids, type: "submitted", route: "", reason: "", cost: "0.0075" };
    expect(statusAnswer("the-id", ROW, [EVENT, submitted])).toEqual({
      id: "the-id",
      status: "delivered",
      final: true,
      to: "+491701234567",
      lane: "otp",
      encoding: "gsm7",
      segments: 1,
      acceptedAt: ROW.accepted_at,
      updatedAt: ROW.updated_at,
      attempts: 1,
      provider: "smsc-a",
      submittedAt: ROW.submitted_at,
      finishedAt: ROW.finished_at,
      costs: { EUR: "0.0075" },
      cost: "0.0075",
      currency: "EUR",
      reason: "receipt",
      history: [
        { type: "routed", at: EVENT.at, attempt: 1, provider: "smsc-a", route: "default", reason: "priority" },
        {
          type: "submitted",
          at: EVENT.at,
          attempt: 1,
          provider: "smsc-a",
          cost: "0.0075",
          currency: "EUR",
          providerMessageIds: ["33E95179"],
        },
      ],
    });
  });

  it("names no cost before anything was submitted", () => {
    const row = { ...ROW, state: "routed", final: 0, submitted_at: null, finished_at: null, costs: {} };
    const answer = statusAnswer("the-id", row, []);
    expect(answer).toMatchObject({ status: "routed", final: false });
    expect(answer).not.toHaveProperty("cost");
    expect(answer).not.toHaveProperty("costs");
    expect(answer).not.toHaveProperty("submittedAt");
  });
});

describe("what was told of a conversion", () => {
  const told_at = "2026-01-02T03:05:00.000Z";
  const converted_at = "2026-01-02T03:04:59.000Z";

  it("is there once something was told, with its time where it converted", () => {
    expect(statusAnswer("the-id", ROW, [])).not.toHaveProperty("conversion");
    const conversionOf = (row: { told_at: string; converted_at: string | null }) =>
      statusAnswer("the-id", ROW, [], row).conversion;
    expect(conversionOf({ told_at, converted_at: null })).toEqual({ converted: false, toldAt: told_at });
    expect(conversionOf({ told_at, converted_at })).toEqual({ converted: true, at: converted_at, toldAt: told_at });
  });
});

describe("costs in two currencies", () => {
  it("are two amounts, and neither stands for both", () => {
    const answer = statusAnswer("the-id", { ...ROW, costs: { EUR: "0.068", USD: "0.0079" } }, []);
    expect(answer.costs).toEqual({ EUR: "0.068", USD: "0.0079" });
    expect(answer).not.toHaveProperty("cost");
    expect(answer).not.toHaveProperty("currency");
  });
});

describe("GET /v1/messages/{id}", () => {
  let ingest: Harness;
  beforeEach(async () => {
    ingest = await startIngest();
  });
  afterEach(() => ingest.close());

  const accept = async () => (await ingest.call("/v1/messages", { body: MESSAGE })).body;

  it("answers accepted for a message that analytics has not seen", async () => {
    const { id, acceptedAt } = await accept();
    const answer = await ingest.call(`/v1/messages/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id,
      status: "accepted",
      final: false,
      to: MESSAGE.to,
      lane: "otp",
      encoding: "gsm7",
      segments: 1,
      acceptedAt,
      updatedAt: acceptedAt,
      attempts: 0,
      history: [],
    });
    expect((await ingest.call(`/v1/messages/${id.toUpperCase()}`)).status).toBe(200);
  });

  it("prefers what analytics knows", async () => {
    const { id } = await accept();
    ingest.statuses.set(`acme/${id}`, statusAnswer(id, ROW, [EVENT]));
    expect((await ingest.call(`/v1/messages/${id}`)).body.status).toBe("delivered");
  });

  it("answers an id that went to several destinations with each of them, or with the one that is asked for", async () => {
    const id = "0197a000-0000-7000-8000-000000000001";
    const other: MessageRow = { ...ROW, destination: "491701234568", state: "failed" };
    ingest.statuses.set(`acme/${id}`, [statusAnswer(id, ROW, [EVENT]), statusAnswer(id, other, [])]);
    const { body } = await ingest.call(`/v1/messages/${id}`);
    expect(body).toMatchObject({
      id,
      destinations: [
        { to: "+491701234567", status: "delivered", history: [{ type: "routed" }] },
        { to: "+491701234568", status: "failed", history: [] },
      ],
    });
    for (const to of ["%2B491701234568", "+491701234568", "491701234568", "%2B49%20170%201234568"]) {
      const answer = await ingest.call(`/v1/messages/${id}?to=${to}`);
      expect(answer.body, to).toMatchObject({ id, to: "+491701234568", status: "failed" });
    }
    expect((await ingest.call(`/v1/messages/${id}?to=491701234569`)).status).toBe(404);
    for (const query of ["to=", "to=nobody", "to=491701234568&to=491701234567"])
      expect(await ingest.call(`/v1/messages/${id}?${query}`), query).toMatchObject({
        status: 400,
        body: { code: "INVALID_QUERY", errors: [{ field: "to" }] },
      });
  });

  it("answers from memory for the destination that is asked for, beside what analytics has of another", async () => {
    const { id } = await accept();
    const other = statusAnswer(id, { ...ROW, destination: "491701234568" }, []);
    ingest.statuses.set(`acme/${id}`, other);
    const ask = async (query: string) => (await ingest.call(`/v1/messages/${id}${query}`)).body;
    expect(await ask("")).toEqual(other);
    expect(await ask("?to=491701234568")).toEqual(other);
    expect(await ask(`?to=${encodeURIComponent(MESSAGE.to)}`)).toMatchObject({ to: MESSAGE.to, status: "accepted" });
    expect((await ingest.call(`/v1/messages/${id}?to=491701234569`)).status).toBe(404);
  });

  it("shows an account only its own messages", async () => {
    const { id } = await accept();
    ingest.statuses.set(`acme/${id}`, statusAnswer(id, ROW, [EVENT]));
    const answer = await ingest.call(`/v1/messages/${id}`, { key: OTHER_KEY });
    expect(answer).toMatchObject({ status: 404, body: { code: "MESSAGE_NOT_FOUND" } });
  });

  it.each(["0197a000-0000-7000-8000-000000000000", "x", "0197a000'--"])("answers 404 for %s", async (id) => {
    expect((await ingest.call(`/v1/messages/${encodeURIComponent(id)}`)).status).toBe(404);
  });

  it("answers from memory while analytics is away, and 503 when it has nothing", async () => {
    const { id } = await accept();
    Object.assign(ingest.analytics, {
      find: () => Promise.reject(new SluiceError("away", { code: "STATUS_UNAVAILABLE", class: "transient" })),
    });
    expect((await ingest.call(`/v1/messages/${id}`)).body.status).toBe("accepted");
    const unknown = await ingest.call("/v1/messages/0197a000-0000-7000-8000-000000000000");
    expect(unknown.status).toBe(503);
    expect(unknown.headers["retry-after"]).toBeDefined();
  });

  it("answers 503 where analytics may not read as much as the history takes", async () => {
    Object.assign(ingest.analytics, {
      find: () => Promise.reject(new SluiceError("too much", { code: "LOOKUP_TOO_LARGE" })),
    });
    const asked = await ingest.call("/v1/messages/0197a000-0000-7000-8000-000000000000");
    expect(asked).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
    expect(asked.body.detail).toContain("name one number with to");
    expect(asked.headers["retry-after"]).toBe("1");
  });

  it("does not remember what was never acknowledged", async () => {
    ingest.writer.onSend = () => Promise.reject(new Error("closed"));
    const { id } = await accept();
    expect((await ingest.call(`/v1/messages/${id}`)).status).toBe(404);
  });
});
