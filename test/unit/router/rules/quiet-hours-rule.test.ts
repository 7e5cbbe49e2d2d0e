import { describe, expect, it } from "vitest";
import { quietHoursSchema } from "../../../../domain/catalog/quiet-hours.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { QuietHoursRule } from "../../../../services/router/rules/quiet-hours-rule.ts";
import { codecs, dispatchOf, eventOf, inRecord, NOW, request, world } from "../router-world.ts";

/** 24 November 2025, 17:00 in Berlin. */
const RULE = { id: "afternoon", countries: ["DE"], lanes: ["otp"], allowed: [{ from: "08:00", to: "16:00" }] };
const MORNING = Date.parse("2025-11-25T07:00:00Z");

async function quiet(changes = {}) {
  const w = world();
  w.rules.push(new QuietHoursRule());
  const rule = quietHoursSchema.parse({ ...RULE, ...changes });
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, quietHours: [rule] });
  const router = await w.start();
  router.prepare();
  return { ...w, router };
}

describe("a router with quiet hours", () => {
  it("lets a message wait in sms.scheduled for their end, says why, and sends it then", async () => {
    const { run, router, copied, tick, at } = await quiet();
    const { decisions, effects } = run(router, request());
    expect(eventOf(decisions[0])).toMatchObject({
      type: "postponed",
      errorCode: "quiet-hours",
      errorClass: null,
      due: MORNING,
      reason: "quiet hours (afternoon) in Europe/Berlin until 2025-11-25T07:00:00.000Z",
    });
    copied(effects);
    at(MORNING);
    const [due] = (await tick(router)).effects;
    const back = { ...due!, offset: 0, timestamp: MORNING, key: null, headers: due!.headers! };
    expect(eventOf(run(router, back).decisions[0])).toMatchObject({ type: "routed", attempt: 2 });
  });

  it("ends one at once whose validity is over before, and says that as well", async () => {
    const { run, router } = await quiet();
    const { decisions } = run(router, request(0, { validitySeconds: 3_600 }));
    expect(eventOf(decisions[0])).toMatchObject({ type: "closed", state: "expired", errorCode: "quiet-hours" });
    expect(eventOf(decisions[0]).reason).toMatch(/Europe\/Berlin until .* and the message is valid for less/);
  });

  it("lets one wait that a sender has given back for them, and asks the same provider again then", async () => {
    const { run, router, at, copied, tick } = await quiet();
    at(NOW - 2 * 3_600_000);
    const sent = dispatchOf(run(router, request()).effects[0]);
    at(NOW);
    const { facts, text, provider } = sent;
    const tried = [{ provider, errorClass: "quiet-hours", errorCode: "quiet-hours" }];
    const nothing = { inDoubt: null, spendLeft: null, spendCurrency: null, charge: null };
    const retry = codecs.retry.encode({ facts, text, attempt: 2, tried, ...nothing });
    const back = run(router, inRecord("sms.retry.0s", 0, retry, { headers: { due: String(NOW) } }));
    expect(back.decisions.map(eventOf)).toEqual([
      expect.objectContaining({ type: "postponed", errorCode: "quiet-hours", errorClass: null, due: MORNING }),
    ]);
    copied(back.effects);
    at(MORNING);
    const [due] = (await tick(router)).effects;
    const again = run(router, { ...due!, offset: 0, timestamp: MORNING, key: null, headers: due!.headers! });
    expect(eventOf(again.decisions[0])).toMatchObject({ type: "routed", attempt: 3, provider });
  });

  it("lets all others go", async () => {
    const { run, router, at } = await quiet({ countries: ["FR"] });
    expect(eventOf(run(router, request()).decisions[0])).toMatchObject({ type: "routed" });
    const german = await quiet();
    at(NOW);
    german.at(MORNING + 1_000);
    expect(eventOf(german.run(german.router, request()).decisions[0])).toMatchObject({ type: "routed" });
  });
});
