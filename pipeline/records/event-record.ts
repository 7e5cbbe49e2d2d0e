import type { Codec } from "../../platform/codec/codec.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC } from "../../schemas/topics.ts";

/** Everything of an event that most events leave out; spread it and set the rest. */
export const BLANK_EVENT = {
  provider: null,
  route: null,
  reason: null,
  price: null,
  cost: null,
  currency: null,
  submittedAt: null,
  providerMessageIds: [],
  resubmitted: null,
  errorClass: null,
  errorCode: null,
  part: null,
  state: null,
  doneAt: null,
  receiptAt: null,
  source: null,
  spendLeft: null,
  spendCurrency: null,
  rules: null,
  counted: [],
  due: null,
  onDelivery: false,
  tariff: null,
  routedAt: null,
  verdicts: null,
  charge: null,
} satisfies Partial<Event>;

/**
 * The record of an event, beside the others of its destination. `partition`: the destination's. `headers`: `id`, which
 * tells a repeat, and `src`, `traceparent` where there are any.
 */
export function eventRecord(
  codec: Codec<Event>,
  event: Event,
  partition: number,
  headers: Record<string, string> & { readonly id: string },
): OutRecord {
  return { topic: EVENTS_TOPIC, partition, key: event.facts.to, value: codec.encode(event), headers };
}
