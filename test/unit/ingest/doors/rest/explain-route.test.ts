import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snapshotOf } from "../../../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../../../domain/message/validation.ts";
import { explain } from "../../../../../domain/routing/explain.ts";
import { exampleCatalog } from "../../../domain/catalog/example.ts";
import { type Harness, MONDAY_NOON, OTHER_KEY, startIngest } from "../../ingest-harness.ts";

const snapshot = snapshotOf(exampleCatalog(), 3);
let ingest: Harness;
beforeAll(async () => {
  ingest = await startIngest({ snapshot });
});
afterAll(() => ingest.close());

const ask = (body: unknown, key?: string) =>
  ingest.call("/v1/routes/explain", { body, ...(key === undefined ? {} : { key }) });

describe("POST /v1/routes/explain", () => {
  it("answers what sluice explain says, and sends nothing", async () => {
    const fields = { to: "+491711234567", from: "ACME", text: "Grüße 🎉", metadata: { tier: "gold" } };
    const { status, body } = await ask(fields);
    const valid = validateSendRequest(fields);
    if (!valid.ok) throw new Error(JSON.stringify(valid.problems));
    const { routing } = ingest.context;
    const input = {
      request: valid.request,
      account: "acme",
      at: MONDAY_NOON,
      delivery: routing.delivery,
      recipient: { optOut: null },
    };
    const said = explain(snapshot, { ...input, health: (id) => routing.health(id, "transactional") });
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(said)));
    expect(body).toMatchObject({
      ...{ provider: "north", reason: "weighted", encoding: "ucs2", catalogVersion: 3, at: "2026-01-05T12:00:00.000Z" },
      candidates: [
        { provider: "north", health: { circuit: "closed", rate: 80 }, conversion: { told: 50, suspect: false } },
        { provider: "south", health: null, conversion: null },
      ],
    });
    expect(ingest.writer.sends).toEqual([]);
  });

  it("is about messages of the account that asks, and of no other", async () => {
    const question = { to: "+33612345678", lane: "otp" };
    expect((await ask(question)).body).toMatchObject({ account: "acme", route: { id: "acme-codes" } });
    expect((await ask(question, OTHER_KEY)).body).toMatchObject({ account: "globex", route: { id: "rest" } });
    for (const field of ["account", "accountId"]) {
      const { status, body } = await ask({ ...question, [field]: "acme" }, OTHER_KEY);
      expect([status, body.errors]).toEqual([400, [expect.objectContaining({ field, code: "field-unknown" })]]);
    }
  });

  it("says that its recipient said stop to this account, and to another one nothing of it", async () => {
    const question = { to: "+46701740605" };
    expect((await ask(question)).body.holds).toEqual([]);
    ingest.consent.say("acme", "46701740605");
    expect((await ask(question)).body.holds).toEqual([
      { rule: "opted-out", until: null, detail: "the recipient said stop on 1970-01-01T00:00:01.000Z" },
    ]);
    expect((await ask(question, OTHER_KEY)).body.holds).toEqual([]);
    ingest.consent.complete = false;
    const { holds, notes } = (await ask(question)).body;
    ingest.consent.complete = true;
    expect(holds).toEqual([]);
    expect(notes).toContain("whether the recipient has said stop is not known here: taken that they have not");
  });

  it("says of one for later that it waits, and decides for then", async () => {
    const sendAt = "2026-01-06T12:00:00.000Z";
    const { body } = await ask({ to: "+33612345678", sendAt });
    expect(body).toMatchObject({ at: sendAt, holds: [{ rule: "send-at", until: sendAt }] });
    const { body: refused } = await ask({ to: "+33612345678", sendAt: "2026-06-30T12:00:00Z" });
    expect(refused.errors).toMatchObject([{ field: "sendAt", code: "send-at-too-far" }]);
  });

  it("is about another time where one is given", async () => {
    const { body } = await ask({ to: "+33612345678", at: "2026-07-01T00:00:00+02:00" });
    expect(body.at).toBe("2026-06-30T22:00:00.000Z");
  });

  it.each([
    [{ to: "12" }, "to", "destination-invalid"],
    [{}, "to", "field-missing"],
    [{ to: "+33612345678", lane: "fast" }, "lane", "lane-unknown"],
    [{ to: "+33612345678", at: "noon" }, "at", "time-invalid"],
    [{ to: "+33612345678", at: "2026-02-30T12:00" }, "at", "time-invalid"],
    [{ to: "+33612345678", at: "2026-02-30" }, "at", "time-invalid"],
    [{ to: "+33612345678", at: "2026-02-30T12:00:00Z" }, "at", "time-invalid"],
    [{ to: "+33612345678", at: 7 }, "at", "time-invalid"],
    [{ to: "+33612345678", validity: 60 }, "validity", "field-unknown"],
    [[], "", "request-not-an-object"],
    ["7", "", "request-not-an-object"],
  ])("names what is wrong with %j", async (question, field, code) => {
    const { status, body } = await ask(question);
    expect([status, body.code, body.errors]).toEqual([
      400,
      "INVALID_MESSAGE",
      [{ field, code, message: expect.any(String) }],
    ]);
  });

  it("names twenty things at the most", async () => {
    const fields = Array.from({ length: 100 }, (_, n) => [`x${n}`, n]);
    expect((await ask({ to: "+33612345678", ...Object.fromEntries(fields) })).body.errors).toHaveLength(20);
  });

  it("needs a key, and a POST", async () => {
    expect((await ask({ to: "+33612345678" }, "nobody's")).status).toBe(401);
    expect((await ingest.call("/v1/routes/explain", { method: "GET" })).status).toBe(405);
  });
});
