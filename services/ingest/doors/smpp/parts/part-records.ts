import { commandStatus } from "../../../../../domain/smpp/command-status.ts";
import type { SubmittedContent } from "../../../../../domain/smpp/server/read-submission.ts";
import { decodePartText } from "../../../../../domain/text/data-coding.ts";
import type { Codec } from "../../../../../platform/codec/codec.ts";
import { partitionFor } from "../../../../../platform/kafka/murmur2.ts";
import type { OutRecord } from "../../../../../platform/kafka/record.ts";
import type { SmppPart } from "../../../../../schemas/generated/types.ts";
import { SMPP_PARTS_TOPIC } from "../../../../../schemas/topics.ts";
import type { Acceptor } from "../../../acceptance/acceptor.ts";
import type { Account } from "../../../access/api-keys.ts";
import { laneOf, messageOf, receiptToOf, statusOfRejected } from "../message-of-submission.ts";
import type { NamedSubmission, SubmitOutcome } from "../named-submission.ts";

export interface PartRecordsOptions {
  readonly acceptor: Pick<Acceptor, "judge">;
  readonly codec: Codec<SmppPart>;
  /** Of the message topics. */
  readonly partitions: number;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Parts from which on a text is longer than 1,600 characters in any alphabet, so that nobody waits for it: two octets a character, and one. */
const MOST_WIDE_PARTS = 24;
const MOST_PARTS = 12;

/** Makes a record of a part; what is wrong with the message whatever the other parts are, is found out here, while its client can be told. */
export class PartRecords {
  private readonly options: PartRecordsOptions;

  constructor(options: PartRecordsOptions) {
    this.options = options;
  }

  prepare(account: Account, submission: NamedSubmission): { readonly record: OutRecord } | SubmitOutcome {
    const { acceptor, codec, partitions, now } = this.options;
    const { part, content, id } = submission;
    const most = content.alphabet === "ucs2" ? MOST_WIDE_PARTS : MOST_PARTS;
    if (part === undefined || part.total > most) return { status: commandStatus.ESME_RINVMSGLEN, id: "" };
    const at = now();
    const message = messageOf(submission, readable(content), account, at) as Readonly<Record<string, unknown>>;
    const judged = acceptor.judge(account, { message, door: { id: id.id, receiptTo: null } });
    if (judged.status === "rejected") return { status: statusOfRejected(judged), id: "" };
    const to = judged.answer.to.slice(1);
    const value = codec.encode({
      accountId: account.id,
      messageId: id.id,
      to,
      from: (message.from as string | undefined) ?? null,
      lane: laneOf(submission, account),
      validitySeconds: (message.validity as number | undefined) ?? null,
      sendAt: submission.sendAt ?? null,
      ...part,
      alphabet: content.alphabet,
      header: content.header ?? null,
      octets: content.octets,
      receiptTo: receiptToOf(submission, id.shown),
    });
    return { record: { topic: SMPP_PARTS_TOPIC, partition: partitionFor(to, partitions), key: to, value } };
  }
}

/** A part by itself may hold half a character only; it is a part all the same. */
function readable({ alphabet, octets }: SubmittedContent): string {
  return decodePartText(octets, alphabet) || ".";
}
