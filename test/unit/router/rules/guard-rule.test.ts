import { describe, expect, it } from "vitest";
import type { Suspicion } from "../../../../domain/abnormal/suspicion.ts";
import { accountSchema } from "../../../../domain/catalog/account.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import { PrefixGuard } from "../../../../domain/guard/prefix-guard.ts";
import type { SaidSuspicion } from "../../../../pipeline/follow/suspicion-board.ts";
import { type Counter, MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import { routerMetrics } from "../../../../services/router/router-metrics.ts";
import { GUARD_CODES, GuardRule } from "../../../../services/router/rules/guard-rule.ts";
import { codecs, eventOf, inRecord, NOW, request, world } from "../router-world.ts";

async function guarded(more: object, open: readonly SaidSuspicion[] = []) {
  const w = world();
  const account = accountSchema.parse({ id: "acme", name: "Acme", ...more });
  w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, accounts: [account] });
  const counted: string[] = [];
  const metric = (code: string, action: string) => ({ add: () => void counted.push(`${code} ${action}`) });
  w.rules.push(new GuardRule({ prefixes: new PrefixGuard(), suspicions: { open: [...open] }, share: () => 1, metric }));
  const router = await w.start();
  let n = 0;
  const send = (changes: object = {}) =>
    eventOf(w.run(router, request(n++, { messageId: `m-${n}`, ...changes })).decisions[0]);
  return { ...w, send, counted };
}
const flood = (send: () => ReturnType<typeof eventOf>) => Array.from({ length: 15 }, () => send()).at(-1)!;
const pumping: Suspicion = {
  ...{
    id: "s",
    kind: "pumping",
    level: "critical",
    measure: "of 40 otp messages",
    expected: 2,
    seen: 40,
    surprise: 80,
  },
  ...{ hourly: {}, since: 0, minute: 0, over: false },
  subject: { account: "acme", country: "DE", range: "49151123" },
};
const said = (changes: object = {}): SaidSuspicion => ({ ...pumping, saidAt: NOW, ...changes });

describe("an account's guard", () => {
  it("stops a flood to one prefix where it filters, and the event says why", async () => {
    const { send, counted } = await guarded({ guard: { mode: "filter" } });
    expect(flood(send)).toMatchObject({
      ...{ type: "closed", state: "rejected", errorClass: "blocked", errorCode: "guard-velocity" },
      reason: expect.stringMatching(
        /^guard: about \d+ messages a minute to \+491511234…, to 1 numbers seen here; 10 are allowed/,
      ),
    });
    expect(counted).toContain("guard-velocity blocked");
  });

  it("has all its series before anything is counted: increase() misses what a later one begins with", async () => {
    const registry = new MetricRegistry();
    routerMetrics(registry);
    const family = [...registry.families()].find(({ name }) => name === "router_guarded_total")!;
    const series = [...family.entries()].map(
      ([{ code, action }, counter]) => `${code} ${action} ${(counter as Counter).value}`,
    );
    expect(series).toEqual(GUARD_CODES.flatMap((code) => [`${code} monitored 0`, `${code} blocked 0`]));
    const filtering = await guarded({ guard: { mode: "filter", suspicions: ["pumping"] } }, [said()]);
    filtering.send();
    const watching = await guarded({ guard: {} });
    flood(watching.send);
    for (const counted of [...filtering.counted, ...watching.counted]) expect(series).toContain(`${counted} 0`);
    expect(filtering.counted).toEqual(["guard-pumping blocked"]);
  });

  it("lets it go where it monitors, and the event says what would have been", async () => {
    const { send, counted } = await guarded({ guard: {} });
    expect(flood(send)).toMatchObject({
      type: "routed",
      rules: expect.stringMatching(/^would have been stopped, guard-velocity: guard: about/),
    });
    expect(counted).toContain("guard-velocity monitored");
  });

  it.each([
    ["off", { mode: "off" }],
    ["off in the country", { mode: "filter", countries: { DE: { mode: "off" } } }],
    ["with another threshold there", { mode: "filter", countries: { DE: { perMinute: 100 } } }],
    ["for other lanes", { mode: "filter", lanes: ["marketing"] }],
    ["with the range allowed", { mode: "filter", allow: ["4915112"] }],
  ])("has nothing against it when it is %s", async (_, guard) => {
    const { send, counted } = await guarded({ guard });
    expect(flood(send)).toMatchObject({ type: "routed", rules: null });
    expect(counted).toEqual([]);
  });

  it.each([
    ["its range", {}, "guard-pumping"],
    ["another range", { subject: { account: "acme", country: "DE", range: "49160" } }, undefined],
    ["another account", { subject: { account: "other", country: "DE" } }, undefined],
    ["many accounts together, none in particular", { subject: { country: "DE", range: "491511" } }, undefined],
    ["something not certain", { level: "warning" }, undefined],
    ["what nobody has spoken of for long", { saidAt: NOW - 3_600_000 }, undefined],
    ["a kind that is not asked for", { kind: "burst" }, undefined],
  ])("follows sms.abnormal: %s", async (_, changes, code) => {
    const { send } = await guarded({ guard: { mode: "filter" } }, [said(changes)]);
    const event = send();
    expect(event.errorCode).toBe(code ?? null);
    if (code !== undefined)
      expect(event.reason).toBe(
        "guard: suspicion pumping is open for DE +49151123…: of 40 otp messages, 40 instead of 2",
      );
  });

  it.each([
    ["held", "scheduled", "closed"],
    ["held", "quiet-hours", "closed"],
    ["held", "frequency-cap", "closed"],
    ["held", "budget-reached", "routed"],
    ["unroutable", "circuits-open", "routed"],
  ])("judges what has waited before it came here, and nothing twice: %s, %s", async (errorClass, errorCode, type) => {
    const { run, start, log } = await guarded({
      content: { mode: "filter", deny: [{ id: "casino", phrases: ["casino*"] }] },
    });
    const { facts } = eventOf(run(await start(), request(0, { text: "hello" })).decisions[0]);
    log.length = 0;
    const later = { facts: { ...facts, messageId: "later" }, text: "casinos", attempt: 2, inDoubt: null };
    const value = codecs.retry.encode({
      ...later,
      tried: [{ provider: null, errorClass, errorCode }],
      ...{ spendLeft: null, spendCurrency: null, charge: null },
    });
    expect(eventOf(run(await start(), inRecord("sms.retry.0s", 0, value)).decisions[0]).type).toBe(type);
  });

  describe("of a message that waits after it was judged", () => {
    const retried = (event: ReturnType<typeof eventOf>, provider: string | null = null) =>
      codecs.retry.encode({
        ...{ facts: event.facts, text: "hello", attempt: 2, inDoubt: null },
        tried: [{ provider, errorClass: provider === null ? "held" : "transient", errorCode: "budget-held" }],
        ...{ spendLeft: null, spendCurrency: null, charge: null },
      });

    it("notes on the event that lets it wait what would have been stopped, and counts that once", async () => {
      const w = await guarded({ guard: {} });
      const due = NOW + 60_000;
      w.rules.push({
        judge: ({ attempt }) =>
          attempt > 1 ? undefined : { verdict: "wait", due, code: "budget-held", detail: "later" },
      });
      const waiting = await w.start();
      const event = Array.from({ length: 15 }, (_, n) =>
        eventOf(w.run(waiting, request(100 + n, { messageId: `w-${n}` })).decisions[0]),
      ).at(-1)!;
      const noted = /^would have been stopped, guard-velocity: guard: about/;
      expect(event).toMatchObject({ type: "postponed", rules: expect.stringMatching(noted) });
      const { length } = w.counted;
      expect(length).toBeGreaterThan(0);
      const later = eventOf(w.run(waiting, inRecord("sms.retry.0s", 0, retried(event))).decisions[0]);
      expect(later).toMatchObject({ type: "routed", rules: expect.stringMatching(noted) });
      expect(w.counted.length).toBe(length);
    });

    it.each([
      ["stops it where its prefix has been closed since", null, "closed"],
      ["lets it go where a provider has had it", "smsc-a", "routed"],
    ])("%s", async (_, provider, type) => {
      const w = await guarded({ guard: { mode: "filter" } });
      const first = w.send();
      flood(w.send);
      const router = await w.start();
      const facts = { ...first.facts, messageId: "waited" };
      const value = retried({ ...first, facts }, provider);
      expect(eventOf(w.run(router, inRecord("sms.retry.0s", 0, value)).decisions[0]).type).toBe(type);
    });
  });

  it("and its content rules stop a text, by the rule's name", async () => {
    const content = { deny: [{ id: "casino", phrases: ["casino*"] }] };
    const { send } = await guarded({ content: { ...content, mode: "filter" } });
    expect(send({ text: "hello" })).toMatchObject({ type: "routed" });
    expect(send({ text: "The CASINO waits" })).toMatchObject({
      ...{ type: "closed", errorClass: "blocked", errorCode: "content-denied" },
      reason: "content: rule casino denies it",
    });
    const watched = await guarded({ content: { ...content, mode: "monitor" } });
    expect(watched.send({ text: "The CASINO waits" })).toMatchObject({
      type: "routed",
      rules: "would have been stopped, content-denied: content: rule casino denies it",
    });
  });
});
