import { describe, expect, it } from "vitest";
import { EVENTS_TOPIC } from "../../../schemas/topics.ts";
import { facts, receipt, submitted } from "./records.ts";
import { Owner, SimulatedLog } from "./simulated-kafka.ts";

const DEADLINE_MS = 100_000;

describe("a backlog", () => {
  /** Messages with three events and a receipt each, all unread. */
  function backlog(count: number): SimulatedLog {
    const log = new SimulatedLog();
    for (let i = 0; i < count; i++) {
      const to = `49170${i}`;
      for (const kind of ["routed", "returned"])
        log.append({ topic: EVENTS_TOPIC, key: to, value: null, headers: { id: `m${i}/1/${kind}` } });
      log.appendEvent(`m${i}/2/submitted`, submitted(`m${i}`, [`${i}`], { facts: facts(`m${i}`, { to }) }));
      log.appendReceipt(receipt(`${i}`, "delivered", { to }));
    }
    return log;
  }

  it("costs no receipt, though there are more events than receipts", async () => {
    const count = 40_000;
    const log = backlog(count);
    const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS });
    let most = 0;
    for (let turn = 0; turn < 500 && owner.done.some((offset, i) => offset < log.ends()[i]!); turn++) {
      await owner.step([500, 500], turn % 10 === 0);
      most = Math.max(most, owner.correlator.correlation.earlyCount);
    }
    expect(owner.counters).toMatchObject({ orphans: 0, receipts: count, finals: { delivered: count } });
    expect(owner.correlator.correlation.size).toEqual({ open: 0, kept: 0, early: 0 });
    expect(most).toBeLessThanOrEqual(5_000);
  });

  it("of receipts that have no submission is read all the same: they make room for each other", async () => {
    const log = new SimulatedLog();
    log.appendEvent("m/1/submitted", submitted("m", ["own"]));
    for (let i = 0; i < 1_000; i++) log.appendReceipt(receipt(`strange-${i}`, "delivered"));
    log.appendReceipt(receipt("own", "delivered"));
    const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS, limits: { earlyCount: 100 } });
    for (let turn = 0; turn < 20; turn++) await owner.step([500, 100], true);
    expect(owner.counters).toMatchObject({ orphans: 900, receipts: 1_001, finals: { delivered: 1 } });
  });

  it("of events that never ends does not stop receipts written before what has been read", async () => {
    const log = new SimulatedLog();
    const routed = (count: number) => {
      for (let i = 0; i < count; i++)
        log.append({ topic: EVENTS_TOPIC, key: "1", value: null, headers: { id: "x/1/routed" } });
    };
    for (let i = 0; i < 200; i++) log.appendReceipt(receipt(`strange-${i}`, "delivered"));
    routed(50);
    log.now += 5_000;
    const owner = await Owner.begin(log, { receiptDeadlineMs: DEADLINE_MS, limits: { earlyCount: 100 } });
    for (let turn = 0; turn < 20; turn++) {
      routed(20);
      log.now += 1_000;
      await owner.step([10, 100], true);
    }
    expect(owner.done[0]).toBe(200);
    expect(owner.counters.receipts).toBe(200);
  });
});
