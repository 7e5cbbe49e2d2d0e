import {
  ALL_ACCOUNTS,
  type ConsentWord,
  holdsAgainst,
  optOutOf,
  readConsentKey,
} from "../../domain/consent/consent-word.ts";
import { writerSchemaId } from "../../platform/codec/codec.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { CONSENT_TOPIC } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { readConsent } from "./consent-copy.ts";

/** sms.consent, for those who look into it and keep no copy. */
export interface ConsentLog {
  readonly reader: Pick<TopicReader, "watermarks" | "readRange">;
  readonly codecs: Pick<SluiceCodecs, "consent" | "loadSchema">;
  /** Of the message topics. */
  readonly partitions: number;
}

/** What holds between an account, or all of them, and a destination. */
export interface LastWord {
  /** `*`: all accounts. */
  readonly accountId: string;
  readonly destination: string;
  readonly word: ConsentWord;
  readonly detail: string | null;
}

/** A last word, and whether by it, and by what holds for all accounts, nothing goes to the recipient. */
export interface StandingWord extends LastWord {
  readonly suppressed: boolean;
}

/** The last words of a partition, of one destination only where it is named. Reads the partition from its start. */
export async function lastWords(
  { reader, codecs, partitions }: ConsentLog,
  partition: number,
  destination?: string,
): Promise<LastWord[]> {
  const found = new Map<string, LastWord>();
  const { high } = (await reader.watermarks(CONSENT_TOPIC))[partition] ?? { high: 0 };
  const unread: InRecord[] = [];
  const take = (record: InRecord): void => {
    const said = readConsent(record, { codec: codecs.consent, partitions });
    const key = record.key?.toString() ?? "";
    if (said === undefined) return;
    if (said.word === null) found.delete(key);
    else {
      const known = found.get(key);
      if (known === undefined || holdsAgainst(said.word, known.word)) found.set(key, { ...said, word: said.word });
    }
  };
  const loaded = new Set<number>();
  await reader.readRange(CONSENT_TOPIC, partition, 0, high, (record) => {
    if (destination !== undefined && readConsentKey(record.key?.toString() ?? "")?.destination !== destination) return;
    const schema = writerSchemaId(record.value);
    if (schema !== undefined && !loaded.has(schema)) {
      // Looked at again when its writer's schema is at hand, and so is all that is behind it.
      if (readConsent(record, { codec: codecs.consent, partitions }) !== undefined) loaded.add(schema);
      else {
        unread.push(record);
        return;
      }
    }
    take(record);
  });
  for (const record of unread) {
    const schema = writerSchemaId(record.value);
    if (schema !== undefined) await codecs.loadSchema(schema);
    take(record);
  }
  return [...found.values()];
}

/** How a destination (E.164 digits) stands: the word that holds for all accounts first, then by account. */
export async function standingOf(log: ConsentLog, destination: string): Promise<StandingWord[]> {
  const words = await lastWords(log, partitionFor(destination, log.partitions), destination);
  const all = words.find(({ accountId }) => accountId === ALL_ACCOUNTS)?.word;
  return words
    .map((one) => {
      const own = one.accountId === ALL_ACCOUNTS ? undefined : one.word;
      return { ...one, suppressed: optOutOf(own, all) !== undefined };
    })
    .sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
}
