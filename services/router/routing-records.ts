import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../pipeline/records/dead-letter.ts";
import { eventRecord } from "../../pipeline/records/event-record.ts";
import { retryRecord } from "../../pipeline/records/retry-record.ts";
import { traceHeaders } from "../../pipeline/traces/message-trace.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import { sourceHeader } from "../../platform/kafka/positions.ts";
import type { InRecord, OutRecord } from "../../platform/kafka/record.ts";
import { extractTrace, type TraceContext } from "../../platform/telemetry/trace-context.ts";
import type {
  Attempt,
  BudgetCharge,
  Dispatch,
  Event,
  MessageFacts,
  Retry,
  SendRequest,
} from "../../schemas/generated/types.ts";
import { dispatchTopic, type RetryDelay, retryTopic, SCHEDULED_TOPIC } from "../../schemas/topics.ts";
import { isBehind } from "./account-shares.ts";
import { type SpendBound, spendLeftIn } from "./barred-providers.ts";
import { scheduledKey } from "./scheduled/scheduled-key.ts";
import { DUE_HEADER, LANE_HEADER } from "./scheduled/scheduled-messages.ts";

/** A message to be routed, from a request or from a retry. */
export interface Pending extends SpendBound {
  readonly facts: MessageFacts;
  readonly text: string;
  readonly attempt: number;
  readonly tried: readonly Attempt[];
  readonly inDoubt: string | null;
  /** What it has taken of its account's budget; of a request nothing. */
  readonly charge?: BudgetCharge | null;
  /** Hash of what a request said (contentHash); none for a retry. */
  readonly content?: number;
  /** When a request asks to be sent, epoch ms. */
  readonly sendAt?: number | undefined;
}

export interface RoutingRecordsOptions {
  readonly codecs: Pick<SluiceCodecs, "request" | "dispatch" | "retry" | "event" | "deadLetter">;
  readonly snapshot: () => Snapshot;
  /** Epoch ms. */
  readonly now: () => number;
  readonly traces?: Pick<MessageTraces, "routing" | "deadLetter"> | undefined;
}

/** The records that routing one source record leads to; each carries the source's position and trace. */
export class RoutingRecords {
  private readonly options: RoutingRecordsOptions;
  /** The record that an event was made of last, and the trace that began with it or was carried. */
  private last: { readonly record: InRecord; readonly trace: TraceContext | undefined } | undefined;

  constructor(options: RoutingRecordsOptions) {
    this.options = options;
  }

  /** An event of this service; its id ends with its type. */
  event(record: InRecord, event: Event): OutRecord {
    const { facts, attempt, type } = event;
    const id = `${facts.messageId}/${attempt}/${type}`;
    const carried = extractTrace(record.headers);
    const { traces } = this.options;
    const trace = traces === undefined ? carried : traces.routing(event, carried, record.timestamp);
    this.last = { record, trace };
    const headers = { ...traceHeaders(trace), id, src: positionOf(record) };
    return eventRecord(this.options.codecs.event, event, record.partition, headers);
  }

  /** The order to the sender of the provider that the event names. */
  dispatch(record: InRecord, pending: Pending, decision: Event): OutRecord {
    const { text, attempt, tried, inDoubt } = pending;
    // With who it goes out from, as it was decided.
    const { facts } = decision;
    const provider = decision.provider!;
    const spread = this.options.snapshot().known.get(provider)?.partitions;
    // A guess would put it into a partition where it overtakes others of its number, or where nobody reads it.
    if (spread === undefined) throw new Error(`The catalog has no provider ${provider}`);
    return {
      topic: dispatchTopic(provider, facts.lane, isBehind(decision.errorCode)),
      // d divides P, so the partition of the destination modulo d is the partition among d.
      partition: record.partition % spread,
      key: facts.to,
      value: this.options.codecs.dispatch.encode({
        facts,
        text,
        attempt,
        provider,
        route: decision.route ?? "",
        price: decision.price,
        currency: decision.currency,
        onDelivery: decision.onDelivery,
        tariff: decision.tariff,
        tried,
        inDoubt,
        ...this.spendOf(pending, decision.currency),
        charge: decision.charge,
      }),
      headers: { ...this.trace(record), id: `${facts.messageId}/${attempt}`, src: positionOf(record) },
    };
  }

  /** What may be spent on the message, in its provider's currency: then a sender can take from it what may have to be paid. */
  private spendOf(pending: Pending, currency: string | null): Pick<Dispatch, "spendLeft" | "spendCurrency"> {
    const { catalog } = this.options.snapshot();
    if (currency === null || (pending.spendLeft ?? null) === null) return { spendLeft: null, spendCurrency: null };
    return { spendLeft: spendLeftIn(pending, currency, catalog.rates) ?? 0, spendCurrency: currency };
  }

  /** The message's next attempt. `due`: epoch ms; the tier may be over before. */
  retry(record: InRecord, pending: Pending, tried: readonly Attempt[], delay: RetryDelay, due: number): OutRecord {
    return this.waiting(record, { ...pending, attempt: pending.attempt + 1, tried }, delay, due);
  }

  /** A retry that is not due yet and waits on, in another tier. */
  carried(record: InRecord, pending: Pending, delay: RetryDelay, due: number): OutRecord {
    return this.waiting(record, pending, delay, due);
  }

  private waiting(record: InRecord, pending: Pending, delay: RetryDelay, due: number): OutRecord {
    const { retry } = this.options.codecs;
    return retryRecord(retry, retryOf(pending), retryTopic(delay), record.partition, due, this.trace(record));
  }

  /** The message's next attempt, which waits for its time. `due`: epoch ms. */
  scheduled(record: InRecord, pending: Pending, tried: readonly Attempt[], due: number): OutRecord {
    const { facts } = pending;
    const attempt = pending.attempt + 1;
    return {
      topic: SCHEDULED_TOPIC,
      partition: record.partition,
      key: scheduledKey({ messageId: facts.messageId, to: facts.to, attempt }),
      value: this.options.codecs.retry.encode(retryOf({ ...pending, attempt, tried })),
      headers: { ...this.trace(record), [LANE_HEADER]: facts.lane, [DUE_HEADER]: String(due) },
    };
  }

  /** A request that stood in another partition than its destination's, with what was found out fixed in it. */
  moved(record: InRecord, request: SendRequest, facts: MessageFacts, home: number): OutRecord {
    const { messageId, to, acceptedAt } = facts;
    return {
      topic: record.topic,
      partition: home,
      key: to,
      value: this.options.codecs.request.encode({ ...request, messageId, to, acceptedAt }),
      // Whoever counts requests finds by it what became of the record that stood in the wrong place.
      headers: { ...this.trace(record), id: messageId, src: positionOf(record) },
    };
  }

  deadLetter(record: InRecord, reason: string, detail: string, messageId: string | null): OutRecord {
    const { codecs, now, traces } = this.options;
    const why = { reason, detail, service: "router", messageId, now: now() };
    traces?.deadLetter(record, why, this.traceOf(record));
    return deadLetterRecord(codecs.deadLetter, record, why);
  }

  /** The trace context travels with the message when there is one; anything else under its name does not. */
  private trace(record: InRecord): Record<string, string> {
    return traceHeaders(this.traceOf(record));
  }

  private traceOf(record: InRecord): TraceContext | undefined {
    return this.last?.record === record ? this.last.trace : extractTrace(record.headers);
  }
}

/** Where a record stands, as its outputs say it. */
export function positionOf(record: InRecord): string {
  return sourceHeader(record.topic, record.partition, record.offset);
}

/** A message as it waits to be routed again. */
function retryOf(pending: Pending): Retry {
  const { facts, text, attempt, tried, inDoubt, spendLeft = null, spendCurrency = null, charge = null } = pending;
  return { facts, text, attempt, tried: [...tried], inDoubt, spendLeft, spendCurrency, charge };
}
