import { inDoubtRuleOf, type Provider } from "../../domain/catalog/provider.ts";
import type { SubmitOutcome } from "../../domain/message/submit-outcome.ts";
import { appendTry } from "../../domain/message/tries.ts";
import type { Outcome } from "../../platform/kafka/dispatcher.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import { BLANK_EVENT } from "../../schemas/blank-event.ts";
import type { SluiceCodecs } from "../../schemas/codecs.ts";
import type { Dispatch, Event, Retry } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC, retryTopic } from "../../schemas/topics.ts";

/** A dispatch that the sender works on. */
export interface Order {
  readonly dispatch: Dispatch;
  /** Set when an earlier owner may have submitted it. */
  readonly doubt: string | undefined;
  /** Trace context of the record, when it has one. */
  readonly traceparent: string | undefined;
}

/** Classes that the router understands; `unsubmitted` and `unknown` are not answers of a provider. */
export type ReturnClass = "transient" | "throttled" | "refused" | "permanent" | "unsubmitted" | "unknown";

/** The class under which a result goes back. A link at fault says nothing about the message. */
export function returnClassOf(outcome: Exclude<SubmitOutcome, "accepted" | "in-doubt">): ReturnClass {
  return outcome === "link" ? "unsubmitted" : outcome;
}

/** Turns what became of a dispatch into the event that says so and the record that follows from it. Pure but for the codecs. */
export class Outcomes {
  private readonly codecs: Pick<SluiceCodecs, "event" | "retry">;
  private readonly provider: Provider;
  private readonly partitions: number;

  /** `partitions`: of the message topics. */
  constructor(codecs: Pick<SluiceCodecs, "event" | "retry">, provider: Provider, partitions: number) {
    this.codecs = codecs;
    this.provider = provider;
    this.partitions = partitions;
  }

  /** The provider took it. `ids`: normalised, one a request; `segments`: what it charges for. `now`: epoch ms. */
  submitted(order: Order, ids: readonly string[], segments: number, now: number): Outcome {
    const { dispatch, doubt } = order;
    const resubmitted = doubt ?? dispatch.inDoubt;
    const event: Event = {
      ...this.base(dispatch, now),
      type: "submitted",
      cost: dispatch.price === null ? null : dispatch.price * segments,
      submittedAt: now,
      providerMessageIds: ids,
      resubmitted,
    };
    return { events: [this.event(order, resubmitted === null ? "submitted" : "resubmitted", event)], followUp: [] };
  }

  /**
   * Not taken: back to the router. `doubt`: why it may have been taken all the same (a part of it was, or an earlier
   * try), which its next submission must state.
   */
  returned(order: Order, errorClass: ReturnClass, errorCode: string, doubt: string | undefined, now: number): Outcome {
    const inDoubt = doubt ?? order.doubt ?? order.dispatch.inDoubt;
    const event: Event = {
      ...this.base(order.dispatch, now),
      type: "returned",
      errorClass,
      errorCode,
      // Also what a new owner needs to write the same retry again.
      reason: inDoubt,
    };
    return {
      events: [this.event(order, "returned", event)],
      followUp: [this.retry(order, errorClass, errorCode, inDoubt, now)],
    };
  }

  /** It may have been taken, and nobody knows: by the lane's rule it goes again (the reason stated) or stays as it is. */
  inDoubt(order: Order, code: string, now: number): Outcome {
    if (inDoubtRuleOf(this.provider, order.dispatch.facts.lane) === "resend")
      return this.returned(order, "unknown", code, code, now);
    return this.held(order, code, now);
  }

  /** Some parts were taken and the others were not: sending it again repeats those, so the lane's rule decides here too. */
  partial(order: Order, errorClass: ReturnClass, errorCode: string, now: number): Outcome {
    if (inDoubtRuleOf(this.provider, order.dispatch.facts.lane) === "hold") return this.held(order, "partial", now);
    return this.returned(order, errorClass, errorCode, "partial", now);
  }

  /** In doubt and never to be repeated. */
  held(order: Order, code: string, now: number): Outcome {
    const event: Event = {
      ...this.base(order.dispatch, now),
      type: "in_doubt",
      errorClass: "unknown",
      errorCode: code,
    };
    return { events: [this.event(order, "in_doubt", event)], followUp: [] };
  }

  /** The retry that belongs to a `returned` event which stands in the log already. */
  followUpOf(order: Order, event: Pick<Event, "errorClass" | "errorCode" | "reason">, now: number): OutRecord[] {
    const { errorClass, errorCode, reason } = event;
    return [this.retry(order, (errorClass ?? "unsubmitted") as ReturnClass, errorCode, reason, now)];
  }

  private retry(
    order: Order,
    errorClass: ReturnClass,
    errorCode: string | null,
    inDoubt: string | null,
    now: number,
  ): OutRecord {
    const { facts, text, attempt, tried, provider } = order.dispatch;
    const next = attempt + 1;
    const retry: Retry = {
      facts,
      text,
      attempt: next,
      tried: appendTry(tried, { provider, errorClass, errorCode }),
      inDoubt,
    };
    return {
      topic: retryTopic("0s"),
      partition: partitionFor(facts.to, this.partitions),
      key: facts.to,
      value: this.codecs.retry.encode(retry),
      headers: headers(order, `${facts.messageId}/${next}/retry`, String(now)),
    };
  }

  private base(dispatch: Dispatch, at: number) {
    const { facts, attempt, provider, route, price, currency } = dispatch;
    return { ...BLANK_EVENT, at, facts, attempt, provider, route, price, currency };
  }

  private event(order: Order, kind: string, event: Event): OutRecord {
    const { facts, attempt } = event;
    return {
      topic: EVENTS_TOPIC,
      partition: partitionFor(facts.to, this.partitions),
      key: facts.to,
      value: this.codecs.event.encode(event),
      headers: headers(order, `${facts.messageId}/${attempt}/${kind}`),
    };
  }
}

function headers({ traceparent }: Order, id: string, due?: string): Record<string, string> {
  const fields: Record<string, string> = { id };
  if (due !== undefined) fields.due = due;
  if (traceparent !== undefined) fields.traceparent = traceparent;
  return fields;
}
