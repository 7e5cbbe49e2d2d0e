import { expect, it } from "vitest";
import { CONNECTIONS, EndpointBoard } from "../../../services/callbacks/endpoint-board.ts";
import { FAILED, TAKEN } from "./callback-world.ts";

function board(most?: number) {
  const time = { now: 0 };
  return { time, board: new EndpointBoard(() => time.now, most) };
}

it("leaves an endpoint alone after five failures in a row, and has three requests try it", () => {
  const { board: all, time } = board();
  const one = all.of("a");
  const ask = (outcome: typeof TAKEN) => {
    one.sent(time.now);
    one.ended(outcome, time.now, time.now);
  };
  for (const outcome of [FAILED, FAILED, FAILED, FAILED, TAKEN, FAILED, FAILED, FAILED, FAILED]) ask(outcome);
  expect(one.isDark(time.now)).toBe(false);
  ask(FAILED);
  expect(one.isDark(time.now)).toBe(true);
  expect(all.states).toEqual({ closed: 0, half_open: 0, open: 1 });
  time.now = 14_999;
  expect(one.isDark(time.now)).toBe(true);
  time.now = 15_000;
  expect(one.isDark(time.now)).toBe(false);
  for (let n = 0; n < 3; n++) {
    expect(one.nextIn(time.now)).toBe(0);
    one.sent(time.now);
  }
  expect(one.nextIn(time.now)).toBe(Number.POSITIVE_INFINITY);
  for (let n = 0; n < 3; n++) one.ended(TAKEN, time.now, time.now);
  expect(all.states).toEqual({ closed: 1, half_open: 0, open: 0 });
});

it("has so many requests under way to one endpoint", () => {
  const one = board().board.of("a");
  for (let n = 0; n < CONNECTIONS; n++) {
    expect(one.nextIn(0)).toBe(0);
    one.sent(0);
  }
  expect(one.nextIn(0)).toBe(Number.POSITIVE_INFINITY);
});

it("leaves room for endpoints with few requests under way when there are many", () => {
  const { board: all } = board();
  all.underWay = 999;
  expect(all.hasRoom({ underWay: 20 })).toBe(true);
  all.underWay = 1_000;
  expect([all.hasRoom({ underWay: 2 }), all.hasRoom({ underWay: 1 })]).toEqual([false, true]);
  all.underWay = 4_000;
  expect(all.hasRoom({ underWay: 0 })).toBe(false);
});

it("remembers so many endpoints, and forgets none that has a request under way", () => {
  const { board: all } = board(10);
  const busy = all.of("busy");
  busy.sent(0);
  for (let n = 0; n < 100; n++) all.of(`one-${n}`);
  expect(all.of("busy")).toBe(busy);
  expect(all.states.closed).toBeLessThanOrEqual(10);
});
