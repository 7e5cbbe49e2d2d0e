import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { quietHoursSchema } from "../../../domain/catalog/quiet-hours.ts";
import { type Snapshot, snapshotOf } from "../../../domain/catalog/snapshot.ts";
import type { Work } from "../../../platform/kafka/dispatcher.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { DispatchTask, type DispatchTaskOptions } from "../../../services/sender/dispatch-task.ts";
import { LastLook } from "../../../services/sender/last-look.ts";
import { world as routerWorld } from "../router/router-world.ts";
import { dispatchOf } from "./dispatches.ts";
import { goesBack, running } from "./provider-world.ts";

/** 21:00 in Berlin, where the rule lets nothing go until 08:00. */
const NIGHT = Date.parse("2026-01-15T20:00:00Z");
const MORNING = Date.parse("2026-01-16T07:00:00Z");
const RULE = { id: "germany", countries: ["DE"], allowed: [{ from: "08:00", to: "21:00" }] };
const GERMAN = "491711234567";
const SWEDE = "46701740605";
const valid = { expiresAt: MORNING + 3_600_000 };

const base = routerWorld().catalog.current.catalog;
const catalogOf = (...rules: object[]): Snapshot =>
  snapshotOf({ ...base, quietHours: rules.map((rule) => quietHoursSchema.parse(rule)) });

function lookAt(rules: object[] = [RULE], stopped: readonly string[] = [], unsure: readonly string[] = []) {
  const catalog = { current: catalogOf(...rules) };
  const consent = {
    against: ({ to }: { to: string }) =>
      stopped.includes(to) ? { state: "opted_out" as const, source: "keyword" as const, at: 1, offset: 0 } : undefined,
    holds: () => false,
    holdsAlone: ({ to }: { to: string }) => unsure.includes(to),
  };
  return { catalog, look: new LastLook({ consent, catalog, now: () => Date.now() }) };
}

/** A sender whose provider takes one segment a second, a moment before the night. */
async function lateInTheEvening(look: LastLook, before = 2_300) {
  vi.setSystemTime(NIGHT - before);
  const w = await running({ rate: 1 }, { look });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      if (w.link.waiting.length > 0) w.link.answer();
      await vi.advanceTimersByTimeAsync(1_000);
    }
  };
  return { ...w, pass };
}

beforeEach(() => void vi.useFakeTimers({ now: NIGHT }));
afterEach(() => void vi.useRealTimers());

describe("a sender at the begin of quiet hours", () => {
  it("gives back what has waited for its slot until then, and sends what it may", async () => {
    const { link, submit, settled, pass } = await lateInTheEvening(lookAt().look);
    for (const to of [GERMAN, GERMAN, GERMAN, SWEDE])
      submit({ facts: { ...valid, to, country: to === SWEDE ? "SE" : "DE" } });
    await pass(6);
    const returned = settled.filter((event) => event?.type === "returned");
    expect(returned.length).toBeGreaterThan(0);
    for (const event of returned) {
      expect(event).toMatchObject({ errorClass: "quiet-hours", errorCode: "quiet-hours", facts: { to: GERMAN } });
      expect(event!.at).toBeGreaterThanOrEqual(NIGHT);
    }
    const submitted = settled.flatMap((event) => (event?.type === "submitted" ? [event] : []));
    expect(submitted.at(-1)!.facts.to).toBe(SWEDE);
    expect(link.sent).toBe(4 - returned.length);
    expect(submitted.filter(({ facts }) => facts.to === GERMAN).every(({ at }) => at < NIGHT + 1_000)).toBe(true);
  });

  it("sends all parts of a message of which one has left before", async () => {
    const { link, submit, settled, pass } = await lateInTheEvening(lookAt().look, 1_500);
    submit({ facts: { ...valid, segments: 4 } });
    await vi.advanceTimersByTimeAsync(100);
    expect([link.sent > 0, link.sent < 4]).toEqual([true, true]);
    await pass(8);
    expect(link.sent).toBe(4);
    expect(settled).toEqual([expect.objectContaining({ type: "submitted" })]);
  });

  it("goes by the catalog that holds now", async () => {
    const { catalog, look } = lookAt([]);
    const facts = dispatchOf({ facts: valid }).facts;
    expect(look.against(facts)).toBeUndefined();
    catalog.current = catalogOf(RULE);
    expect(look.against(facts)).toBe("quiet-hours");
    catalog.current = catalogOf({ ...RULE, accounts: ["others"] });
    expect(look.against(facts)).toBeUndefined();
  });

  it("does not send back what the router lets go a moment before this one's clock says that it may", () => {
    const { look } = lookAt();
    const { facts } = dispatchOf({ facts: valid });
    vi.setSystemTime(MORNING - 1_001);
    expect(look.against(facts)).toBe("quiet-hours");
    vi.setSystemTime(MORNING - 1_000);
    expect(look.against(facts)).toBeUndefined();
  });

  it("ends rather than delays what goes to somebody who has said stop", () => {
    const { look } = lookAt([RULE], [GERMAN]);
    expect(look.against(dispatchOf({ facts: { ...valid, to: GERMAN } }).facts)).toBe("opted-out");
  });

  it("gives back one whose recipient alone is not known well enough when it is its turn, and not out of the log before", () => {
    const { look } = lookAt([], [GERMAN], [GERMAN]);
    const { facts } = dispatchOf({ facts: { ...valid, to: GERMAN } });
    expect([look.whenDue(facts), look.against(facts)]).toEqual(["consent-unknown", "opted-out"]);
    const other = dispatchOf({ facts: { ...valid, to: SWEDE, country: "SE" } }).facts;
    expect(look.whenDue(other)).toBeUndefined();
    expect(lookAt([RULE]).look.whenDue(facts)).toBe("quiet-hours");
  });

  it("gives back what waits in the log, whether the provider can be used or not", () => {
    const { look } = lookAt();
    const returned: unknown[][] = [];
    const outcomes = {
      returned: (...parts: unknown[]) => {
        returned.push(parts.slice(1));
        return { events: [], followUp: [] };
      },
    };
    const options = { outcomes, sender: goesBack, now: () => Date.now(), look } as unknown as DispatchTaskOptions;
    const task = new DispatchTask({} as Task, options);
    const over = (to: string, country: string) => {
      const record = { headers: {} } as unknown as InRecord;
      const value = dispatchOf({ facts: { ...valid, to, country } });
      return task.over({ record, value } as unknown as Work<Dispatch>);
    };
    expect(over(SWEDE, "SE")).toBeUndefined();
    over(GERMAN, "DE")!();
    expect(returned).toEqual([["quiet-hours", "quiet-hours", NIGHT]]);
  });

  const whyBack = [
    { why: "quiet hours have begun", look: () => lookAt().look, facts: valid },
    { why: "its recipient has said stop", look: () => lookAt([], [GERMAN]).look, facts: { ...valid, to: GERMAN } },
    { why: "it has expired", look: () => lookAt([]).look, facts: { expiresAt: NIGHT } },
  ];

  it.each(whyBack)(
    "gives back a backlog no faster than the router follows, and keeps room for others: $why",
    async ({ look: make, facts }) => {
      const look = make();
      const { sender } = await running({}, { look });
      const outcomes = { returned: () => ({ events: [], followUp: [] }) };
      const options = { outcomes, sender, now: () => Date.now(), look } as unknown as DispatchTaskOptions;
      const task = new DispatchTask({} as Task, options);
      const work = { record: { headers: {} }, value: dispatchOf({ facts }) } as unknown as Work<Dispatch>;
      let given = 0;
      for (let ms = 0; ms < 2_000; ms++) {
        for (let n = 0; n < 20; n++) {
          const end = task.over(work);
          if (end !== undefined) given++;
          end?.();
        }
        expect(sender.handBack.room()).toBeGreaterThan(0);
        await vi.advanceTimersByTimeAsync(1);
      }
      expect(given).toBeGreaterThan(3_000);
      expect(given).toBeLessThanOrEqual(4_100);
    },
  );

  it.each(whyBack)(
    "so it does with what has come to its slot, which goes by what is urgent: $why",
    async ({ look: make, facts }) => {
      const { link, sender, settled, submit } = await running({ rate: 9_000 }, { look: make() });
      link.window = 9_000;
      let urgent = 0;
      for (let ms = 0; ms < 2_000; ms++) {
        for (let n = 0; n < 20 && sender.room() > 0; n++) submit({ facts });
        if (urgent < 20 && sender.room() === 0 && sender.room(true) > 0) {
          submit({ facts: { expiresAt: MORNING, to: SWEDE, country: "SE", lane: "otp" } });
          expect(link.sent).toBe(++urgent);
        }
        await vi.advanceTimersByTimeAsync(1);
      }
      const back = settled.filter((event) => event?.type === "returned");
      expect(urgent).toBe(20);
      expect(back.length).toBeGreaterThan(3_000);
      expect(back.length).toBeLessThanOrEqual(4_100);
    },
  );
});
