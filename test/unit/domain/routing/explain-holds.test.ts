import { describe, expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import type { ConsentWord } from "../../../../domain/consent/consent-word.ts";
import { validateSendRequest } from "../../../../domain/message/validation.ts";
import { holdsOn, type KnownRecipient } from "../../../../domain/routing/explain-holds.ts";
import { examplePlain } from "../catalog/example.ts";

/** 23:00 in Berlin. */
const NIGHT = Date.parse("2026-01-15T22:00:00Z");
const MORNING = "2026-01-16T07:00:00.000Z";
const HOUR_MS = 3_600_000;
const DAY = { allowed: [{ from: "08:00", to: "21:00" }] };
const STOP: ConsentWord = { state: "opted_out", source: "keyword", at: 1_000, offset: 0 };
const NOTHING: KnownRecipient = { optOut: null, sent: () => [] };

function snapshot(more: object = {}, account: object = {}) {
  const plain = examplePlain();
  Object.assign(plain.accounts[0]!, account);
  const parsed = parseCatalog({ ...plain, ...more }, 12);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return snapshotOf(parsed.value);
}

const quiet = { quietHours: [{ id: "germany", countries: ["DE"], ...DAY }] };
const caps = (whenReached: string, hours = 24) => ({
  frequencyCaps: [{ id: "two", most: 2, hours, lanes: ["transactional"], whenReached }],
});

function ask(
  catalog: ReturnType<typeof snapshot>,
  recipient = NOTHING,
  fields: object = {},
  account = "acme",
  at = NIGHT,
) {
  const valid = validateSendRequest({ to: "+491711234567", text: "hi", ...fields });
  if (!valid.ok) throw new Error(JSON.stringify(valid.problems));
  return holdsOn(catalog, { request: valid.request, account, at, recipient });
}

describe("what a message would wait for", () => {
  it("is nothing where no rule has anything against it", () => {
    expect(ask(snapshot())).toEqual({ holds: [], notes: [] });
    expect(ask(snapshot(quiet), NOTHING, { to: "+46701740605" })).toEqual({ holds: [], notes: [] });
  });

  it("is the end of its recipient's quiet hours, by their clocks", () => {
    expect(ask(snapshot(quiet)).holds).toEqual([
      {
        rule: "quiet-hours",
        until: MORNING,
        detail: `quiet hours (germany) in Europe/Berlin until ${MORNING}, 08:00 there`,
      },
    ]);
    const { holds } = ask(snapshot(quiet), NOTHING, { validity: 3_600 });
    expect(holds).toEqual([{ rule: "quiet-hours", until: null, detail: expect.stringMatching(/valid for less$/) }]);
  });

  it("is its own time first, and what holds then", () => {
    const sendAt = new Date(NIGHT + 2 * HOUR_MS).toISOString();
    expect(ask(snapshot(quiet), NOTHING, { sendAt }).holds).toMatchObject([
      { rule: "send-at", until: sendAt, detail: `handed in for ${sendAt}` },
      { rule: "quiet-hours", until: MORNING },
    ]);
    const noon = "2026-01-16T12:00:00.000Z";
    expect(ask(snapshot(quiet), NOTHING, { sendAt: noon }).holds.map(({ rule }) => rule)).toEqual(["send-at"]);
    // Its validity counts from its time.
    const untilOf = (validity: number) =>
      ask(snapshot(quiet), NOTHING, { sendAt, validity }).holds.map(({ until }) => until);
    expect([untilOf(6 * 3_600), untilOf(8 * 3_600)]).toEqual([
      [sendAt, null],
      [sendAt, MORNING],
    ]);
  });

  it("ends it where the recipient has said stop, but for lanes in which that does not count", () => {
    const stopped = { ...NOTHING, optOut: STOP };
    expect(ask(snapshot(quiet), stopped).holds).toEqual([
      { rule: "opted-out", until: null, detail: "the recipient said stop on 1970-01-01T00:00:01.000Z" },
    ]);
    const marketing = snapshot({}, { optOut: { lanes: ["marketing"] } });
    expect(ask(marketing, stopped).holds).toEqual([]);
    expect(ask(marketing, stopped, { lane: "marketing" }).holds).toHaveLength(1);
  });

  it("is room under the account's frequency caps, as it will be when it comes to that", () => {
    const sent = (...hoursAgo: number[]) => ({
      ...NOTHING,
      sent: () => hoursAgo.map((hours, message) => ({ at: NIGHT - hours * HOUR_MS, message })),
    });
    expect(ask(snapshot({}, caps("wait")), sent(20, 3)).holds).toEqual([
      {
        rule: "frequency-cap",
        until: new Date(NIGHT + 4 * HOUR_MS).toISOString(),
        detail: "two: 2 in 24 hours have gone to the recipient",
      },
    ]);
    expect(ask(snapshot({}, caps("refuse")), sent(20, 3)).holds).toMatchObject([{ until: null }]);
    expect(ask(snapshot({}, caps("wait")), sent(25, 3)).holds).toEqual([]);
    // In the morning there is room.
    expect(ask(snapshot(quiet, caps("wait")), sent(20, 3)).holds.map(({ rule }) => rule)).toEqual(["quiet-hours"]);
    expect(ask(snapshot({}, caps("wait")), sent(20, 3), { lane: "otp" }).holds).toEqual([]);
  });

  it("is what the routers find: a cap that refuses ends it, whatever others would have it wait for, and it waits as long as the last one says", () => {
    const of = (id: string, hours: number, whenReached = "wait") => ({
      ...{ id, most: 1, hours, lanes: ["transactional"], whenReached },
    });
    const sent = { ...NOTHING, sent: () => [{ at: NIGHT - HOUR_MS, message: 1 }] };
    const both = snapshot({}, { frequencyCaps: [of("long", 48), of("short", 4, "refuse")] });
    expect(ask(both, sent).holds).toEqual([
      { rule: "frequency-cap", until: null, detail: "short: 1 in 4 hours have gone to the recipient" },
    ]);
    const waits = snapshot({}, { frequencyCaps: [of("short", 4), of("long", 24), of("shorter", 2)] });
    expect(ask(waits, sent).holds).toMatchObject([{ until: new Date(NIGHT + 23 * HOUR_MS).toISOString() }]);
  });

  it("is the quiet hours in which there is room under a cap", () => {
    // 18:00 in Berlin; there is room at 22:00.
    const evening = NIGHT - 5 * HOUR_MS;
    const sent = {
      ...NOTHING,
      sent: () => [20, 3].map((hours, message) => ({ at: evening - hours * HOUR_MS, message })),
    };
    expect(ask(snapshot(quiet, caps("wait")), sent, {}, "acme", evening).holds).toMatchObject([
      { rule: "frequency-cap", until: new Date(evening + 4 * HOUR_MS).toISOString() },
      { rule: "quiet-hours", until: MORNING },
    ]);
  });

  it("says what is not known", () => {
    expect(ask(snapshot({}, caps("wait")), {})).toEqual({
      holds: [],
      notes: [
        "whether the recipient has said stop is not known here: taken that they have not",
        "frequency cap two: 2 in 24 hours counts it: how many have gone, the routers know; taken to have room here",
      ],
    });
  });
});
