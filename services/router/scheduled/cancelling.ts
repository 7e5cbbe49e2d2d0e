import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { implausibleRetry } from "../../../pipeline/records/plausible.ts";
import type { KafkaLog, OutRecord } from "../../../platform/kafka/record.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { Cancel, Retry } from "../../../schemas/generated/types.ts";
import { CANCEL_ANSWERS_TOPIC, CANCELS_TOPIC } from "../../../schemas/topics.ts";
import { CANCELLED_CLASS, type GivenUp } from "../retry-policy.ts";
import type { PartitionSchedule } from "./partition-schedule.ts";
import { readScheduledKey } from "./scheduled-key.ts";
import type { ScheduledMessages } from "./scheduled-messages.ts";

/** What came of a wish to cancel. */
export const CANCEL_OUTCOMES = ["cancelled", "gone", "none"] as const;
export type CancelOutcome = (typeof CANCEL_OUTCOMES)[number];

export const CANCELLED: GivenUp = { state: "rejected", errorClass: CANCELLED_CLASS, code: "cancelled" };
export const CANCELLED_DETAIL = "cancelled by its account before its time";

export interface CancellingOptions {
  readonly scheduled: Pick<ScheduledMessages, "keysOf" | "get">;
  readonly schedule: Pick<PartitionSchedule, "waits" | "end">;
  readonly codecs: Pick<SluiceCodecs, "cancel" | "retry">;
  readonly partitions: number;
  readonly partition: number;
  /** Whether this record has closed its message already: by a decision of the last owner, whose effects may be missing. */
  readonly hasClosed: () => boolean;
  /** Decides that the message ends. @returns false where its attempt has been decided before */
  readonly close: (retry: Retry) => boolean;
  readonly log: Pick<KafkaLog, "warn">;
}

/**
 * Carries out a record of sms.cancels. An id does not tell the destination, and all routers have all that waits: so the first record, in a
 * partition by the message's id, is looked up, and another one goes to the owner of each message that was found, who decides it
 * in one order with all else of that message. What came of it is answered in sms.cancel-answers.
 */
export function carryOutCancel(cancel: Cancel, options: CancellingOptions, out: Outputs): void {
  const { messageId, scheduled: key } = cancel;
  if (key === null) {
    const found: { partition: number; key: string }[] = [];
    for (let partition = 0; partition < options.partitions; partition++)
      for (const key of lastAttempts(options.scheduled.keysOf(partition, messageId))) found.push({ partition, key });
    for (const { partition, key } of found) {
      const value = options.codecs.cancel.encode({ ...cancel, scheduled: key, answers: found.length });
      out.effect({ topic: CANCELS_TOPIC, partition, key: messageId, value });
    }
    if (found.length === 0) out.effect(answer(cancel, "none", options));
    return;
  }
  const outcome = cancelHere(cancel, key, options);
  out.effect(answer(cancel, outcome, options));
  if (outcome === "cancelled") out.effect(options.schedule.end(key));
}

/** Of each destination the attempt that waits last: where an owner has ended in between, the one before it may not have been taken out yet. */
function lastAttempts(keys: readonly string[]): string[] {
  const last = new Map<string, { readonly key: string; readonly attempt: number }>();
  for (const key of keys) {
    const { to, attempt } = readScheduledKey(key)!;
    if (attempt > (last.get(to)?.attempt ?? -1)) last.set(to, { key, attempt });
  }
  return [...last.values()].map(({ key }) => key);
}

function cancelHere({ accountId, messageId }: Cancel, key: string, options: CancellingOptions): CancelOutcome {
  if (options.hasClosed()) return "cancelled";
  const waiting = options.scheduled.get(options.partition, key);
  if (waiting === undefined) return "gone";
  // Whose it is comes first: nobody is told anything of another account's message.
  const decoded = options.codecs.retry.decode(waiting.value);
  if (!decoded.ok || implausibleRetry(decoded.value) !== undefined) {
    const why = decoded.ok ? "implausible" : decoded.code;
    options.log.warn({ messageId, why }, "A message that waits cannot be understood, so that nobody can cancel it");
    return "none";
  }
  if (decoded.value.facts.accountId !== accountId) return "none";
  if (!options.schedule.waits(key)) return "gone";
  return options.close(decoded.value) ? "cancelled" : "gone";
}

function answer(cancel: Cancel, outcome: CancelOutcome, { codecs }: CancellingOptions): OutRecord {
  const to = cancel.scheduled === null ? null : (readScheduledKey(cancel.scheduled)?.to ?? null);
  const value = codecs.cancel.encode({ ...cancel, outcome, to: outcome === "none" ? null : to });
  return { topic: CANCEL_ANSWERS_TOPIC, partition: 0, key: cancel.messageId, value };
}
