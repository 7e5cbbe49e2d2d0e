import { expect, it } from "vitest";
import { senderPlaceSchema } from "../../../domain/catalog/sender-place.ts";
import { snapshotOf } from "../../../domain/catalog/snapshot.ts";
import { validateSendRequest } from "../../../domain/message/validation.ts";
import { explain } from "../../../domain/routing/explain.ts";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { Replay } from "../../../pipeline/simulate/replay.ts";
import { SeenDeliveries } from "../../../pipeline/simulate/seen-deliveries.ts";
import { explainTable } from "../../../services/cli/explain/explain-report.ts";
import { facts } from "../dlr-collector/records.ts";
import { codecs, dispatchOf, eventOf, inRecord, NOW, request, TO, world } from "./router-world.ts";

const ruled = (...rules: object[]) => {
  const w = world();
  const senders = rules.map((rule) => senderPlaceSchema.parse(rule));
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, senders });
  return w;
};
const REPLACED = { id: "germany", countries: ["DE"], allowed: ["short-code"], replaceBy: ["12345"] };

it("who goes out instead stands on the event and the dispatch, beside who was to", async () => {
  const w = ruled(REPLACED);
  const { decisions, effects } = w.run(await w.start(), request(0, { from: "ACME" }));
  expect(eventOf(decisions[0])).toMatchObject({
    type: "routed",
    facts: { from: "ACME", sentAs: "12345" },
    rules: "sender rule germany: goes out as 12345",
  });
  expect(dispatchOf(effects[0]).facts).toMatchObject({ from: "ACME", sentAs: "12345" });
});

it("what was decided stays decided, whatever the rules say when it is carried out", async () => {
  const w = ruled(REPLACED);
  w.run(await w.start(), request(0, { from: "ACME" }));
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, senders: [] });
  const next = await w.start();
  next.prepare();
  expect(dispatchOf(w.run(next, request(0, { from: "ACME" })).effects[0]).facts.sentAs).toBe("12345");
});

it("each attempt is judged anew, by the message's own sender", async () => {
  const w = ruled({ ...REPLACED, replaceBy: ["54321"] });
  const of = { ...facts("0198c1a2-0000-7000-8000-0000000000a7"), to: TO, country: "DE", from: "ACME", sentAs: "12345" };
  const retry = { facts: { ...of, acceptedAt: NOW, expiresAt: NOW + 60_000 }, text: "hi", attempt: 2 };
  const value = codecs.retry.encode({
    ...retry,
    tried: [],
    inDoubt: null,
    spendLeft: null,
    spendCurrency: null,
    charge: null,
  });
  const router = await w.start();
  expect(dispatchOf(w.run(router, inRecord("sms.retry.0s", 0, value)).effects[0]).facts.sentAs).toBe("54321");
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, senders: [] });
  const later = codecs.retry.encode({
    ...{ ...retry, attempt: 3 },
    ...{ tried: [], inDoubt: null, spendLeft: null, spendCurrency: null, charge: null },
  });
  router.prepare();
  expect(dispatchOf(w.run(router, inRecord("sms.retry.0s", 1, later)).effects[0]).facts.sentAs).toBeNull();
});

it("over Kafka, a sender that the destination's rule does not allow ends the message with field, country and rule", async () => {
  const w = ruled({ id: "germany", countries: ["DE"], registered: ["SHOP"] });
  const router = await w.start();
  const { decisions, effects } = w.run(router, request(0, { from: "ACME" }));
  expect(effects).toEqual([]);
  expect(eventOf(decisions[0])).toMatchObject({
    type: "closed",
    state: "rejected",
    errorClass: "invalid",
    errorCode: "sender-not-allowed",
    reason: "from: this sender is not registered in DE (sender rule germany)",
    facts: { from: "ACME", sentAs: null },
  });
  expect(decisions.map(({ topic }) => topic)).toEqual(["sms.events", "sms.dead-letter"]);
});

it("a provider where the sender is not registered is left out, and the event says so; with none left it ends", async () => {
  const w = ruled({ id: "germany", countries: ["DE"], registered: [{ sender: "SHOP", providers: ["b"] }] });
  const router = await w.start();
  expect(eventOf(w.run(router, request(0, { from: "SHOP" })).decisions[0])).toMatchObject({
    provider: "b",
    rules: "sender rule germany: not registered at a",
  });
  w.catalog.current = snapshotOf({ ...w.only("a").catalog, senders: w.catalog.current.catalog.senders });
  router.prepare();
  expect(eventOf(w.run(router, request(1, { from: "SHOP" })).decisions[0])).toMatchObject({
    type: "closed",
    state: "rejected",
    errorCode: "sender-not-allowed",
    reason: "a: sender-not-registered",
  });
});

it("explanations and simulations know the rules", () => {
  const { current } = ruled(REPLACED).catalog;
  const asked = validateSendRequest({ to: `+${TO}`, text: "hi", from: "ACME" });
  if (!asked.ok) throw new Error("request");
  const said = explain(current, { request: asked.request, account: "acme", at: NOW, health: () => undefined });
  expect(said).toMatchObject({
    from: "ACME",
    sentAs: "12345",
    notes: expect.arrayContaining(["sender rule germany holds"]),
  });
  const table = explainTable(said, { catalog: "x", health: "x" });
  expect(table).toContain("sender ACME, goes out as 12345");

  const strict = ruled({ id: "germany", countries: ["DE"], registered: ["SHOP"] }).catalog.current;
  const replay = new Replay([strict], new SeenDeliveries());
  for (const from of ["SHOP", "ACME"]) {
    const of = facts(from, { from, country: "DE" });
    replay.decided({ ...BLANK_EVENT, type: "routed", at: NOW, facts: of, attempt: 1, provider: "a", price: 10_000 });
  }
  const closed = { type: "closed", errorClass: "invalid", errorCode: "sender-not-allowed" } as const;
  replay.decided({ ...BLANK_EVENT, ...closed, at: NOW, facts: facts("x", { from: "SHOP" }), attempt: 1 });
  expect(Object.fromEntries(replay.recorded.refused)).toEqual({ "sender-not-allowed": 1 });
  expect(Object.fromEntries(replay.simulated[0]!.refused)).toEqual({ "sender-not-allowed": 1 });
});
