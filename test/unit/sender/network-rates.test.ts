import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NetworkRates } from "../../../services/sender/network-rates.ts";
import { running } from "./provider-world.ts";

beforeEach(() => void vi.useFakeTimers({ now: 2_000_000 }));
afterEach(() => void vi.useRealTimers());

const ONE = "26201";
const OTHER = "26202";

/** Most of these moments within any second that begins with one of them. */
function peak(times: readonly number[]): number {
  let [most, tail] = [0, 0];
  for (const [i, at] of times.entries()) {
    while (times[tail]! <= at - 1_000) tail++;
    most = Math.max(most, i - tail + 1);
  }
  return most;
}

test("a network is held by its own rate and its country's, one without a rate by none", () => {
  const rates = new NetworkRates();
  expect(rates.of(ONE, "DE")).toBeUndefined();
  rates.change(
    [
      { mccMnc: ONE, rate: 2 },
      { country: "DE", rate: 3 },
    ],
    1,
    0,
  );
  expect(rates.of("23415", "GB")).toBeUndefined();
  const [one, other, unknown] = [rates.of(ONE, "DE")!, rates.of(OTHER, "DE")!, rates.of(null, "DE")!];
  const goes = (limit: typeof one, now: number) => {
    if (!limit.allows(1, now)) return false;
    limit.take(1, now);
    rates.given(limit, 1);
    rates.left(1, now, limit);
    return true;
  };
  // Within one second: two of its own, three of the country.
  const now = 2_000;
  const tries = [one, one, one, other, unknown, other];
  expect(tries.map((limit, i) => goes(limit, now + i * 100))).toEqual([true, false, false, true, false, false]);
  expect(goes(one, now + 700)).toBe(true);
  expect(goes(unknown, now + 990)).toBe(false);
  expect(one.nextIn(1, now + 990)).toBeGreaterThan(0);
  // Of another country with the same code.
  expect(rates.of(ONE, "AT")).not.toBe(one);
});

test("what a link did not take before there was any rate does not make what it holds seem to have left", () => {
  const rates = new NetworkRates();
  for (let n = 0; n < 10; n++) {
    rates.given(undefined, 1);
    rates.takeBack(undefined, 1);
  }
  rates.change([{ mccMnc: ONE, rate: 1 }], 1, 0);
  const one = rates.of(ONE, "DE")!;
  one.take(1, 2_000);
  rates.given(one, 1);
  rates.given(undefined, 1);
  rates.left(1, 2_100, "unknown");
  // It may still be in the link.
  expect(one.allows(1, 4_000)).toBe(false);
  rates.left(1, 4_000, "unknown");
  expect([one.allows(1, 5_000), one.allows(1, 5_100)]).toEqual([false, true]);
});

test("no second has more of a network than its rate when they leave, however long that takes and whoever tells of it", () => {
  const turn = fc.record({
    ms: fc.integer({ min: 1, max: 60 }),
    /** Messages that are tried: of the network, and of others. */
    own: fc.integer({ min: 0, max: 8 }),
    others: fc.integer({ min: 0, max: 4 }),
    /** How many of those that wait leave, how many do not, and how long the process stands still before. */
    leave: fc.integer({ min: 0, max: 20 }),
    stay: fc.integer({ min: 0, max: 1 }),
    heldMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_500 })),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      fc.array(turn, { minLength: 20, maxLength: 200 }),
      (perSecond, known, turns) => {
        const rates = new NetworkRates();
        rates.change([{ mccMnc: ONE, rate: perSecond }], 1, 0);
        const limit = rates.of(ONE, "DE")!;
        const link: boolean[] = [];
        const gone: number[] = [];
        let now = 1_011;
        for (const { ms, own, others, leave, stay, heldMs } of turns) {
          now += ms;
          for (let n = 0; n < own && limit.allows(1, now); n++) {
            limit.take(1, now);
            rates.given(limit, 1);
            link.push(true);
          }
          for (let n = 0; n < others; n++) {
            rates.given(undefined, 1);
            link.push(false);
          }
          now += heldMs;
          for (let n = 0; n < stay && link.length > 0; n++) rates.stay(link.shift() ? limit : undefined, 1);
          const leaving = link.splice(0, leave);
          if (known) for (const mine of leaving) rates.left(1, now, mine ? limit : undefined);
          else if (leaving.length > 0) rates.left(leaving.length, now, "unknown");
          for (const mine of leaving) if (mine) gone.push(now);
        }
        expect(peak(gone)).toBeLessThanOrEqual(perSecond);
      },
    ),
  );
});

test("what waits in a link counts for as long as it does, and from when all that waited there has left", () => {
  const rates = new NetworkRates();
  rates.change([{ mccMnc: ONE, rate: 1 }], 1, 0);
  const limit = rates.of(ONE, "DE")!;
  limit.take(1, 2_000);
  rates.given(limit, 1);
  rates.given(undefined, 1);
  expect(limit.allows(1, 3_500)).toBe(false);
  // One of the two, and nobody knows which.
  rates.left(1, 3_500, "unknown");
  expect(limit.allows(1, 4_900)).toBe(false);
  rates.left(1, 5_000, "unknown");
  expect(limit.allows(1, 5_900)).toBe(false);
  expect(limit.allows(1, 6_100)).toBe(true);
});

test("what was taken and does not leave does not hold its network back for long", () => {
  const rates = new NetworkRates();
  rates.change([{ mccMnc: ONE, rate: 1 }], 1, 0);
  const limit = rates.of(ONE, "DE")!;
  limit.take(1, 2_000);
  rates.forget(limit, 1);
  for (let now = 2_000; now < 3_100; now += 100) {
    rates.given(undefined, 1);
    rates.left(1, now, "unknown");
  }
  expect(limit.allows(1, 3_100)).toBe(true);
});

test("another rate holds at once; a network that has none any more is held by nothing", () => {
  const rates = new NetworkRates();
  rates.change([{ mccMnc: ONE, rate: 1 }], 0.5, 0);
  const limit = rates.of(ONE, "DE")!;
  limit.take(1, 3_000);
  expect(limit.allows(1, 4_500), "half of it is this process's").toBe(false);
  rates.change([{ mccMnc: OTHER, rate: 1 }], 0.5, 4_500);
  expect(limit.allows(1, 4_500)).toBe(true);
  expect(rates.of(ONE, "DE")).toBeUndefined();
  expect(rates.of(OTHER, "DE")).toBeDefined();
});

test("what waits for its network goes as soon as there is a slot, though nothing else happens", async () => {
  const { link, sender, submit } = await running({ networkRates: [{ mccMnc: ONE, rate: 20 }] });
  for (let n = 0; n < 5; n++) submit({ facts: { network: ONE } });
  await vi.advanceTimersByTimeAsync(220);
  expect(link.sent).toBe(5);
  await sender.stop();
});

test("parts of a message that are not sent after all, and requests of which no link tells, hold their network back no longer", async () => {
  const { link, sender, submit } = await running({ networkRates: [{ mccMnc: ONE, rate: 1 }], rate: 10 });
  submit({ facts: { network: ONE, segments: 3 } });
  expect(link.sent).toBe(1);
  link.leave(1);
  link.answer({ outcome: "refused", code: "ESME_RINVDSTADR" });
  for (const sent of [2, 3]) {
    await vi.advanceTimersByTimeAsync(3_500);
    submit({ facts: { network: ONE } });
    expect(link.sent).toBe(sent);
    link.answer();
  }
  await sender.stop();
});

test("a throttled message waits for its network's rate again", async () => {
  const { link, sender, submit } = await running({ networkRates: [{ mccMnc: ONE, rate: 1 }] });
  submit({ facts: { network: ONE } });
  link.leave(1);
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 50 });
  await vi.advanceTimersByTimeAsync(700);
  expect(link.sent).toBe(1);
  await vi.advanceTimersByTimeAsync(600);
  expect(link.sent).toBe(2);
  await sender.stop();
});

/** Sends under a backlog in which every third message is of the limited network, for so many seconds. */
async function backlog(networkRates: object[], seconds: number) {
  const w = await running({ rate: 60, networkRates });
  const sent = new Map<string, number[]>();
  let n = 0;
  for (let ms = 0; ms < seconds * 1_000; ms += 5) {
    while (w.sender.room() > 0) w.submit({ facts: { network: n++ % 3 === 0 ? ONE : OTHER, country: "DE" } });
    await vi.advanceTimersByTimeAsync(5);
    if (w.link.inFlight > 0) w.link.leave(w.link.inFlight);
    while (w.link.inFlight > 0) {
      const { network } = w.link.waiting[0]!.submission as unknown as { network: string };
      sent.set(network, [...(sent.get(network) ?? []), ms]);
      w.link.answer();
    }
  }
  await w.sender.stop();
  return { sent, settled: w.settled };
}

test("a network with a rate waits for it, exactly, and the others have all the rest; what is too much of it goes back", async () => {
  const { sent, settled } = await backlog([{ mccMnc: ONE, rate: 5 }], 40);
  const [one, other] = [sent.get(ONE)!, sent.get(OTHER)!];
  expect(peak(one)).toBeLessThanOrEqual(5);
  expect(one.length / 40).toBeGreaterThanOrEqual(0.97 * 5);
  expect((one.length + other.length) / 40).toBeGreaterThanOrEqual(0.95 * 60);
  const back = settled.filter((event) => event?.type === "returned");
  expect(back.length).toBeGreaterThan(0);
  for (const event of back) expect(event).toMatchObject({ errorCode: "network-busy", facts: { network: ONE } });
});

test("a rate of the whole country holds all its networks together", async () => {
  const { sent } = await backlog([{ country: "DE", rate: 12 }], 20);
  const all = [...sent.values()].flat().sort((a, b) => a - b);
  expect(peak(all)).toBeLessThanOrEqual(12);
  expect(all.length / 20).toBeGreaterThanOrEqual(0.9 * 12);
});
