import { ALL_ACCOUNTS, optOutOf } from "../../../domain/consent/consent-word.ts";
import type { KnownRecipient } from "../../../domain/routing/explain-holds.ts";
import type { SentMessage } from "../../../domain/routing/recent-messages.ts";
import { frequencyKey } from "../../../pipeline/follow/frequency-copy.ts";
import { type ConsentLog, lastWords } from "../../../pipeline/follow/last-words.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
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
  await reader.readRange(FREQUENCY_TOPIC, partition, 0, high, ({ key, value }) => {
    const name = key?.toString() ?? "";
    if (!name.endsWith(`:${number}`)) return;
    const decoded = value === null ? undefined : codecs.frequency.decode(value);
    if (decoded === undefined) found.delete(name);
    if (!decoded?.ok) return;
    const { times, messages } = decoded.value;
    found.set(
      name,
      times.map((at, i) => ({ at, message: messages[i]! })),
    );
  });
  return found;
}
