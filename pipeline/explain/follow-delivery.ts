import { ConversionEstimates } from "../../domain/quality/conversion-estimates.ts";
import { DeliveryEstimates } from "../../domain/quality/delivery-estimates.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import { deliversBy } from "../follow/conversion-board.ts";
import { followConversions } from "../follow/follow-conversions.ts";
import { followQuality } from "../follow/follow-quality.ts";
import type { OtherSchemas, SluiceCodecs } from "../records/codecs.ts";

export interface FollowDeliveryOptions {
  readonly codecs: Pick<SluiceCodecs, "quality" | "conversionCounts" | keyof OtherSchemas>;
  /** Of sms.quality and sms.conversion-counts, among others. */
  readonly reader: TopicReader;
  /** Of the message topics. */
  readonly partitions: number;
  readonly log: Log;
}

/** What receipts and applications say of the providers, folded as it comes and worked out when it is asked for. */
export interface FollowedDelivery extends Required<Pick<DeliveryView, "of" | "converts">> {
  /** Resolves when what receipts say has been read to where it ended at the call; rejects when it cannot be. */
  readonly receipts: Promise<unknown>;
  /** The same of what applications tell. */
  readonly conversions: Promise<unknown>;
  /** Works the estimates out anew; `at`: epoch ms by the brokers' clock. */
  refresh(at: number): void;
}

/** Follows both from now on. */
export function followDelivery({ codecs, reader, partitions, log }: FollowDeliveryOptions): FollowedDelivery {
  const estimates = new DeliveryEstimates();
  const conversions = new ConversionEstimates();
  const of = { reader, schemas: codecs, partitions, log };
  return {
    receipts: followQuality({ ...of, codec: codecs.quality, fold: (told) => estimates.fold(told) }),
    conversions: followConversions({ ...of, codec: codecs.conversionCounts, fold: (told) => conversions.fold(told) }),
    refresh: (at) => {
      estimates.refresh(at);
      conversions.refresh(at, deliversBy(estimates));
    },
    of: (...place) => estimates.of(...place),
    converts: (...place) => conversions.of(...place),
  };
}
