import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newMessageId } from "../../../../../domain/message/message-id.ts";
import { messageSid } from "../../../../../domain/message/twilio-sids.ts";
import type { ListedMessage } from "../../../../../pipeline/read-model/account-pages.ts";
import { SluiceError } from "../../../../../platform/errors/sluice-error.ts";
import { CANCELS_TOPIC } from "../../../../../schemas/topics.ts";
import { call, type Harness, KEY, startIngest, testCodecs } from "../../ingest-harness.ts";
import { ACME_SID, errorOf, sdk } from "./sdk.ts";

const NOON = Date.UTC(2026, 10, 30, 12);

let ingest: Harness;
let client: ReturnType<typeof sdk>;
beforeEach(async () => {
  ingest = await startIngest();
  client = sdk(ingest.server.port);
});
afterEach(() => ingest.close());

/** Puts a message into what analytics has. */
function has(about: Partial<ListedMessage> & { readonly at?: number; readonly account?: string } = {}): ListedMessage {
  const { at = NOON, account = "acme", ...rest } = about;
  const time = new Date(at).toISOString();
  const message: ListedMessage & { account: string } = {
    ...{ id: newMessageId(at), to: "+491701234567", from: "ACME", status: "delivered", final: true, segments: 2 },
    ...{ acceptedAt: time, updatedAt: time, submittedAt: time, costs: {}, errorClass: "", errorCode: "", reason: "" },
    ...rest,
    account,
  };
  ingest.pages.messages.push(message);
  return message;
}

describe("messages(sid).fetch", () => {
  it("gives what is known of a message", async () => {
    const { id } = has({ submittedAt: new Date(NOON + 1_500).toISOString() });
    const message = await client.messages(messageSid(id)).fetch();
    expect(message).toMatchObject({
      ...{ sid: messageSid(id), status: "delivered", numSegments: "2", from: "ACME", to: "+491701234567", body: "" },
      ...{ errorCode: null, errorMessage: null, price: null, accountSid: ACME_SID },
    });
    expect(message.dateCreated.getTime()).toBe(NOON);
    expect(message.dateSent.getTime()).toBe(NOON + 1_000);
  });

  it.each([
    [{ status: "accepted", final: false, submittedAt: undefined }, "queued", null],
    [{ status: "routed", final: false, submittedAt: undefined }, "queued", null],
    [{ status: "scheduled", final: false, submittedAt: undefined }, "scheduled", null],
    [{ status: "in_doubt", final: false, submittedAt: undefined }, "sending", null],
    [{ status: "submitted", final: false }, "sent", null],
    [{ status: "unknown" }, "sent", null],
    [{ status: "undelivered", errorCode: "27" }, "undelivered", 30_008],
    [{ status: "undelivered", errorCode: "30003" }, "undelivered", 30_003],
    [{ status: "failed", errorCode: "no-route", submittedAt: undefined }, "failed", 30_008],
    [{ status: "expired", submittedAt: undefined, errorCode: "expired" }, "failed", 30_036],
    [{ status: "rejected", submittedAt: undefined, errorCode: "opted-out" }, "failed", 21_610],
    [{ status: "rejected", submittedAt: undefined, errorCode: "cancelled" }, "canceled", null],
    [{ status: "rejected", errorCode: "cancelled" }, "undelivered", 30_008],
  ])("says of %j: %s, code %s", async (about, status, code) => {
    const { id } = has(about as Partial<ListedMessage>);
    const message = await client.messages(messageSid(id)).fetch();
    expect([message.status, message.errorCode]).toEqual([status, code]);
    expect(message.errorMessage === null).toBe(code === null);
  });

  it("knows what was accepted a moment ago, also while analytics is away", async () => {
    const { sid } = await client.messages.create({ to: "+491701234567", from: "ACME", body: "x" });
    ingest.pages.fault = new SluiceError("away", { code: "STATUS_UNAVAILABLE", class: "transient" });
    expect(await client.messages(sid).fetch()).toMatchObject({ sid, status: "queued", from: "ACME" });
    expect(await errorOf(client.messages(`SM${"0".repeat(32)}`).fetch())).toMatchObject({ status: 503, code: 20_503 });
  });

  it("knows nothing of another account's message, and of what is no Sid", async () => {
    const { id } = has({ account: "globex" });
    for (const sid of [messageSid(id), `SM${"0".repeat(32)}`, "SM1"])
      expect(await errorOf(client.messages(sid).fetch())).toMatchObject({ status: 404, code: 20_404 });
  });
});

describe("messages.list", () => {
  const sids = async (options: Parameters<typeof client.messages.list>[0] = {}) =>
    (await client.messages.list(options)).map(({ sid }) => sid);

  it("goes through all pages, newest first, each message once", async () => {
    const all = Array.from({ length: 25 }, (_, i) => has({ at: NOON + Math.floor(i / 10) }));
    has({ account: "globex" });
    const expected = all
      .sort((a, b) => (a.acceptedAt === b.acceptedAt ? (a.id < b.id ? 1 : -1) : a.acceptedAt < b.acceptedAt ? 1 : -1))
      .map(({ id }) => messageSid(id));
    expect(await sids({ pageSize: 7 })).toEqual(expected);
    expect(await sids({ pageSize: 7, limit: 10 })).toEqual(expected.slice(0, 10));
    const page = await client.messages.page({ pageSize: 10 });
    expect(page.instances).toHaveLength(10);
    const second = await page.nextPage();
    expect(second!.instances.map(({ sid }) => sid)).toEqual(expected.slice(10, 20));
  });

  it("shows what was accepted a moment ago before the rest, in its place and once", async () => {
    const old = has();
    const made: string[] = [];
    for (const to of ["+491701234561", "+491701234562", "+491701234563"])
      made.push((await client.messages.create({ to, from: "ACME", body: "x" })).sid);
    const listed = await sids({ pageSize: 2 });
    expect(listed.toSorted()).toEqual([...made, messageSid(old.id)].toSorted());
    expect(listed.at(-1)).toBe(messageSid(old.id));
    expect(await sids({ to: "+491701234562" })).toEqual([made[1]]);
    // Analytics has it by now.
    const stored = (await client.messages(made[0]!).fetch()) as unknown as { dateCreated: Date };
    has({
      id: ingest.decode(ingest.writer.records[0]!).messageId!,
      at: stored.dateCreated.getTime(),
      to: "+491701234561",
    });
    expect((await sids({ pageSize: 2 })).filter((sid) => sid === made[0])).toHaveLength(1);
  });

  it("shows a message that was handed in again a moment ago in its own old place alone", async () => {
    await client.messages.create({ to: "+491701234561", from: "ACME", body: "x" });
    const { messageId } = ingest.decode(ingest.writer.records[0]!);
    const newer = [has({ at: NOON }), has({ at: NOON + 1 }), has({ at: NOON + 2 })];
    has({ id: messageId!, at: NOON - 86_400_000 });
    const expected = [...newer.map(({ id }) => id).toReversed(), messageId!].map(messageSid);
    expect(await sids({ pageSize: 2 })).toEqual(expected);
  });

  it("keeps its filters from page to page", async () => {
    const wanted = [1, 2, 3].map((i) => has({ at: NOON + i, to: "+491701234561", from: "Shop" }));
    for (const i of [1, 2, 3]) has({ at: NOON + i });
    expect(await sids({ to: "+491701234561", from: "Shop", pageSize: 1 })).toEqual(
      wanted.toReversed().map(({ id }) => messageSid(id)),
    );
  });

  it("filters by recipient, sender and day", async () => {
    const first = has({ to: "+491701234561", at: NOON });
    const second = has({ from: "+491713920012", at: NOON + 86_400_000 });
    const third = has({ from: "Shop", at: NOON + 2 * 86_400_000 });
    expect(await sids({ to: "+491701234561" })).toEqual([messageSid(first.id)]);
    expect(await sids({ from: "491713920012" })).toEqual([messageSid(second.id)]);
    expect(await sids({ to: "nobody" })).toEqual([]);
    expect(await sids({ dateSent: new Date("2026-12-01T00:00:00Z") })).toEqual([messageSid(second.id)]);
    expect(await sids({ dateSentAfter: new Date("2026-12-01T12:00:00Z") })).toEqual([
      messageSid(third.id),
      messageSid(second.id),
    ]);
    expect(await sids({ dateSentBefore: new Date("2026-12-01T00:00:00Z") })).toEqual([messageSid(first.id)]);
    const answer = await get("Messages.json?DateSent%3C=2026-12-01&PageSize=1");
    expect(answer.body).toMatchObject({
      page: 0,
      page_size: 1,
      start: 0,
      end: 0,
      next_page_uri: null,
      previous_page_uri: null,
    });
    expect(answer.body.messages).toHaveLength(1);
  });

  it("asks for no more than a thousand at once, and takes no page that nobody gave", async () => {
    await get("Messages.json?PageSize=5000");
    expect(ingest.pages.queries.at(-1)!.limit).toBe(1_000);
    for (const query of [
      "Page=1",
      "PageToken=PA1",
      "PageToken=PASM1",
      "PageSize=0",
      "PageSize=x",
      "DateSent=soon",
      "Limit=4",
    ])
      expect((await get(`Messages.json?${query}`)).status, query).toBe(400);
  });

  it.each([
    ["is away", "STATUS_UNAVAILABLE", "transient"],
    ["may not read as much", "LOOKUP_TOO_LARGE", "permanent"],
  ] as const)("answers 20503 while analytics %s", async (_, code, kind) => {
    ingest.pages.fault = new SluiceError("away", { code, class: kind });
    expect(await errorOf(client.messages.list({ limit: 1 }))).toMatchObject({ status: 503, code: 20_503 });
  });
});

describe("messages(sid).update and remove", () => {
  /** Answers each wish to cancel in the router's place. */
  async function routersSay(outcome: "cancelled" | "gone" | "none"): Promise<void> {
    const { cancel } = await testCodecs();
    ingest.writer.onSend = async (records) => {
      for (const { topic, value } of records) {
        if (topic !== CANCELS_TOPIC) continue;
        const wish = cancel.decode(value as Buffer);
        if (!wish.ok) throw new Error(wish.detail);
        const to = outcome === "none" ? null : "491701234567";
        setImmediate(() =>
          ingest.cancelAnswers.take({ value: cancel.encode({ ...wish.value, outcome, to, answers: 1 }) }),
        );
      }
    };
  }

  it("cancels what waits for its time", async () => {
    const { id } = has({ status: "scheduled", final: false, submittedAt: undefined });
    await routersSay("cancelled");
    expect(await client.messages(messageSid(id)).update({ status: "canceled" })).toMatchObject({
      sid: messageSid(id),
      status: "canceled",
    });
  });

  it("answers 30409 where it does not wait any more", async () => {
    const { id } = has();
    await routersSay("gone");
    expect(await errorOf(client.messages(messageSid(id)).update({ status: "canceled" }))).toMatchObject({
      status: 409,
      code: 30_409,
    });
  });

  it("says that nothing is redacted or deleted, and does neither", async () => {
    const { id } = has();
    const redacted = await errorOf(client.messages(messageSid(id)).update({ body: "" }));
    expect(redacted).toMatchObject({ status: 400, code: 20_422 });
    expect(redacted.message).toContain("redacted");
    expect(await errorOf(client.messages(messageSid(id)).remove())).toMatchObject({ status: 405, code: 20_009 });
    expect(await errorOf(client.messages(`SM${"0".repeat(32)}`).update({ status: "canceled" }))).toMatchObject({
      status: 404,
      code: 20_404,
    });
    expect(ingest.writer.sends).toEqual([]);
  });
});

it.each([
  ["PUT", "Messages.json"],
  ["DELETE", "Messages.json"],
  ["DELETE", `Messages/SM${"0".repeat(32)}.json`],
  ["PUT", `Messages/SM${"0".repeat(32)}.json`],
])("says beside 405 what is possible instead of %s %s", async (method, path) => {
  const { status, headers } = await get(path, method);
  expect([status, headers.allow]).toEqual([405, "GET, HEAD, POST"]);
});

function get(path: string, method = "GET") {
  return call(ingest.server.port, `/2010-04-01/Accounts/${ACME_SID}/${path}`, {
    ...{ method, key: undefined },
    headers: { authorization: `Basic ${btoa(`${ACME_SID}:${KEY}`)}` },
  });
}
