import { expect, test, vi } from "vitest";
import { catalogCaughtUp } from "../../../pipeline/follow/catalog-caught-up.ts";
import { ReadMark } from "../../../pipeline/follow/read-mark.ts";
import { silentLog } from "../../../platform/log/log.ts";

const watermarks = async () => [{ low: 0, high: 7 }];

test("a new owner waits until the catalog has what stood in sms.control", async () => {
  const mark = new ReadMark();
  mark.reached(6);
  let over = false;
  const waited = catalogCaughtUp(mark, { watermarks }, silentLog).then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  mark.reached(7);
  await waited;
});

test("it goes on after five seconds, and where Kafka does not say how far the topic goes", async () => {
  vi.useFakeTimers();
  try {
    const waited = catalogCaughtUp(new ReadMark(), { watermarks }, silentLog);
    await vi.advanceTimersByTimeAsync(5_000);
    await waited;
  } finally {
    vi.useRealTimers();
  }
  const gone = async () => {
    throw new Error("no leader");
  };
  await catalogCaughtUp(new ReadMark(), { watermarks: gone }, silentLog);
});
