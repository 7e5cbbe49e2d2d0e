import { appendTry, MISSING_CLASS, UNDELIVERED_CLASS } from "../../../domain/message/tries.ts";
import { retryRecord } from "../../../pipeline/records/retry-record.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import type { Event, Retry } from "../../../schemas/generated/types.ts";
import { retryTopic } from "../../../schemas/topics.ts";
import type { RequestText } from "./request-texts.ts";

/** The next attempt of a message, as its `rerouted` event says. `now`: epoch ms; `trace`: its `traceparent`. */
export function sendOnRecord(
  codec: Codec<Retry>,
  event: Event,
  { text, tried }: RequestText,
  partition: number,
  now: number,
  trace: string | undefined,
): OutRecord {
  const { facts, attempt, provider, errorCode, state, resubmitted, spendLeft, spendCurrency } = event;
  const errorClass = state === null ? MISSING_CLASS : UNDELIVERED_CLASS;
  const retry: Retry = {
    facts,
    text,
    attempt: attempt + 1,
    tried: appendTry(tried, { provider, errorClass, errorCode }),
    inDoubt: resubmitted,
    spendLeft,
    spendCurrency,
    // What was submitted has been spent.
    charge: null,
  };
  const headers: Record<string, string> = trace === undefined ? {} : { traceparent: trace };
  return retryRecord(codec, retry, retryTopic("0s"), partition, now, headers);
}
