import { describe, expect, test } from "vitest";
import { newMessageId } from "../../../../domain/message/message-id.ts";
import { BLANK_EVENT } from "../../../../pipeline/records/event-record.ts";
import { isFailure, traceOfMessage, traceOfRecord } from "../../../../pipeline/traces/message-trace.ts";
import { MessageTraces } from "../../../../pipeline/traces/message-traces.ts";
import type { InRecord } from "../../../../platform/kafka/record.ts";
import type { Log } from "../../../../platform/log/log.ts";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import type { FinishedSpan } from "../../../../platform/telemetry/tracing.ts";
import type { Event } from "../../../../schemas/generated/types.ts";
import { facts } from "../../dlr-collector/records.ts";

const ID = "0190a0b0-0000-7000-8000-00000000abcd";
const OWN = { traceId: "0190a0b0000070008000" + "00000000abcd", spanId: "800000000000abcd", sampled: true };
const CLIENT = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", sampled: true };

function world({ sampled = false, failuresPerSecond = 100 } = {}) {
  const spans: FinishedSpan[] = [];
  const lines: object[] = [];
  const metrics = new MetricRegistry();
  const clock = { now: 0 };
  const traces = new MessageTraces({
    tracing: {
      enabled: true,
      samples: () => sampled,
      record: (span) => void spans.push(span),
      close: async () => {},
    },
    failuresPerSecond,
    metrics,
    log: { every: () => ({ warn: (fields: object) => lines.push(fields) }) } as unknown as Log,
    monotonic: () => clock.now,
  });
  const outline = () =>
    spans.map(({ service, name, traceId, parentSpanId, spanId, start, end, error }) => {
      expect(traceId).toBe(OWN.traceId);
      return `${service} ${name} ${parentSpanId === undefined ? `root=${spanId}` : `under=${parentSpanId}`} ${start}-${end}${error === undefined ? "" : ` ${error}`}`;
    });
  return { spans, lines, traces, clock, outline, metrics };
}

const event = (over: Partial<Event>): Event => ({
  ...BLANK_EVENT,
  type: "submitted",
  facts: facts(ID, { acceptedAt: 1_000 }),
  at: 1_500,
  attempt: 1,
  provider: "smsc-a",
  routedAt: 1_100,
  verdicts: null,
  ...over,
});

const record = (over: Partial<InRecord> = {}): InRecord => ({
  topic: "sms.requests.otp",
  partition: 2,
  offset: 7,
  key: null,
  value: null,
  headers: {},
  timestamp: 900,
  ...over,
});

describe("the trace of a message", () => {
  test("is its id", () => {
    expect(traceOfMessage(ID)).toEqual(OWN);
    const zero = traceOfMessage("0190a0b0-0000-7000-0000-000000000000");
    expect(zero.spanId).toBe("0000000000000001");
    expect(traceOfMessage(newMessageId()).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("of a record is the one it carries, or of the message that it names, or of its place", () => {
    const header = { traceparent: `00-${CLIENT.traceId}-${CLIENT.spanId}-01` };
    expect(traceOfRecord(record({ headers: header }))).toEqual(CLIENT);
    expect(traceOfRecord(record({ headers: { id: Buffer.from(`${ID}/2/retry`) } }))).toEqual(OWN);
    const [here, there] = [record(), record({ offset: 8 })].map((one) => traceOfRecord(one));
    expect(here!.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(here).toEqual(traceOfRecord(record()));
    expect(here!.traceId).not.toBe(there!.traceId);
  });
});

describe("a message of the share", () => {
  test("is traced by each service when its stage is over, all under the span of its acceptance", () => {
    const { traces, outline } = world({ sampled: true });
    const own = traces.accepts(ID, undefined)!;
    expect(own).toEqual(OWN);
    traces.accepted(own, undefined, 1_000, 1_004);
    expect(traces.routing(event({ type: "routed", at: 1_090 }), own, 1_002)).toEqual(OWN);
    expect(traces.submission(event({}), own)).toEqual(OWN);
    expect(traces.conclusion(event({ type: "receipt", state: "delivered" }), own)).toEqual(OWN);
    traces.conclusion(event({ type: "final", state: "delivered", submittedAt: 1_500, at: 1_900 }), own);
    expect(outline()).toEqual([
      "ingest accept message root=800000000000abcd 1000-1004",
      "router route under=800000000000abcd 1002-1090",
      "sender submit under=800000000000abcd 1100-1500",
      "dlr-collector delivery under=800000000000abcd 1500-1900",
    ]);
  });

  test("stands in its client's trace where that is sampled, and hangs on the client's span", () => {
    const { traces, spans } = world();
    const own = traces.accepts(ID, CLIENT)!;
    expect(own).toEqual({ ...CLIENT, spanId: OWN.spanId });
    traces.accepted(own, CLIENT, 1, 2, "unknown");
    expect(spans).toMatchObject([
      { traceId: CLIENT.traceId, spanId: OWN.spanId, parentSpanId: CLIENT.spanId, error: "unknown" },
    ]);
  });

  test("that came straight from Kafka begins with the router, and only at its first attempt", () => {
    const { traces, outline } = world({ sampled: true });
    expect(traces.routing(event({ type: "routed", at: 1_090 }), undefined, 1_002)).toEqual(OWN);
    expect(traces.routing(event({ type: "routed", attempt: 2 }), undefined, 1_400)).toBeUndefined();
    expect(outline()).toEqual([
      "ingest accept message root=800000000000abcd 1000-1000",
      "router route under=800000000000abcd 1002-1090",
    ]);
  });
});

describe("a message that fails and was not traced", () => {
  test("by its receipt is told of by the correlator, from its acceptance on", () => {
    const { traces, outline, spans } = world();
    const final = event({ type: "final", state: "undelivered", errorCode: "001", submittedAt: 1_500, at: 9_000 });
    expect(traces.conclusion(final, undefined)).toEqual(OWN);
    expect(outline()).toEqual([
      "ingest accept message root=800000000000abcd 1000-1000",
      "router route under=800000000000abcd 1000-1100",
      "sender submit under=800000000000abcd 1100-1500",
      "dlr-collector delivery under=800000000000abcd 1500-9000 001 undelivered",
    ]);
    expect(spans.map(({ attributes }) => attributes!["sluice.late"])).toEqual([true, true, undefined, undefined]);
  });

  test("at a provider is told of by the sender", () => {
    const { traces, outline } = world();
    traces.submission(event({ type: "returned", errorClass: "refused", errorCode: "ESME_RINVDSTADR" }), undefined);
    expect(outline()).toEqual([
      "ingest accept message root=800000000000abcd 1000-1000",
      "router route under=800000000000abcd 1000-1100",
      "sender submit under=800000000000abcd 1100-1500 refused ESME_RINVDSTADR",
    ]);
  });

  test("in the router is told of by the router, and once the trace is carried nothing is told twice", () => {
    const { traces, outline } = world();
    const closed = event({
      type: "closed",
      provider: null,
      state: "rejected",
      errorClass: "invalid",
      errorCode: "to",
      routedAt: null,
    });
    const carried = traces.routing(closed, undefined, 1_010);
    traces.conclusion(
      event({ type: "final", state: "rejected", submittedAt: null, routedAt: null, at: 1_700 }),
      carried,
    );
    expect(outline()).toEqual([
      "ingest accept message root=800000000000abcd 1000-1000",
      "router route under=800000000000abcd 1010-1500 invalid to rejected",
      "dlr-collector delivery under=800000000000abcd 1700-1700 rejected",
    ]);
  });

  test("of a later attempt is known only when it was routed", () => {
    const { traces, outline } = world();
    traces.submission(event({ type: "in_doubt", attempt: 3, errorClass: "unknown" }), undefined);
    expect(outline()[1]).toBe("router route under=800000000000abcd 1100-1100");
  });

  test("a submission beyond the lane's objective is traced too, and a log line names the trace", () => {
    const { traces, spans, lines } = world();
    expect(traces.submission(event({ at: 31_000 }), undefined)).toBeUndefined();
    expect(traces.submission(event({ at: 31_001 }), undefined)).toEqual(OWN);
    expect(spans).toHaveLength(3);
    expect(lines).toEqual([
      {
        trace_id: OWN.traceId,
        lane: "transactional",
        provider: "smsc-a",
        accepted_submitted: 30.001,
        routed_submitted: 29.901,
      },
    ]);
  });

  test("so many a second, and what is left out is counted", () => {
    const { traces, clock, metrics, spans } = world({ failuresPerSecond: 2 });
    const fail = () => traces.conclusion(event({ type: "final", state: "expired" }), undefined);
    expect([fail(), fail(), fail()].map((one) => one !== undefined)).toEqual([true, true, false]);
    clock.now = 1_000;
    expect(fail()).toEqual(OWN);
    expect(spans.length).toBe(3 * 2);
    const [family] = metrics.families();
    expect([...family!.entries()].map(([labels, series]) => [labels, (series as { value: number }).value])).toEqual([
      [{ outcome: "traced" }, 3],
      [{ outcome: "left_out" }, 1],
    ]);
  });

  test("of those so many, late ones take half at the most, and what fails has the rest", () => {
    const { traces, clock } = world({ failuresPerSecond: 4 });
    const late = () => traces.submission(event({ at: 31_001 }), undefined) !== undefined;
    const fail = () => traces.conclusion(event({ type: "final", state: "expired" }), undefined) !== undefined;
    expect([late(), late(), late(), fail(), fail(), fail()]).toEqual([true, true, false, true, true, false]);
    clock.now = 1_000;
    expect([fail(), fail(), fail(), late(), late(), fail()]).toEqual([true, true, true, true, false, false]);
  });

  test("what goes well, and what no provider had, is none", () => {
    const { traces, spans } = world();
    traces.routing(event({ type: "routed" }), undefined, 1_000);
    traces.routing(event({ type: "postponed", errorClass: "unroutable" }), undefined, 1_000);
    traces.submission(event({}), undefined);
    traces.submission(event({ type: "returned", errorClass: "unsubmitted" }), undefined);
    traces.conclusion(event({ type: "final", state: "delivered" }), undefined);
    traces.conclusion(event({ type: "receipt", state: "undelivered" }), undefined);
    expect(spans).toEqual([]);
    expect(isFailure(event({ type: "rerouted", errorClass: "route", state: "rejected" }))).toBe(true);
  });
});

describe("a dead letter", () => {
  const why = { service: "router", reason: "undecodable", now: 950 };

  test("is a span of its message's trace, or of one of its own", () => {
    const { traces, spans } = world();
    traces.deadLetter(record(), { ...why, messageId: ID }, undefined);
    traces.deadLetter(record(), why, OWN);
    traces.deadLetter(record(), why, undefined);
    expect(spans.slice(0, 2)).toMatchObject([
      { name: "dead letter", traceId: OWN.traceId, spanId: OWN.spanId, start: 900, end: 950, error: "undecodable" },
      { name: "dead letter", traceId: OWN.traceId, parentSpanId: OWN.spanId },
    ]);
    expect(spans[2]!.traceId).toBe(traceOfRecord(record()).traceId);
    expect(spans[0]!.attributes).toMatchObject({
      "messaging.destination.name": "sms.requests.otp",
      "messaging.kafka.offset": 7,
    });
  });
});
