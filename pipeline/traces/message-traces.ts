import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import type { Log } from "../../platform/log/log.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import type { TraceContext } from "../../platform/telemetry/trace-context.ts";
import type { FinishedSpan, Tracing } from "../../platform/telemetry/tracing.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { isFailure, isLate, rootSpanOf, traceOfMessage, traceOfRecord } from "./message-trace.ts";

export interface MessageTracesOptions {
  readonly tracing: Tracing;
  /** Messages a second whose failure begins a trace at the most; those that are merely late begin half as many at the most. */
  readonly failuresPerSecond: number;
  readonly metrics: MetricRegistry;
  readonly log: Log;
  /** Monotonic ms. */
  readonly monotonic?: () => number;
}

/** Log lines about messages that are late, one a lane in so long, ms. */
const LATE_LOG_MS = 10_000;

type OfService = "ingest" | "router" | "sender" | "dlr-collector";

/**
 * The spans of messages (decision 18). A message is traced when it is one of the share, or its producer's trace is sampled: then each
 * service tells of its stage when it is over, and the record carries the trace on. It is traced as well from its first failure on: whoever writes that
 * down tells of the earlier stages, whose times stand in the event, and the record carries the trace from there. Each span is told once.
 *
 * Methods take the trace that the record carries, and return the one that what follows carries; undefined: not traced.
 */
export class MessageTraces {
  private readonly options: MessageTracesOptions;
  private readonly monotonic: () => number;
  private readonly traced;
  private readonly leftOut;
  private second = Number.NEGATIVE_INFINITY;
  private left = 0;
  private leftForLate = 0;

  constructor(options: MessageTracesOptions) {
    this.options = options;
    this.monotonic = options.monotonic ?? (() => performance.now());
    const failures = options.metrics.counter("trace_failures_total", {
      help: "Messages that were not traced when they first failed or were late, by whether they are from then on",
    });
    this.traced = failures.with({ outcome: "traced" });
    this.leftOut = failures.with({ outcome: "left_out" });
  }

  /** ingest takes a message: `client` is the trace of its request, where that is sampled. */
  accepts(messageId: string, client: TraceContext | undefined): TraceContext | undefined {
    if (client !== undefined) return { ...client, spanId: rootSpanOf(messageId) };
    return this.options.tracing.samples(messageId) ? traceOfMessage(messageId) : undefined;
  }

  /** Whether a message was accepted. Epoch ms. */
  accepted(own: TraceContext, client: TraceContext | undefined, start: number, end: number, error?: string): void {
    this.options.tracing.record({ ...acceptance(own, start), parentSpanId: client?.spanId, end, error });
  }

  /** The router has decided on a record that came at `since`. */
  routing(event: Event, carried: TraceContext | undefined, since: number): TraceContext | undefined {
    const context = carried ?? this.begin(event);
    if (context === undefined) return undefined;
    const { type, reason } = event;
    const attributes = type === "routed" ? { "sluice.reason": reason ?? "" } : {};
    this.stage(context, event, "router", "route", { kind: "consumer", start: since, end: event.at, attributes });
    return context;
  }

  /** A sender has an answer, or none. */
  submission(event: Event, carried: TraceContext | undefined): TraceContext | undefined {
    const late = isLate(event);
    const context = carried ?? this.fail(event, late);
    if (context === undefined) return undefined;
    if (carried === undefined) this.lateRoute(context, event);
    this.submit(context, event);
    if (late) this.tellLate(context, event);
    return context;
  }

  /** The correlator draws a conclusion. */
  conclusion(event: Event, carried: TraceContext | undefined): TraceContext | undefined {
    const context = carried ?? this.fail(event, false);
    if (context === undefined) return undefined;
    const { type, submittedAt, at } = event;
    if (carried === undefined && submittedAt !== null) {
      this.lateRoute(context, event);
      this.submit(context, { ...event, ...WELL, type: "submitted", at: submittedAt });
    }
    if (type === "final" || type === "rerouted")
      this.stage(context, event, "dlr-collector", "delivery", { start: submittedAt ?? at, end: at });
    return context;
  }

  /** A service puts a record aside. `now`: epoch ms. */
  deadLetter(
    record: InRecord,
    { service, reason, messageId, now }: { service: string; reason: string; messageId?: string | null; now: number },
    carried: TraceContext | undefined,
  ): TraceContext | undefined {
    if (carried === undefined && !this.budget()) return undefined;
    const context = carried ?? (messageId == null ? traceOfRecord(record) : traceOfMessage(messageId));
    const follows = carried !== undefined || headerText(record, "traceparent") !== undefined;
    this.options.tracing.record({
      name: "dead letter",
      kind: "consumer",
      traceId: context.traceId,
      // What is done with it later hangs on this span where there is no earlier one.
      ...(follows ? { parentSpanId: context.spanId } : { spanId: context.spanId }),
      start: record.timestamp,
      end: now,
      attributes: {
        "sluice.reason": reason,
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": String(record.partition),
        "messaging.kafka.offset": record.offset,
      },
      error: reason,
      service,
    });
    return context;
  }

  /** Of a message that brings no trace: one of the share that came straight from Kafka, or its first failure. */
  private begin(event: Event): TraceContext | undefined {
    const { messageId } = event.facts;
    if (event.attempt > 1 || !this.options.tracing.samples(messageId)) return this.fail(event, false);
    const own = traceOfMessage(messageId);
    this.lateAcceptance(own, event);
    return own;
  }

  private fail(event: Event, late: boolean): TraceContext | undefined {
    if (!(late || isFailure(event)) || !this.budget(late)) return undefined;
    const own = traceOfMessage(event.facts.messageId);
    this.lateAcceptance(own, event);
    return own;
  }

  /** In an overload all are late, and failures must still be seen. */
  private budget(late = false): boolean {
    const now = this.monotonic();
    if (now - this.second >= 1_000) {
      this.second = now;
      this.left = this.options.failuresPerSecond;
      this.leftForLate = Math.ceil(this.left / 2);
    }
    const any = this.left > 0 && !(late && this.leftForLate === 0);
    if (any) this.left--;
    if (any && late) this.leftForLate--;
    (any ? this.traced : this.leftOut).add();
    return any;
  }

  private lateAcceptance(context: TraceContext, { facts: { acceptedAt, lane } }: Event): void {
    const span = acceptance(context, acceptedAt);
    this.options.tracing.record({ ...span, attributes: { "sluice.lane": lane, ...LATE } });
  }

  /** Of a later attempt only when it was decided is known, not when the router had it. */
  private lateRoute(context: TraceContext, event: Event): void {
    const { routedAt, facts, attempt } = event;
    if (routedAt === null) return;
    const start = attempt === 1 ? facts.acceptedAt : routedAt;
    this.stage(context, { ...event, ...WELL, type: "routed" }, "router", "route", {
      kind: "consumer",
      start,
      end: routedAt,
      attributes: LATE,
    });
  }

  private submit(context: TraceContext, event: Event): void {
    const { routedAt, at, facts } = event;
    const attributes = { "sluice.segments": facts.segments };
    this.stage(context, event, "sender", "submit", { kind: "client", start: routedAt ?? at, end: at, attributes });
  }

  private stage(
    { traceId, spanId }: TraceContext,
    event: Event,
    service: OfService,
    name: string,
    span: Pick<FinishedSpan, "start" | "end"> & Partial<Pick<FinishedSpan, "kind" | "attributes">>,
  ): void {
    const { type, attempt, provider, errorClass, errorCode, state, facts } = event;
    const failed = errorClass !== null || (state !== null && state !== "delivered" && state !== "enroute");
    const why = [errorClass, errorCode, state].filter((part) => part !== null);
    this.options.tracing.record({
      ...span,
      name,
      traceId,
      parentSpanId: spanId,
      service,
      attributes: {
        "sluice.event": type,
        "sluice.attempt": attempt,
        "sluice.lane": facts.lane,
        ...(provider === null ? {} : { "sluice.provider": provider }),
        ...(state === null ? {} : { "sluice.state": state }),
        ...(errorClass === null ? {} : { "sluice.error_class": errorClass }),
        ...(errorCode === null ? {} : { "sluice.error_code": errorCode }),
        ...span.attributes,
      },
      error: failed ? why.join(" ") : undefined,
    });
  }

  private tellLate({ traceId }: TraceContext, { at, facts, provider, routedAt }: Event): void {
    const { lane, acceptedAt } = facts;
    const seconds = (at - acceptedAt) / 1_000;
    const queued = routedAt === null ? {} : { routed_submitted: (at - routedAt) / 1_000 };
    this.options.log
      .every(`late-${lane}`, LATE_LOG_MS)
      .warn(
        { trace_id: traceId, lane, provider, accepted_submitted: seconds, ...queued },
        "submitted later than its lane's objective",
      );
  }
}

/** What an event says of an earlier stage, which went well. */
const WELL = { errorClass: null, errorCode: null, state: null } as const;

/** Marks what is told afterwards, from the times that stand in records. */
const LATE = { "sluice.late": true } as const;

function acceptance({ traceId, spanId }: TraceContext, start: number): FinishedSpan {
  return { name: "accept message", kind: "server", traceId, spanId, start, end: start, service: "ingest" };
}
