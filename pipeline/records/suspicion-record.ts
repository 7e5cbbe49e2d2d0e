import {
  ABNORMALITIES,
  type Abnormality,
  LEVELS,
  type Level,
  type Suspicion,
} from "../../domain/abnormal/suspicion.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { Suspicion as SuspicionRecord } from "../../schemas/generated/types.ts";
import { ABNORMAL_TOPIC } from "../../schemas/topics.ts";

const MINUTE_MS = 60_000;

/** A suspicion as a record of sms.abnormal. */
export function suspicionRecord(codec: Codec<SuspicionRecord>, suspicion: Suspicion): OutRecord {
  const { id, kind, level, subject, measure, expected, seen, surprise, hourly, since, minute, over } = suspicion;
  const { account = null, country = null, range = null, sender = null, provider = null } = subject;
  const value = codec.encode({
    ...{ id, kind, level, account, country, range, sender, provider, measure, expected, seen, surprise, over },
    hourly: { ...hourly },
    since: since * MINUTE_MS,
    at: minute * MINUTE_MS,
  });
  return { topic: ABNORMAL_TOPIC, partition: 0, key: id, value };
}

/** What a record says; undefined where its kind or level is not one that this program knows. */
export function suspicionOf(record: SuspicionRecord): Suspicion | undefined {
  const { id, kind, level, measure, expected, seen, surprise, hourly, since, at, over } = record;
  if (!isAbnormality(kind) || !isLevel(level)) return undefined;
  const subject = {
    account: record.account ?? undefined,
    country: record.country ?? undefined,
    range: record.range ?? undefined,
    sender: record.sender ?? undefined,
    provider: record.provider ?? undefined,
  };
  return {
    ...{ id, kind, level, subject, measure, expected, seen, surprise, hourly, over },
    since: Math.floor(since / MINUTE_MS),
    minute: Math.floor(at / MINUTE_MS),
  };
}

const isAbnormality = (kind: string): kind is Abnormality => (ABNORMALITIES as readonly string[]).includes(kind);
const isLevel = (level: string): level is Level => (LEVELS as readonly string[]).includes(level);
