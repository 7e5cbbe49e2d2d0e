import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ProviderSenderOptions } from "../../../services/sender/provider-sender.ts";
import type { Unit } from "../../../services/sender/unit-result.ts";
import { world } from "./provider-world.ts";

beforeEach(() => void vi.useFakeTimers({ now: 2_000_000 }));
afterEach(() => void vi.useRealTimers());

/** The calendar day of the tests' clock ends then, epoch ms. */
const MIDNIGHT = 86_400_000;

/** Bound, with a quota, and owning a partition that has had so many segments today. */
async function withQuota(quota: object, had = 0, more: Partial<ProviderSenderOptions<Unit>> = {}) {
  const w = world({ quota }, more);
  const told = {
    dayEnd: MIDNIGHT,
    segmentsToday: had,
    monthEnd: 31 * MIDNIGHT,
    segmentsThisMonth: had,
    spentThisMonth: 0,
  };
  w.sender.volume.begin(0, told, [], Date.now());
  w.sender.own(w.owner);
  await vi.advanceTimersByTimeAsync(0);
  w.link.bind();
  await vi.advanceTimersByTimeAsync(1_300);
  return w;
}

test("what the provider has taken counts, and what it may have; what it has not does not", async () => {
  const { link, sender, submit } = await withQuota({});
  submit({ facts: { segments: 2 } });
  link.answer();
  expect(sender.volume.here.today).toBe(0);
  link.answer();
  expect(sender.volume.here.today).toBe(2);
  submit();
  link.answer({ outcome: "refused", code: "ESME_RINVDSTADR" });
  submit();
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 10 });
  await vi.advanceTimersByTimeAsync(300);
  expect(sender.volume.here.today).toBe(2);
  link.answer();
  submit();
  link.lose("maybe");
  expect(sender.volume.here).toEqual({ today: 4, thisMonth: 4 });
  await sender.stop();
});

test("a quota is kept to the segment, answers under way included; reached, the circuit is open until the day is over, and a few go first then", async () => {
  const { link, sender, settled, submit } = await withQuota({ daily: 10 }, 5);
  for (let n = 0; n < 3; n++) submit();
  expect(sender.room()).toBe(2);
  submit({ facts: { segments: 2 } });
  expect(sender.room()).toBe(0);
  submit();
  expect(link.sent).toBe(5);
  // What is refused leaves its room to the next.
  link.answer({ outcome: "refused", code: "ESME_RINVDSTADR" });
  expect(link.sent).toBe(6);
  while (link.inFlight > 0) link.answer();
  expect(sender.volume.here.today).toBe(10);
  expect([sender.circuit.state, sender.circuit.reason]).toEqual(["open", "quota-reached"]);
  expect(sender.trouble).toBe("quota-reached");
  submit();
  await vi.advanceTimersByTimeAsync(1);
  expect(settled.at(-1)).toMatchObject({ type: "returned", errorClass: "unsubmitted", errorCode: "circuit-open" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sender.circuit.state).toBe("open");
  vi.setSystemTime(MIDNIGHT - 100);
  await vi.advanceTimersByTimeAsync(600);
  expect(sender.circuit.state).toBe("half_open");
  for (let n = 0; n < 10 && sender.room() > 0; n++) submit();
  expect(link.inFlight).toBe(3);
  for (let n = 0; n < 3; n++) link.answer();
  expect(sender.circuit.state).toBe("closed");
  expect(sender.volume.here).toEqual({ today: 3, thisMonth: 13 });
  await sender.stop();
});

test("a quota that was reached before a restart holds from the beginning", async () => {
  const { link, sender, submit } = await withQuota({ monthly: 7 }, 7);
  expect(sender.circuit.reason).toBe("quota-reached");
  submit();
  await vi.advanceTimersByTimeAsync(1);
  expect(link.sent).toBe(0);
  await sender.stop();
});

test("with nobody else, messages beyond the quota wait in their topic; of others' counts it is told", async () => {
  let today = 0;
  const elsewhere = () => ({ today, thisMonth: today });
  const { link, sender } = await withQuota({ daily: 100 }, 0, {
    goesElsewhere: () => false,
    volumeElsewhere: elsewhere,
  });
  expect(sender.room()).toBeGreaterThan(0);
  today = 100;
  await vi.advanceTimersByTimeAsync(300);
  expect(sender.circuit.reason).toBe("quota-reached");
  expect(sender.room()).toBe(0);
  expect(link.sent).toBe(0);
  await sender.stop();
});

test("a message with more segments than the quota has left goes elsewhere whole, and no part of it is sent", async () => {
  const { link, sender, settled, submit } = await withQuota({ daily: 10 }, 8);
  submit({ facts: { segments: 3 } });
  await vi.advanceTimersByTimeAsync(1);
  expect(link.sent).toBe(0);
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted" }]);
  expect(sender.circuit.reason).toBe("quota-reached");
  await sender.stop();
});

test("another quota holds at once: a higher one opens the way again, a lower one closes it; so do other rates", async () => {
  const { provider, link, sender, submit } = await withQuota({ daily: 10 }, 10);
  expect(sender.circuit.state).toBe("open");
  sender.limit({ ...provider, rate: 500, quota: { zone: "UTC", daily: 11 } });
  expect([sender.circuit.state, sender.rate.current]).toEqual(["half_open", 500]);
  submit();
  await vi.advanceTimersByTimeAsync(20);
  link.answer();
  expect(sender.circuit.reason).toBe("quota-reached");
  sender.limit({ ...provider, quota: { zone: "UTC" }, networkRates: [{ country: "DE", rate: 1 }] });
  await vi.advanceTimersByTimeAsync(1_500);
  for (let n = 0; n < 3; n++) submit({ facts: { country: "DE" } });
  expect(link.inFlight).toBe(1);
  await sender.stop();
});
