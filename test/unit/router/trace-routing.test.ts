import { expect, test } from "vitest";
import { BLANK_EVENT } from "../../../pipeline/records/event-record.ts";
import { noTracing, type SpanOptions, type Tracing } from "../../../platform/telemetry/tracing.ts";
import { traceRouting } from "../../../services/router/trace-routing.ts";
import { Outcomes } from "../../../services/sender/outcomes.ts";
import { traceSubmission } from "../../../services/sender/trace-submission.ts";
import { facts } from "../dlr-collector/records.ts";

const PARENT = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", sampled: true };
const TRACEPARENT = `00-${PARENT.traceId}-${PARENT.spanId}-01`;

function recording() {
  const spans: { name: string; parent: unknown; options: SpanOptions | undefined; error: unknown; end: unknown }[] = [];
  const tracing: Tracing = {
    ...noTracing,
    enabled: true,
    child: (name, parent, options) =>
      parent?.sampled
        ? {
            context: PARENT,
            set() {},
            end: (error, end) => void spans.push({ name, parent, options, error, end }),
          }
        : undefined,
  };
  return { spans, tracing };
}

const event = { ...BLANK_EVENT, facts: facts("m"), at: 2_000, attempt: 2, provider: "smsc-a", reason: "priority" };

test("a decision of the router is a span of the message's trace, from the record to the decision", () => {
  const { spans, tracing } = recording();
  traceRouting(tracing)!({ ...event, type: "routed" }, PARENT, 1_500);
  expect(spans).toMatchObject([
    { name: "route", parent: PARENT, options: { kind: "consumer", startTime: 1_500 }, error: undefined, end: 2_000 },
  ]);
  expect(spans[0]!.options!.attributes).toEqual({
    "sluice.event": "routed",
    "sluice.attempt": 2,
    "sluice.provider": "smsc-a",
    "sluice.reason": "priority",
  });
});

test("what became of a submission is one too, with the provider's word when it failed, and never ends before it begins", () => {
  const { spans, tracing } = recording();
  const traced = traceSubmission(tracing)!;
  traced({ ...event, type: "submitted" }, TRACEPARENT, 1_000);
  traced({ ...event, type: "returned", errorClass: "throttled", errorCode: "88" }, TRACEPARENT, 2_500);
  traced({ ...event, type: "submitted" }, TRACEPARENT.replace(/1$/, "0"), 1_000);
  expect(spans.map(({ name, error, end }) => ({ name, error: (error as Error)?.message, end }))).toEqual([
    { name: "submit", error: undefined, end: 2_000 },
    { name: "submit", error: "throttled 88", end: 2_500 },
  ]);
});

test("without tracing nothing is even asked", () => {
  expect(traceRouting(noTracing)).toBeUndefined();
  expect(traceSubmission(noTracing)).toBeUndefined();
});

test("the sender tells of events of traced messages only", () => {
  const told: [string, string, number][] = [];
  const codec = { encode: () => Buffer.alloc(0) };
  const provider = { id: "smsc-a", inDoubt: {} } as never;
  const outcomes = new Outcomes({ event: codec, retry: codec } as never, provider, 6, ({ type }, parent, since) =>
    told.push([type, parent, since]),
  );
  const dispatch = {
    facts: facts("m"),
    text: "x",
    attempt: 1,
    provider: "smsc-a",
    route: "r",
    tried: [],
    inDoubt: null,
    price: null,
    currency: "EUR",
  };
  outcomes.submitted({ dispatch, doubt: undefined, traceparent: undefined, since: 5 } as never, ["1"], 1, 9);
  outcomes.submitted({ dispatch, doubt: undefined, traceparent: TRACEPARENT, since: 5 } as never, ["1"], 1, 9);
  expect(told).toEqual([["submitted", TRACEPARENT, 5]]);
});
