import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { implausibleRetry } from "../../../pipeline/records/plausible.ts";
import type { KafkaLog, OutRecord } from "../../../platform/kafka/record.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { Cancel, Retry } from "../../../schemas/generated/types.ts";
import { CANCEL_ANSWERS_TOPIC, CANCELS_TOPIC } from "../../../schemas/topics.ts";
import { CANCELLED_CLASS, type GivenUp } from "../retry-policy.ts";
import type { PartitionSchedule } from "./partition-schedule.ts";
import { readScheduledKey, scheduledKey } from "./scheduled-key.ts";
import type { ScheduledMessages } from "./scheduled-messages.ts";

/** What came of a wish to cancel. */
export const CANCEL_OUTCOMES = ["cancelled", "gone", "none"] as const;
export type CancelOutcome = (typeof CANCEL_OUTCOMES)[number];

export const CANCELLED: GivenUp = { state: "rejected", errorClass: CANCELLED_CLASS, code: "cancelled" };
export const CANCELLED_DETAIL = "cancelled by its account before its time";

export interface CancellingOptions {
  readonly scheduled: Pick<ScheduledMessages, "keysOf">;
  readonly schedule: Pick<PartitionSchedule, "standing" | "end">;
  readonly codecs: Pick<SluiceCodecs, "cancel" | "retry">;
  readonly partitions: number;
  readonly partition: number;
  /** Of the message that this record has closed already, the attempt: by a decision of the last owner, whose effects may be missing. */
  readonly closedAttempt: () => number | undefined;
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
  const { outcome, ended } = cancelHere(cancel, key, options);
  out.effect(answer(cancel, outcome, options));
  if (ended !== undefined) out.effect(options.schedule.end(ended));
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

/** `ended`: the key in sms.scheduled that is cancelled. Not always the one that was found: since then the message may have been held anew. */
function cancelHere(
  { accountId, messageId }: Cancel,
  key: string,
  options: CancellingOptions,
): { readonly outcome: CancelOutcome; readonly ended?: string } {
  const place = readScheduledKey(key);
  if (place === undefined) return { outcome: "none" };
  const closed = options.closedAttempt();
  if (closed !== undefined) return { outcome: "cancelled", ended: scheduledKey({ ...place, attempt: closed }) };
  const [last] = lastAttempts(options.scheduled.keysOf(options.partition, messageId, place.to));
  const standing = options.schedule.standing(last ?? key);
  if (standing === undefined) return { outcome: "gone" };
  // Whose it is comes first: nobody is told anything of another account's message.
  const decoded = options.codecs.retry.decode(standing.value);
  if (!decoded.ok || implausibleRetry(decoded.value) !== undefined) {
    const why = decoded.ok ? "implausible" : decoded.code;
    options.log.warn({ messageId, why }, "A message that waits cannot be understood, so that nobody can cancel it");
    return { outcome: "none" };
  }
  if (decoded.value.facts.accountId !== accountId) return { outcome: "none" };
  if (!standing.waits || !options.close(decoded.value)) return { outcome: "gone" };
  return { outcome: "cancelled", ended: standing.key };
}

function answer(cancel: Cancel, outcome: CancelOutcome, { codecs }: CancellingOptions): OutRecord {
  const to = cancel.scheduled === null ? null : (readScheduledKey(cancel.scheduled)?.to ?? null);
  const value = codecs.cancel.encode({ ...cancel, outcome, to: outcome === "none" ? null : to });
  return { topic: CANCEL_ANSWERS_TOPIC, partition: 0, key: cancel.messageId, value };
}
