import { setTimeout as sleep } from "node:timers/promises";
import type { Codec } from "../../../platform/codec/codec.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { Cancel } from "../../../schemas/generated/types.ts";
import { CANCEL_ANSWERS_TOPIC } from "../../../schemas/topics.ts";

/** What came of a wish to cancel, for each of the message's destinations. */
export type CancelAnswer = readonly Pick<Cancel, "outcome" | "to">[];

interface Asker {
  readonly answers: Map<string, Pick<Cancel, "outcome" | "to">>;
  readonly resolve: (answer: CancelAnswer) => void;
}

/** Hands the answers of sms.cancel-answers to those who have asked here. */
export class CancelAnswers {
  readonly #codec: Codec<Cancel>;
  readonly #askers = new Map<string, Set<Asker>>();

  constructor(codec: Codec<Cancel>) {
    this.#codec = codec;
  }

  /** The answers to one wish; undefined when not all have come within `ms`. To be asked for before the wish is written. */
  of(wish: Pick<Cancel, "messageId" | "accountId" | "at">, ms: number): Promise<CancelAnswer | undefined> {
    const name = nameOf(wish);
    return new Promise((settle) => {
      const askers = this.#askers.get(name) ?? new Set<Asker>();
      const end = (answer: CancelAnswer | undefined) => {
        clearTimeout(timer);
        askers.delete(asker);
        if (askers.size === 0) this.#askers.delete(name);
        settle(answer);
      };
      const timer = setTimeout(() => end(undefined), ms);
      const asker: Asker = { answers: new Map(), resolve: end };
      askers.add(asker);
      this.#askers.set(name, askers);
    });
  }

  /** A record of the topic; what is of no use here is passed over. */
  take({ value }: Pick<InRecord, "value">): void {
    if (this.#askers.size === 0 || value === null) return;
    const decoded = this.#codec.decode(value);
    if (!decoded.ok) return;
    const { outcome, to, answers } = decoded.value;
    for (const asker of this.#askers.get(nameOf(decoded.value)) ?? []) {
      // A router may answer again after a takeover: the first counts, as it does for the message.
      const place = to ?? decoded.value.scheduled ?? "";
      if (!asker.answers.has(place)) asker.answers.set(place, { outcome, to });
      if (asker.answers.size >= answers) asker.resolve([...asker.answers.values()]);
    }
  }

  /** Reads the topic from its end on, as soon as Kafka lets it, until `signal`. */
  async follow(reader: Pick<TopicReader, "watermarks" | "followFrom">, log: Log, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const [{ high } = { high: 0 }] = await reader.watermarks(CANCEL_ANSWERS_TOPIC);
        const follower = {
          ready: async () => true,
          onRecord: (record: InRecord) => this.take(record),
          reached: () => {},
        };
        reader.followFrom(CANCEL_ANSWERS_TOPIC, 0, high, follower);
        return;
      } catch (error) {
        log
          .every("cancel-answers", 5_000)
          .warn({ cause: errorMessage(error) }, "answers to cancels cannot be read yet");
        await sleep(1_000, undefined, { ref: false });
      }
    }
  }
}

function nameOf({ messageId, accountId, at }: Pick<Cancel, "messageId" | "accountId" | "at">): string {
  return `${messageId}/${accountId}/${at}`;
}
