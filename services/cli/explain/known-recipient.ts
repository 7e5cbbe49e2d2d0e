import { ALL_ACCOUNTS, optOutOf } from "../../../domain/consent/consent-word.ts";
import type { KnownRecipient } from "../../../domain/routing/explain-holds.ts";
import type { SentMessage } from "../../../domain/routing/recent-messages.ts";
import { frequencyKey } from "../../../pipeline/follow/frequency-copy.ts";
import { type ConsentLog, lastWords } from "../../../pipeline/follow/last-words.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { readDecoded } from "../../../pipeline/records/read-decoded.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import { FREQUENCY_TOPIC } from "../../../schemas/topics.ts";

export interface RecipientLog extends ConsentLog {
  readonly codecs: ConsentLog["codecs"] & Pick<SluiceCodecs, "frequency">;
}

/** What the logs say of a number (E.164 digits), for each account that may ask: its partitions of sms.consent and sms.frequency are read once. */
export async function readRecipient(
  number: string,
  log: RecipientLog,
): Promise<(account: string | undefined) => KnownRecipient> {
  const partition = partitionFor(number, log.partitions);
  const [words, sent] = await Promise.all([lastWords(log, partition, number), sentTo(number, partition, log)]);
  const wordOf = (account: string) => words.find(({ accountId }) => accountId === account)?.word;
  return (account) => ({
    optOut: optOutOf(account === undefined ? undefined : wordOf(account), wordOf(ALL_ACCOUNTS)) ?? null,
    sent: (cap) => sent.get(frequencyKey(account ?? "", cap, number)) ?? [],
  });
}

/** What was counted last for a number, by account and cap. */
async function sentTo(
  number: string,
  partition: number,
  { reader, codecs }: RecipientLog,
): Promise<ReadonlyMap<string, readonly SentMessage[]>> {
  const found = new Map<string, SentMessage[]>();
  const { high } = (await reader.watermarks(FREQUENCY_TOPIC))[partition] ?? { high: 0 };
  await readDecoded(
    { topic: FREQUENCY_TOPIC, partition, from: 0, to: high },
    {
      ...{ reader, codec: codecs.frequency, absent: new Set() },
      loadSchema: (id) => codecs.loadSchema(id),
      take: ({ times, messages }, { key }) =>
        found.set(
          key!.toString(),
          times.map((at, i) => ({ at, message: messages[i]! })),
        ),
      unreadable: ({ key, value }) => {
        if (value === null) found.delete(key!.toString());
      },
      meant: ({ key }) => key?.toString().endsWith(`:${number}`) ?? false,
    },
  );
  return found;
}
