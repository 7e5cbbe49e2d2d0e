import { copyAllowed, type Provider } from "../../domain/catalog/provider.ts";
import type { SubmitOutcome } from "../../domain/message/submit-outcome.ts";
import {
  appendTry,
  type CONSENT_UNKNOWN_CLASS,
  IN_DOUBT_CLASS,
  type OPTED_OUT_CLASS,
  type QUIET_HOURS_CLASS,
  triesInDoubt,
} from "../../domain/message/tries.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { BLANK_EVENT, eventRecord } from "../../pipeline/records/event-record.ts";
import { retryRecord } from "../../pipeline/records/retry-record.ts";
import { sampledTrace } from "../../pipeline/traces/message-trace.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import type { Outcome, WorkPlace } from "../../platform/kafka/dispatcher.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { formatTraceparent } from "../../platform/telemetry/trace-context.ts";
import type { Dispatch, Event, Retry } from "../../schemas/generated/types.ts";
import { DOUBT_TOPIC, retryTopic } from "../../schemas/topics.ts";

/** A dispatch that the sender works on. */
export interface Order {
  readonly dispatch: Dispatch;
  /** Trace context of the record, when it has one; or the one that began with the message's failure here. */
  traceparent: string | undefined;
  /** Where the record stands that the router decided on (header `src`), when the order says so. */
  readonly source?: string | undefined;
  /** When it came into the provider's queue, epoch ms. */
  readonly since?: number;
  /** Its place in the log that it came from. */
  readonly place?: WorkPlace;
}

/** Classes that the router understands; `unsubmitted` and `unknown` are not answers of a provider. */
export type ReturnClass =
  | "transient"
  | "throttled"
  | "refused"
  | "permanent"
  | "unsubmitted"
  | "unknown"
  | typeof OPTED_OUT_CLASS
  | typeof QUIET_HOURS_CLASS
  | typeof CONSENT_UNKNOWN_CLASS;

/** The class under which a result goes back. A link at fault says nothing about the message. */
export function returnClassOf(outcome: Exclude<SubmitOutcome, "accepted" | "in-doubt">): ReturnClass {
  return outcome === "link" ? "unsubmitted" : outcome;
}

/** Reason of a doubt: some parts were taken, and for certain not all. */
const PARTIAL = "partial";

/** What a new owner must know of an outcome to write what follows from it. */
export type FollowedEvent = Pick<Event, "type" | "errorClass" | "errorCode" | "reason">;

/** Turns what became of a dispatch into the event that says so and the record that follows from it. Pure but for the codecs. */
export class Outcomes {
  private readonly codecs: Pick<SluiceCodecs, "event" | "retry">;
  private readonly provider: Provider;
  /** Of the message topics. */
  readonly partitions: number;
  private readonly traces: Pick<MessageTraces, "submission"> | undefined;

  /** `partitions`: of the message topics. */
  constructor(
    codecs: Pick<SluiceCodecs, "event" | "retry">,
    provider: Provider,
    partitions: number,
    traces?: Pick<MessageTraces, "submission">,
  ) {
    this.traces = traces;
    this.codecs = codecs;
    this.provider = provider;
    this.partitions = partitions;
  }

  /** Where what becomes of a dispatch is recorded. */
  partitionOf({ facts }: Dispatch): number {
    return partitionFor(facts.to, this.partitions);
  }

  /** The provider took it. `ids`: normalised, one a request; `segments`: what it charges for. `now`: epoch ms. */
  submitted(order: Order, ids: readonly string[], segments: number, now: number): Outcome {
    const { dispatch } = order;
    const event: Event = {
      ...this.base(order, now),
      type: "submitted",
      cost: owedOnSubmit(dispatch, segments),
      submittedAt: now,
      providerMessageIds: ids,
      resubmitted: dispatch.inDoubt,
      source: order.source ?? null,
    };
    const kind = dispatch.inDoubt === null ? "submitted" : "resubmitted";
    return { events: [this.event(order, kind, event)], followUp: [] };
  }

  /** Not taken: back to the router. That an earlier submission of it may have been taken stays with it. */
  returned(order: Order, errorClass: ReturnClass, errorCode: string, now: number): Outcome {
    return {
      events: [this.returnedEvent(order, errorClass, errorCode, now)],
      followUp: [this.retry(order, retryTopic("0s"), errorClass, errorCode, order.dispatch.inDoubt, now)],
    };
  }

  /**
   * It may have been taken, and nobody knows. Where its lane's rule and the number of doubts allow a copy, that goes to the
   * correlator: it alone sees whether an answer or a receipt comes meanwhile. `why`: what else is to be told.
   */
  inDoubt(order: Order, code: string, now: number, why: string | null = null): Outcome {
    const event: Event = {
      ...this.base(order, now),
      type: "in_doubt",
      errorClass: IN_DOUBT_CLASS,
      errorCode: code,
      reason: why,
      resubmitted: order.dispatch.inDoubt,
      source: order.source ?? null,
    };
    return { events: [this.event(order, "in_doubt", event)], followUp: this.copyOf(order, code, now) };
  }

  /** Some parts were taken and the others were not, by `errorCode`: sending it again repeats those. */
  partial(order: Order, errorCode: string, now: number): Outcome {
    return this.inDoubt(order, PARTIAL, now, errorCode);
  }

  /**
   * It has turned out after its `in_doubt` event that it was not taken. Where a copy is on its way nothing follows; where
   * none was allowed the message goes back as any that is refused, since to send it now repeats nothing.
   */
  refusedLate(order: Order, errorClass: ReturnClass, errorCode: string, now: number): Outcome {
    const { dispatch } = order;
    const copied = copyAllowed(this.provider, dispatch.facts.lane, triesInDoubt(dispatch.tried) + 1);
    return {
      events: [this.returnedEvent(order, errorClass, errorCode, now)],
      followUp: copied ? [] : [this.retry(order, retryTopic("0s"), errorClass, errorCode, dispatch.inDoubt, now)],
    };
  }

  /** The record that belongs to a `returned` or `in_doubt` event which stands in the log already. */
  followUpOf(order: Order, event: FollowedEvent, now: number): readonly OutRecord[] {
    const { type, errorClass, errorCode, reason } = event;
    if (type === "in_doubt") return this.copyOf(order, errorCode ?? "", now);
    const found = (errorClass ?? "unsubmitted") as ReturnClass;
    return [this.retry(order, retryTopic("0s"), found, errorCode, reason, now)];
  }

  private copyOf(order: Order, code: string, now: number): OutRecord[] {
    const { facts, tried } = order.dispatch;
    if (!copyAllowed(this.provider, facts.lane, triesInDoubt(tried) + 1)) return [];
    // Of parts that were refused no answer or receipt is to come: a copy that waits for one would wait for the wrong thing.
    const topic = code === PARTIAL ? retryTopic("0s") : DOUBT_TOPIC;
    return [this.retry(order, topic, IN_DOUBT_CLASS, code, code, now)];
  }

  private returnedEvent(order: Order, errorClass: ReturnClass, errorCode: string, now: number): OutRecord {
    const { dispatch } = order;
    // The reason is also what a new owner needs to write the same retry again.
    const why = { errorClass, errorCode, reason: dispatch.inDoubt };
    return this.event(order, "returned", { ...this.base(order, now), type: "returned", ...why });
  }

  private retry(
    order: Order,
    topic: string,
    errorClass: ReturnClass,
    errorCode: string | null,
    inDoubt: string | null,
    now: number,
  ): OutRecord {
    const { facts, text, attempt, tried, provider, spendCurrency } = order.dispatch;
    const next = attempt + 1;
    const retry: Retry = {
      facts,
      text,
      attempt: next,
      tried: appendTry(tried, { provider, errorClass, errorCode }),
      inDoubt,
      spendLeft: errorClass === IN_DOUBT_CLASS ? spendLeftAfter(order.dispatch) : order.dispatch.spendLeft,
      spendCurrency,
      // What may have been taken may have to be paid.
      charge: errorClass === IN_DOUBT_CLASS ? null : order.dispatch.charge,
    };
    return retryRecord(this.codecs.retry, retry, topic, partitionFor(facts.to, this.partitions), now, trace(order));
  }

  private base({ dispatch, since }: Order, at: number) {
    const { facts, attempt, provider, route, price, currency, onDelivery, tariff } = dispatch;
    const routedAt = since ?? null;
    return { ...BLANK_EVENT, at, facts, attempt, provider, route, price, currency, onDelivery, tariff, routedAt };
  }

  /** What follows from the event is in its trace as well, so this comes first. */
  private trace(traces: Pick<MessageTraces, "submission">, order: Order, event: Event): void {
    const context = traces.submission(event, sampledTrace(order.traceparent));
    if (order.traceparent === undefined && context !== undefined) order.traceparent = formatTraceparent(context);
  }

  private event(order: Order, kind: string, event: Event): OutRecord {
    const { facts, attempt } = event;
    if (this.traces !== undefined) this.trace(this.traces, order, event);
    const id = `${facts.messageId}/${attempt}/${kind}`;
    return eventRecord(this.codecs.event, event, partitionFor(facts.to, this.partitions), { ...trace(order), id });
  }
}

/** What the provider takes for so many segments when it accepts them, micro-units; null: without a price. */
function owedOnSubmit({ price, onDelivery }: Dispatch, segments: number): number | null {
  if (price === null) return null;
  return onDelivery ? 0 : price * segments;
}

/** What may have been taken may have to be paid. */
function spendLeftAfter({ spendLeft, price, facts }: Dispatch): number | null {
  return spendLeft === null ? null : Math.max(0, spendLeft - (price ?? 0) * facts.segments);
}

function trace({ traceparent }: Order): Record<string, string> {
  return traceparent === undefined ? {} : { traceparent };
}
