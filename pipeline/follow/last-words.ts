import {
  ALL_ACCOUNTS,
  type ConsentWord,
  holdsAgainst,
  optOutOf,
  readConsentKey,
} from "../../domain/consent/consent-word.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Consent } from "../../schemas/generated/types.ts";
import { CONSENT_TOPIC } from "../../schemas/topics.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { readDecoded } from "../records/read-decoded.ts";
import { saidOfPair } from "./consent-copy.ts";

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
  const accept = (record: InRecord, consent: Consent | null): void => {
    const said = saidOfPair(record, consent, partitions);
    if (said === undefined) return;
    const key = said.key.toString();
    if (said.word === null) found.delete(key);
    else {
      const known = found.get(key);
      if (known === undefined || holdsAgainst(said.word, known.word)) found.set(key, { ...said, word: said.word });
    }
  };
  await readDecoded(
    { topic: CONSENT_TOPIC, partition, from: 0, to: high },
    {
      ...{ reader, codec: codecs.consent, absent: new Set() },
      loadSchema: (id) => codecs.loadSchema(id),
      take: (consent, record) => accept(record, consent),
      unreadable: (record) => {
        if (record.value === null) accept(record, null);
      },
      meant: ({ key }) =>
        destination === undefined || readConsentKey(key?.toString() ?? "")?.destination === destination,
    },
  );
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
