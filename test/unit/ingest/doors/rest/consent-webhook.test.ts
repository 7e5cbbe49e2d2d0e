import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signWebhook } from "../../../../../platform/http/signed-webhook.ts";
import { type Harness, SECRET, startIngest, testCodecs } from "../../ingest-harness.ts";

let ingest: Harness;
beforeEach(async () => {
  ingest = await startIngest();
});
afterEach(() => ingest.close());

const TO = "491701234567";
const NUMBER = `+${TO}`;

/** What a CRM posts that has the secret; `changes` to the headers. */
function post(body: unknown, { account = "acme", secret = SECRET, at = Date.now(), changes = {} } = {}) {
  const text = JSON.stringify(body);
  const headers = { ...signWebhook(secret, "msg_1", at, text), ...changes };
  return ingest.call(`/v1/webhooks/${account}/suppressions`, { method: "POST", body: text, key: undefined, headers });
}

async function written() {
  const { consent } = await testCodecs();
  return ingest.writer.records.map(({ value }) => {
    const decoded = consent.decode(value as Buffer);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { accountId, destination, state, source, at } = decoded.value;
    return { accountId, destination, state, source, at };
  });
}

describe("POST /v1/webhooks/{account}/suppressions", () => {
  it("writes down what a signed request says, as of the account's webhook, and the same when it comes again", async () => {
    const at = "2026-01-31T12:00:00Z";
    const body = {
      suppressions: [
        { number: NUMBER, at },
        { number: "+491701234568", suppressed: false, at },
      ],
    };
    expect(await post(body)).toMatchObject({ status: 200, body: { stored: 2 } });
    const first = await written();
    expect(first).toEqual([
      { accountId: "acme", destination: TO, state: "opted_out", source: "webhook", at: Date.parse(at) },
      { accountId: "acme", destination: "491701234568", state: "opted_in", source: "webhook", at: Date.parse(at) },
    ]);
    await post(body);
    expect((await written()).slice(2)).toEqual(first);
  });

  it.each<[string, unknown, string, number | undefined]>([
    [
      "one contact, as a workflow sends it",
      { number: NUMBER, suppressed: "true", at: "1769860800000" },
      "opted_out",
      1_769_860_800_000,
    ],
    ["a list", [{ number: NUMBER, suppressed: "False", at: 1_769_860_800_000 }], "opted_in", 1_769_860_800_000],
    ["a number alone in a list", [NUMBER], "opted_out", undefined],
    ["an empty time, as a template without a value leaves it", { number: NUMBER, at: "" }, "opted_out", undefined],
  ])("takes %s", async (_, body, state, at) => {
    const sent = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
    expect(await post(body, { at: sent })).toMatchObject({ status: 200, body: { stored: 1 } });
    expect(await written()).toEqual([{ accountId: "acme", destination: TO, state, source: "webhook", at: at ?? sent }]);
  });

  it.each<[string, Parameters<typeof post>[1]]>([
    ["another secret", { secret: "other" }],
    ["an account without a webhook", { account: "globex" }],
    ["an account that is not there", { account: "nobody" }],
    ["an old request", { at: Date.now() - 400_000 }],
    ["no signature", { changes: { "webhook-signature": "" } }],
    ["a signature of another body", { changes: { "webhook-id": "msg_2" } }],
  ])("refuses %s before it reads what it says", async (_, options) => {
    const answer = await post({ suppressions: "not even read" }, options);
    expect([answer.status, answer.body.code]).toEqual([401, "UNAUTHORIZED"]);
    expect(answer.text).not.toContain(SECRET);
    expect(await written()).toEqual([]);
  });

  it("refuses what it does not understand, with field and reason: a misspelt field would say the opposite", async () => {
    const answer = await post({ number: NUMBER, subscribed: "true" });
    expect([answer.status, answer.body.errors]).toMatchObject([
      400,
      [{ field: "suppressions[0].subscribed", code: "field-unknown" }],
    ]);
    expect((await post({ number: NUMBER, suppressed: "maybe" })).status).toBe(400);
    expect((await post("text")).status).toBe(400);
    expect(await written()).toEqual([]);
  });

  it("leaves those suppressed who have said stop themselves, and says who", async () => {
    ingest.consent.say("acme", TO, { at: 2_000 });
    const answer = await post([
      { number: NUMBER, suppressed: false },
      { number: "+491701234568", suppressed: false },
    ]);
    expect(answer.body).toEqual({
      stored: 1,
      kept: [{ number: NUMBER, suppressed: true, scope: "account", source: "keyword", at: "1970-01-01T00:00:02.000Z" }],
    });
    expect(await written()).toMatchObject([{ destination: "491701234568" }]);
  });
});
