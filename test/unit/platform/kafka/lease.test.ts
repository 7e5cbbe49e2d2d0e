import { expect, test } from "vitest";
import { Lease } from "../../../../platform/kafka/lease.ts";

const SESSION = 10_000;

function leaseAt(start: number) {
  const clock = { now: start };
  return { clock, lease: new Lease(SESSION, () => clock.now) };
}

test("is not valid before the first confirmation", () => {
  const { lease } = leaseAt(0);
  expect(lease.valid).toBe(false);
  expect(lease.age).toBe(Number.POSITIVE_INFINITY);
});

test("lasts half a session from the moment the answered heartbeat was sent", () => {
  const { clock, lease } = leaseAt(1_000);
  lease.confirm(300);
  clock.now = 700 + SESSION / 2 - 1;
  expect(lease.valid).toBe(true);
  clock.now = 700 + SESSION / 2;
  expect(lease.valid).toBe(false);
});

test("an answer read after a freeze confirms nothing: it was sent before it", () => {
  const { clock, lease } = leaseAt(0);
  lease.confirm(0);
  clock.now = 8_000;
  lease.confirm(7_990);
  expect(lease.valid).toBe(false);
  lease.confirm(5);
  expect(lease.valid).toBe(true);
});

test("ages that a jumping wall clock makes up are not believed", () => {
  const { lease } = leaseAt(50_000);
  for (const age of [-1, -7_200_000, SESSION + 1, Number.NaN, Number.POSITIVE_INFINITY]) lease.confirm(age);
  expect(lease.valid).toBe(false);
});

test("an older confirmation does not shorten a newer one; a dropped lease is over", () => {
  const { clock, lease } = leaseAt(10_000);
  lease.confirm(0);
  lease.confirm(4_900);
  clock.now = 14_999;
  expect(lease.valid).toBe(true);
  lease.drop();
  expect(lease.valid).toBe(false);
});
