import { parseSource } from "../../platform/kafka/positions.ts";
import type { DeadLetter, SendRequest } from "../../schemas/generated/types.ts";
import { LANES, requestTopic } from "../../schemas/topics.ts";
import { timeText } from "./status-callback.ts";

/** Names the account of a request, so that it can be told when the request cannot be read. */
export const ACCOUNT_HEADER = "account";
const MOST_DIGITS = 15;
const MOST_NAME = 64;
const REQUESTS: ReadonlySet<string> = new Set(LANES.map(requestTopic));

/** What is told of a request that has become a dead letter: the field `data` (docs/kafka-door.md). */
export interface RefusalData {
  readonly account: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Stable code. */
  readonly reason: string;
  /** What was wrong, naming the field; never the text of the message. */
  readonly detail: string;
  /** The message, when it has got an id. */
  readonly id: string | null;
  /** E.164 with its plus, as far as it is known. */
  readonly to: string | null;
  readonly reference: string | null;
  readonly refusedAt: string | null;
}

export interface Refusal {
  readonly accountId: string;
  /** Digits of the destination; undefined when it is not known. */
  readonly to: string | undefined;
  /** Where the record stands that was refused: `topic/partition/offset`. */
  readonly subject: string;
  readonly data: RefusalData;
}

/** Whether the letter is of a request as it was handed in. */
export function isRefusal({ service, topic }: Pick<DeadLetter, "service" | "topic">): boolean {
  return service === "router" && REQUESTS.has(topic);
}

/** Undefined when nobody can know whose it is. `request`: what the record says, if it can be read. */
export function refusalOf(letter: DeadLetter, request: SendRequest | undefined): Refusal | undefined {
  const accountId = request?.accountId ?? letter.headers[ACCOUNT_HEADER]?.toString();
  if (accountId === undefined || accountId.length > MOST_NAME) return undefined;
  // One that had stood in another partition than its number's was moved, and says where from.
  const { topic, partition, offset } = parseSource(letter.headers.src?.toString()) ?? letter;
  const digits = (request?.to ?? "").replace(/\D/g, "").slice(0, MOST_DIGITS);
  const data: RefusalData = {
    ...{ account: accountId, topic, partition, offset, reason: letter.reason, detail: letter.detail },
    id: letter.messageId,
    to: digits === "" ? null : `+${digits}`,
    reference: request?.reference?.slice(0, MOST_NAME) ?? null,
    refusedAt: timeText(letter.at),
  };
  return { accountId, to: digits === "" ? undefined : digits, subject: `${topic}/${partition}/${offset}`, data };
}
