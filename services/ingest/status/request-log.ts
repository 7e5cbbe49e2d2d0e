import { messageIdTime } from "../../../domain/message/message-id.ts";
import { sendAtText } from "../../../domain/message/send-at.ts";
import { inFewerSegments } from "../../../domain/text/fewer-segments.ts";
import { countSegments } from "../../../domain/text/segments.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import { newestOf, stretchesBetween } from "../../../platform/kafka/stretches.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { SendRequest } from "../../../schemas/generated/types.ts";
import { LANES, requestTopic } from "../../../schemas/topics.ts";
import type { Acceptance } from "../acceptance/recent-acceptances.ts";

/** What was accepted longer ago is analytics' to know, ms. */
const RECENT_MS = 60_000;
/** A record is appended so long before its id was made, by clocks that differ, and after it at the most, ms. */
const BEFORE_MS = 5_000;
const AFTER_MS = 20_000;
/** Records of a lane that are looked at for one id, the newest. */
const MOST_LOOKED_AT = 20_000;
/** Ids looked for at once; further ones are not found here. */
const MOST_AT_ONCE = 4;
/** How long one may take, ms. */
const LONGEST_MS = 2_000;

export interface RequestLogOptions {
  /** Of the topics of requests. */
  readonly reader: Pick<TopicReader, "watermarks" | "offsetsAt" | "readRange">;
  readonly codec: Pick<Codec<SendRequest>, "decode">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Default: as stated above. */
  readonly longestMs?: number;
}

/** What another instance accepted a moment ago: an id says when it was made, and at that time its request stands in the log. */
export class RequestLog {
  readonly #options: RequestLogOptions;
  #running = 0;

  constructor(options: RequestLogOptions) {
    this.#options = options;
  }

  /**
   * The account's own message under this id, to each destination, where it was accepted over HTTP within the last minute. None also where Kafka does not say in time, or too
   * many are looked for.
   */
  async find(accountId: string, messageId: string): Promise<readonly Acceptance[]> {
    const now = this.#options.now();
    const madeAt = messageIdTime(messageId);
    if ((madeAt !== undefined && Math.abs(now - madeAt) > RECENT_MS) || this.#running >= MOST_AT_ONCE) return [];
    this.#running++;
    const ending = AbortSignal.timeout(this.#options.longestMs ?? LONGEST_MS);
    const late = new Promise<readonly Acceptance[]>((resolve) => {
      ending.addEventListener("abort", () => resolve([]), { once: true });
    });
    // An id that was made of a key says no time.
    const [since, until] =
      madeAt === undefined ? [now - RECENT_MS, undefined] : [madeAt - BEFORE_MS, madeAt + AFTER_MS];
    const found: Acceptance[] = [];
    const take = (record: InRecord) => {
      const acceptance = headerText(record, "id") === messageId ? this.#acceptanceOf(record, accountId) : undefined;
      if (acceptance !== undefined && !found.some((one) => one.destination === acceptance.destination))
        found.push(acceptance);
    };
    const looking = Promise.all(LANES.map((lane) => this.#look(requestTopic(lane), since, until, take, ending)))
      .then(() => found)
      .catch(() => [])
      .finally(() => {
        this.#running--;
      });
    return await Promise.race([looking, late]);
  }

  async #look(
    topic: string,
    since: number,
    until: number | undefined,
    take: (record: InRecord) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { reader } = this.#options;
    const stretches = newestOf(await stretchesBetween(reader, topic, since, until), MOST_LOOKED_AT);
    await Promise.all(
      stretches.map(({ partition, from, to }) => reader.readRange(topic, partition, from, to, take, signal)),
    );
  }

  #acceptanceOf({ topic, value }: InRecord, accountId: string): Acceptance | undefined {
    const decoded = value === null ? undefined : this.#options.codec.decode(value);
    if (decoded?.ok !== true || decoded.value.accountId !== accountId) return undefined;
    const { to, from, text, transliterate, reference, acceptedAt, sendAt } = decoded.value;
    const lane = LANES.find((one) => requestTopic(one) === topic);
    if (lane === undefined) return undefined;
    const { encoding, segments } = transliterate ? inFewerSegments(text) : countSegments(text);
    return {
      accountId,
      destination: to,
      from: from ?? undefined,
      lane,
      encoding,
      segments,
      reference: reference ?? undefined,
      acceptedAt: acceptedAt ?? 0,
      sendAt: sendAt === null ? undefined : sendAtText(sendAt),
    };
  }
}
