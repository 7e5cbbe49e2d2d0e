/**
 * What was in doubt at each kill of a sender, told from what stands in Kafka alone: the works between the committed
 * offset and the committed horizon that had no outcome in the event log at that moment. Nothing else may be repeated.
 */
import { type Admin, AssignerProtocol } from "kafkajs";
import { kafkaClient } from "../../platform/kafka/connection.ts";
import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import { TopicReader } from "../../platform/kafka/topic-reader.ts";
import { DISPATCH_QUEUES, dispatchTopic, EVENTS_TOPIC } from "../../schemas/topics.ts";
import { outcomeOf } from "../../services/sender/outcome-log.ts";
import { until } from "./audit.ts";
import { atPlace, type Books } from "./books.ts";
import type { Installation } from "./installation.ts";

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
/** Every provider of these installations has one dispatch partition. */
const PARTITION = 0;

interface Stretch {
  readonly topic: string;
  readonly from: number;
  readonly to: number;
}

interface NotedKill {
  readonly provider: string;
  readonly stretches: readonly Stretch[];
  /** Ends of the event log just after the kill, by partition. */
  readonly eventEnds: readonly number[];
}

export interface Doubt {
  /** Works (`<messageId>/<attempt>`) that were in doubt, one set for each kill and provider. */
  readonly kills: readonly ReadonlySet<string>[];
  /** Of all kills together. */
  readonly total: number;
  /** At the kill that left most. */
  readonly most: number;
}

/** Notes the state of Kafka at kills of senders; at the end says what was in doubt. */
export class DoubtLedger {
  private readonly installation: Installation;
  private readonly providers: readonly string[];
  private readonly admin: Admin;
  private readonly kills: NotedKill[] = [];

  private constructor(installation: Installation) {
    this.installation = installation;
    this.providers = Object.keys(installation.simulators);
    this.admin = kafkaClient({ brokers: installation.infra.brokers, clientId: "doubt", log: QUIET }, 5).admin();
  }

  static async open(installation: Installation): Promise<DoubtLedger> {
    const ledger = new DoubtLedger(installation);
    await ledger.admin.connect();
    return ledger;
  }

  async close(): Promise<void> {
    await this.admin.disconnect();
  }

  /** To be called when the instance (`sender`, `sender-2`) is dead and before anybody can have taken over. */
  async note(instance: string): Promise<void> {
    const noted = await Promise.all(
      this.providers.map(async (provider): Promise<NotedKill | undefined> => {
        if (await this.ownedByAnother(provider, instance)) return undefined;
        const stretches = await this.standing(provider);
        return { provider, stretches, eventEnds: await this.ends() };
      }),
    );
    for (const kill of noted) if (kill !== undefined) this.kills.push(kill);
  }

  /** True when the group has given the provider's partition to a living instance; the dead one is a member until its session ends. */
  private async ownedByAnother(provider: string, instance: string): Promise<boolean> {
    const { groups } = await this.admin.describeGroups([`sluice.sender.${provider}`]);
    const owner = groups[0]?.members.find(({ memberAssignment }) => {
      const assigned =
        memberAssignment.length === 0 ? null : AssignerProtocol.MemberAssignment.decode(memberAssignment);
      return Object.values(assigned?.assignment ?? {}).some((partitions) => partitions.includes(PARTITION));
    });
    return owner !== undefined && owner.clientId !== `sluice-sender-${instance}`;
  }

  /** From the committed offset to the horizon, once two looks agree: the last commit of the dead may still be on its way. */
  private async standing(provider: string): Promise<Stretch[]> {
    let seen: Stretch[] = [];
    await until(
      () => `the commits of ${provider}'s dead sender stand still`,
      async () => {
        const before = JSON.stringify(seen);
        seen = await this.committed(provider);
        return JSON.stringify(seen) === before;
      },
      30_000,
    );
    return seen;
  }

  private async committed(provider: string): Promise<Stretch[]> {
    const topics = queueTopics(provider);
    const found = await this.admin.fetchOffsets({ groupId: `sluice.sender.${provider}`, topics });
    const at = (topic: string) =>
      found.find((entry) => entry.topic === topic)?.partitions.find(({ partition }) => partition === PARTITION);
    const { metadata } = at(topics[0]!) ?? {};
    const horizons = metadata ? (JSON.parse(metadata) as { h: number[] }).h : [];
    return topics.map((topic, queue) => {
      const from = Math.max(0, Number(at(topic)?.offset ?? 0));
      return { topic, from, to: Math.max(from, horizons[queue] ?? 0) };
    });
  }

  private async ends(): Promise<number[]> {
    const ends: number[] = [];
    for (const { partition, high } of await this.admin.fetchTopicOffsets(EVENTS_TOPIC)) ends[partition] = Number(high);
    return ends;
  }

  /** What was in doubt at each noted kill. `books`: read after everything has ended. */
  async reckon({ eventAt }: Pick<Books, "eventAt">): Promise<Doubt> {
    const works = await this.worksBetween();
    const outcomes = firstOutcomes(eventAt, new Set(works.flatMap((kill) => [...kill])));
    const kills = this.kills.map(({ eventEnds }, n) => {
      const open = works[n]!.filter((work) => {
        const place = outcomes.get(work);
        if (place === undefined) return true;
        const { partition, offset } = atPlace(place);
        return offset >= (eventEnds[partition] ?? 0);
      });
      return new Set(open);
    });
    const sizes = kills.map(({ size }) => size);
    return { kills, total: sizes.reduce((sum, size) => sum + size, 0), most: Math.max(0, ...sizes) };
  }

  /** The works of each kill's stretches. */
  private async worksBetween(): Promise<string[][]> {
    const topics = this.providers.flatMap(queueTopics);
    const connection = { brokers: this.installation.infra.brokers, clientId: "doubt", log: QUIET };
    const reader = new TopicReader({ connection, topics });
    await reader.start();
    try {
      // The most urgent lane's horizon may lie beyond its log: what never came would be waited for without end.
      const ends = new Map<string, number>();
      for (const topic of topics) ends.set(topic, (await reader.watermarks(topic))[PARTITION]!.high);
      return await Promise.all(
        this.kills.map(async ({ stretches }) => {
          const found: string[] = [];
          const take = (record: InRecord) => void found.push(headerText(record, "id") ?? "");
          const read = ({ topic, from, to }: Stretch) =>
            reader.readRange(topic, PARTITION, from, Math.min(to, ends.get(topic)!), take);
          await Promise.all(stretches.map(read));
          return found;
        }),
      );
    } finally {
      await reader.stop();
    }
  }
}

/** In the order in which a sender commits their horizons. */
function queueTopics(provider: string): string[] {
  return DISPATCH_QUEUES.map(({ lane, overflow }) => dispatchTopic(provider, lane, overflow));
}

/** Where the first outcome of each of these works stands. */
function firstOutcomes(eventAt: Books["eventAt"], works: ReadonlySet<string>): Map<string, number> {
  const first = new Map<string, number>();
  for (const [place, id] of eventAt) {
    const work = outcomeOf(id)?.work;
    // All events of a message stand in one partition: the lower place is the earlier one.
    if (work !== undefined && works.has(work) && place < (first.get(work) ?? Number.POSITIVE_INFINITY))
      first.set(work, place);
  }
  return first;
}
