import { describe, expect, it } from "vitest";
import { retryTopic } from "../../../schemas/topics.ts";
import { facts, receipt, submitted, TO } from "./records.ts";
import { oneRoute } from "./reroutes.ts";
import { codecs, Owner, SimulatedLog } from "./simulated-kafka.ts";

const M = "0190a0b0-0000-7000-8000-000000000001";
const REQUESTS = "sms.requests.transactional";
const RETRY_NOW = retryTopic("0s");
const settings = { receiptDeadlineMs: 100_000, reroute: oneRoute(["smsc-a", "smsc-b"]) };

/** A message whose request stands in the log, and that its first provider has taken. */
function taken({ text = "the text", traceparent }: { text?: string | null; traceparent?: string } = {}) {
  const log = new SimulatedLog();
  if (text !== null) {
    const value = codecs.request.encode({ messageId: M, accountId: "acme", to: TO, text } as never);
    log.append({ topic: REQUESTS, key: TO, value });
  }
  const event = submitted(M, ["1"], { source: `${REQUESTS}/0/0`, at: log.now, submittedAt: log.now, facts: facts(M) });
  log.appendEvent(`${M}/1/submitted`, event, traceparent === undefined ? {} : { traceparent });
  return log;
}

function reject(log: SimulatedLog): void {
  log.appendReceipt(receipt("1", "rejected", { errorCode: "99", receivedAt: log.now }));
}

const decisions = (log: SimulatedLog) => log.events().filter(({ event: { type } }) => type === "rerouted");
const retries = (log: SimulatedLog) =>
  log.records(RETRY_NOW).map(({ value, headers, partition }) => {
    const decoded = codecs.retry.decode(value!);
    if (!decoded.ok) throw new Error(decoded.detail);
    return { ...decoded.value, id: String(headers.id), trace: String(headers.traceparent), partition };
  });

describe("a message that is sent on", () => {
  it("goes back to the router with its text, its trace, and the provider that failed with it", async () => {
    const log = taken({ traceparent: "00-aa-bb-01" });
    const owner = await Owner.begin(log, settings);
    reject(log);
    await owner.step([10, 10], true);
    expect(retries(log), "not before the decision stands in the log").toEqual([]);
    expect(decisions(log)).toHaveLength(1);
    await owner.step([10, 10], true);
    expect(retries(log)).toEqual([
      {
        facts: facts(M),
        text: "the text",
        attempt: 2,
        tried: [{ provider: "smsc-a", errorClass: "undelivered", errorCode: "99" }],
        inDoubt: null,
        spendLeft: null,
        spendCurrency: null,
        charge: null,
        id: `${M}/2/retry`,
        trace: "00-aa-bb-01",
        partition: 0,
      },
    ]);
  });

  it("ends by its receipt when its request is not in the log any more", async () => {
    const log = taken({ text: null });
    const owner = await Owner.begin(log, settings);
    reject(log);
    for (let n = 0; n < 3; n++) await owner.step([10, 10], true);
    expect(retries(log)).toEqual([]);
    expect(log.events().at(-1)).toMatchObject({ id: `${M}/final`, event: { state: "rejected", errorCode: "99" } });
    expect(owner.counters.textsMissing).toBe(1);
  });

  it("is decided once when its owner dies behind the decision, before it has committed anything of it", async () => {
    const log = taken();
    const first = await Owner.begin(log, settings);
    await first.step([10, 10], true);
    reject(log);
    expect(await first.step([10, 10], true, 2), "the part's state and the decision are stored").toBe(false);
    const second = await Owner.begin(log, settings);
    for (let n = 0; n < 3; n++) await second.step([10, 10], true);
    expect(decisions(log)).toHaveLength(1);
    expect(retries(log)).toHaveLength(1);
  });

  it("is carried out by the next owner when its owner dies before that, or before it has committed that", async () => {
    for (const commit of [true, false]) {
      const log = taken();
      const first = await Owner.begin(log, settings);
      reject(log);
      await first.step([10, 10], commit);
      expect([decisions(log).length, retries(log).length]).toEqual([1, 0]);
      const second = await Owner.begin(log, settings);
      await second.step([10, 10], true);
      expect([decisions(log).length, retries(log).length]).toEqual([1, 1]);
      const third = await Owner.begin(log, settings);
      for (let n = 0; n < 2; n++) await third.step([10, 10], true);
      expect([decisions(log).length, retries(log).length], "and by nobody after that").toEqual([1, 1]);
      log.appendReceipt(receipt("1", "delivered", { receivedAt: log.now }));
      await third.step([10, 10], true);
      expect(log.events().at(-1)).toMatchObject({ id: `${M}/final`, event: { state: "delivered" } });
    }
  });

  it("does not go out any more when it has been delivered before the decision is carried out", async () => {
    const log = taken();
    const owner = await Owner.begin(log, settings);
    reject(log);
    await owner.step([10, 10], true);
    log.appendReceipt(receipt("1", "delivered", { receivedAt: log.now }));
    await owner.step([0, 10], true);
    await owner.step([10, 10], true);
    expect(retries(log)).toEqual([]);
    expect(log.events().at(-1)).toMatchObject({ event: { type: "final", state: "delivered" } });
  });

  it("owes the provider that delivers last its price, whoever took over while the message had ended and that try was under way", async () => {
    const log = taken();
    const first = await Owner.begin(log, settings);
    reject(log);
    await first.step([10, 10], false);
    log.appendReceipt(receipt("1", "delivered", { receivedAt: log.now }));
    await first.step([0, 10], false);
    expect(log.events().at(-1)).toMatchObject({ id: `${M}/final`, event: { state: "delivered" } });
    // Nothing of this has been committed. The router has the decision, and the second provider the message.
    const second = await Owner.begin(log, settings);
    const source = `${RETRY_NOW}/0/0`;
    const charged = { provider: "smsc-b", attempt: 2, source, onDelivery: true, cost: 0 };
    log.appendEvent(`${M}/2/submitted`, submitted(M, ["2"], { ...charged, submittedAt: log.now, facts: facts(M) }));
    log.appendReceipt(receipt("2", "delivered", { provider: "smsc-b", receivedAt: log.now }));
    for (let n = 0; n < 3; n++) await second.step([10, 10], true);
    expect(log.events().at(-1)).toMatchObject({ event: { type: "receipt", provider: "smsc-b", cost: 7_500 } });
    expect(log.events().filter(({ event: { type } }) => type === "final")).toHaveLength(1);
  });

  it("owes nothing for what a single try's provider says after the end, also where its owner has not read the end again", async () => {
    const log = new SimulatedLog();
    const onDelivery = { onDelivery: true, cost: 0, submittedAt: log.now, facts: facts(M) };
    log.appendEvent(`${M}/1/submitted`, submitted(M, ["1"], onDelivery));
    const first = await Owner.begin(log, settings);
    log.appendReceipt(receipt("1", "undelivered", { errorCode: "1", receivedAt: log.now }));
    await first.step([10, 10], false);
    log.appendReceipt(receipt("1", "delivered", { receivedAt: log.now }));
    const second = await Owner.begin(log, settings);
    await second.step([0, 10], true);
    await second.step([1, 10], true);
    await second.step([10, 10], true);
    expect(log.events().filter(({ event: { cost } }) => (cost ?? 0) > 0)).toEqual([]);
    expect(second.correlator.correlation.size.open).toBe(0);
  });
});
