import { expect, test } from "vitest";
import { UrgentRoom } from "../../../services/sender/urgent-room.ts";

const FAR = 1_000_000;

/** What is allowed in flight at this moment, by asking. */
function boundOf(room: UrgentRoom, now: number): number {
  for (let inFlight = 0; inFlight < 10_000; inFlight++) if (room.lanes(inFlight, now) < 3) return inFlight;
  return FAR;
}

/** So many answers a second, each after `tookMs`, for so long; @returns the time after it */
function answers(room: UrgentRoom, perSecond: number, tookMs: number, seconds: number, from: number): number {
  const count = perSecond * seconds;
  for (let n = 1; n <= count; n++) room.answered(tookMs, from + (n * 1_000) / perSecond);
  return from + seconds * 1_000;
}

test("before anything has been answered, and while nothing urgent comes, nothing is kept short", () => {
  const room = new UrgentRoom();
  room.came("otp", 1_000);
  expect(boundOf(room, 1_001)).toBe(FAR);
  const now = answers(room, 1_000, 5, 3, 10_000);
  expect(boundOf(room, now)).toBe(FAR);
});

test("a near provider has 60 ms of work, a far one that of two round trips, and none less than 16 requests", () => {
  for (const [perSecond, tookMs, bound] of [
    [1_000, 5, 60],
    [1_000, 200, 400],
    [50, 5, 16],
  ] as const) {
    const room = new UrgentRoom();
    const now = answers(room, perSecond, tookMs, 4, 1_000);
    room.came("otp", now);
    const found = boundOf(room, now + 1);
    expect(found / bound).toBeGreaterThan(0.97);
    expect(found / bound).toBeLessThan(1.07);
  }
});

test("a transactional message keeps marketing short, not otp and not its own lane", () => {
  const room = new UrgentRoom();
  const now = answers(room, 1_000, 5, 4, 1_000);
  room.came("marketing", now);
  expect(room.lanes(FAR, now + 1)).toBe(3);
  room.came("transactional", now);
  expect(room.lanes(FAR, now + 1)).toBe(2);
  room.came("otp", now);
  expect(room.lanes(FAR, now + 1)).toBe(1);
  expect(room.lanes(10, now + 1)).toBe(3);
  expect(room.lanes(FAR, now + 2_001)).toBe(3);
});

test("a provider that could do more is found out: its window grows by what it answers, from whatever it had", () => {
  // 10,000 a second, each after 40 ms: 400 in flight.
  const room = new UrgentRoom();
  let now = answers(room, 100, 40, 4, 1_000);
  let bound = 0;
  for (let turn = 0; turn < 20; turn++) {
    room.came("otp", now);
    bound = boundOf(room, now + 1);
    now = answers(room, Math.min(10_000, (Math.min(bound, FAR) / 40) * 1_000), 40, 0.5, now);
  }
  expect(bound).toBeGreaterThan(700);
});

test("how slow it was once is forgotten", () => {
  const room = new UrgentRoom();
  let now = answers(room, 1_000, 5, 4, 1_000);
  now = answers(room, 1_000, 300, 12, now);
  room.came("otp", now);
  expect(boundOf(room, now + 1)).toBeGreaterThan(550);
});
