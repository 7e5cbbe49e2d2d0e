import type { Snapshot, SnapshotSource } from "../../domain/catalog/snapshot.ts";
import type { Lane } from "../../domain/message/lane.ts";
import { KnownNetworks, learnedNetwork, type Ported, portedTo } from "../../domain/portability/known-networks.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import type { ExplainedHealth } from "../../domain/routing/explain.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import type { Health } from "../../schemas/generated/types.ts";
import { CONVERSION_COUNTS_TOPIC, HEALTH_TOPIC, NETWORKS_TOPIC, QUALITY_TOPIC } from "../../schemas/topics.ts";
import { followHealth } from "../follow/follow-health.ts";
import { followNetworks } from "../follow/follow-networks.ts";
import { keepTrying } from "../follow/keep-trying.ts";
import { ProviderHealth } from "../follow/provider-health.ts";
import type { SluiceCodecs } from "../records/codecs.ts";
import { followDelivery } from "./follow-delivery.ts";

/** What routing looks at, as this process knows it. */
export interface RoutingView {
  /** Undefined when this process has the accounts only. */
  readonly snapshot: () => Snapshot | undefined;
  readonly health: (provider: string, lane: Lane) => ExplainedHealth | undefined;
  /** Where a number is known to be ported to. */
  readonly ported: (number: string) => Ported | undefined;
  /** What receipts and applications say of the providers. */
  readonly delivery: Pick<DeliveryView, "of" | "converts">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Topics that the reader of a view must have. */
export const ROUTING_TOPICS = [HEALTH_TOPIC, QUALITY_TOPIC, CONVERSION_COUNTS_TOPIC, NETWORKS_TOPIC] as const;

export interface FollowRoutingOptions {
  readonly codecs: SluiceCodecs;
  /** Of ROUTING_TOPICS, among others. */
  readonly reader: TopicReader;
  readonly catalog: SnapshotSource;
  /** Of the message topics. */
  readonly partitions: number;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Told of each word about a provider as well; `at`: monotonic, ms. */
  readonly onHealth?: (health: Health, at: number) => void;
}

/** Estimates of deliveries that are younger are not worked out anew, ms. */
const ESTIMATES_MS = 1_000;

/** What explanations go by, from now on. What cannot be read leaves them without it, and says so. */
export function followRouting(options: FollowRoutingOptions): RoutingView {
  const { codecs, reader, catalog, log, now, onHealth } = options;
  const providerOf = (id: string) => catalog.current.known.get(id);
  const health = new ProviderHealth((id) => providerOf(id)?.rate);
  const board: Pick<ProviderHealth, "take"> = {
    take: (word, at) => {
      health.take(word, at);
      onHealth?.(word, at);
    },
  };
  const partitionsOf = (id: string) => providerOf(id)?.partitions;
  const followed = { reader, schemas: codecs, codec: codecs.health, health: board, partitionsOf, log };
  void keepTrying(
    () => followHealth(followed),
    (err) =>
      log
        .every("health-unread", 30_000)
        .warn({ err }, "The providers' health cannot be read: in explanations all of them count as well"),
  );
  return {
    snapshot: () => snapshotWithRoutes(catalog),
    health: (provider, lane) => health.explained(provider, lane, performance.now()),
    ported: portedOf(options),
    delivery: deliveryOf(options),
    now,
  };
}

/** Undefined where this process has the accounts only. */
export function snapshotWithRoutes({ current }: SnapshotSource): Snapshot | undefined {
  return current.providers.size > 0 ? current : undefined;
}

/** What receipts have said of numbers' networks; what look-ups have, routers know alone. */
function portedOf({ codecs, reader, catalog, log, now }: FollowRoutingOptions): RoutingView["ported"] {
  const portability = () => catalog.current.catalog.portability;
  const known = new KnownNetworks(0);
  const learn = (number: string, mccMnc: string, at: number): void => {
    const one = learnedNetwork(portability(), mccMnc, at, now());
    known.resize(portability()?.remembered ?? 0);
    if (one !== undefined) known.set(number, one);
  };
  void keepTrying(
    () => followNetworks({ reader, schemas: codecs, codec: codecs.numberNetwork, learn, log }),
    (err) =>
      log
        .every("networks-unread", 30_000)
        .warn({ err }, "Networks that receipts name cannot be read: explanations go by prefixes"),
  );
  return (number) => (portability()?.learned === undefined ? undefined : portedTo(known.get(number, now())));
}

/** The estimates of deliveries and conversions, worked out anew when they are asked for. */
function deliveryOf(options: FollowRoutingOptions): RoutingView["delivery"] {
  const { log, now } = options;
  const told = followDelivery(options);
  told.receipts.catch((err: unknown) =>
    log.warn({ err }, "What receipts say cannot be read: in explanations all providers deliver alike"),
  );
  told.conversions.catch((err: unknown) =>
    log.warn({ err }, "What applications tell cannot be read: explanations know of no conversions"),
  );
  let refreshedAt = Number.NEGATIVE_INFINITY;
  const fresh = () => {
    const at = now();
    if (at - refreshedAt >= ESTIMATES_MS) {
      refreshedAt = at;
      told.refresh(at);
    }
    return told;
  };
  return { of: (...place) => fresh().of(...place), converts: (...place) => fresh().converts(...place) };
}
