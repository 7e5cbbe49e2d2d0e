import type { Lane } from "../../../domain/message/lane.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { LookupBudget, type SpentOnLookups } from "../../../domain/portability/lookup-budget.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Upcoming } from "../../../platform/kafka/transform.ts";
import type { MessageFacts } from "../../../schemas/generated/types.ts";
import type { NumberNetworks, Question } from "./number-networks.ts";

/** Requests of a lane whose numbers are asked for at one time, in each partition. */
export const LOOK_AHEAD = 100;

export interface PartitionNetworksOptions {
  readonly networks: NumberNetworks;
  readonly partition: number;
  /** Of the message topics. */
  readonly partitions: number;
  /** What the last owner had spent. */
  readonly spent: SpentOnLookups | undefined;
  /** Whether the record needs no answer: it was decided before. */
  readonly isDecided: (record: InRecord) => boolean;
  /** Monotonic ms. */
  readonly monotonic: () => number;
  /** Called when the first record of a lane need not wait any more. */
  readonly wake: () => void;
}

/** A record that has been looked at. */
interface Seen {
  readonly offset: number;
  readonly question: Question | undefined;
}

/**
 * The networks of the numbers of one partition. Those of the requests that stand next in each lane are asked for many at a time,
 * and a lane is held back until that of its first one is known or its time is over. The other lanes go on, and each keeps its order.
 */
export class PartitionNetworks {
  private readonly options: PartitionNetworksOptions;
  private readonly budget: LookupBudget;
  private readonly lanes = new Map<Lane, Seen[]>();
  /** Whether networks may be known otherwise than by prefix, in this batch. */
  private inUse = false;

  constructor(options: PartitionNetworksOptions) {
    this.options = options;
    this.budget = new LookupBudget(options.partitions, options.spent);
  }

  /** Whether requests may have to wait. */
  get active(): boolean {
    return this.options.networks.active;
  }

  /** To be committed with the partition's offsets; undefined where nothing was ever spent. */
  get spent(): SpentOnLookups | undefined {
    return this.budget.state();
  }

  /** A batch begins. */
  begin(): void {
    this.inUse = this.active;
  }

  /** What is known of a message when it is first routed. Later attempts have it from there: all is decided for one network. */
  resolve(facts: MessageFacts): MessageFacts {
    const known = this.inUse ? this.options.networks.of(facts.to) : undefined;
    if (known?.mccMnc === undefined) return facts;
    return { ...facts, network: known.mccMnc, networkSource: known.source };
  }

  /** How long the first request of a lane still waits, ms; 0: it can be decided. */
  dueIn(record: InRecord, lane: Lane, upcoming: Upcoming): number {
    let seen = this.lanes.get(lane);
    if (seen === undefined) {
      seen = [];
      this.lanes.set(lane, seen);
    }
    let passed = 0;
    while (passed < seen.length && seen[passed]!.offset !== record.offset) passed++;
    seen.splice(0, passed);
    for (let i = seen.length; i < LOOK_AHEAD; i++) {
      const next = upcoming.peek(i);
      if (next === undefined) break;
      seen.push({ offset: next.offset, question: this.ask(next, lane) });
    }
    const question = seen[0]?.question;
    if (question === undefined || question.settled) return 0;
    const wait = question.deadline - this.options.monotonic();
    if (wait > 0) question.wake.add(this.options.wake);
    return Math.max(0, wait);
  }

  /** By the record's key, which is the number that the message goes to where it stands in the right partition. */
  private ask(record: InRecord, lane: Lane): Question | undefined {
    const { networks, partition, partitions, isDecided } = this.options;
    const number = record.key?.toString() ?? "";
    const read = parseDestination(number);
    if (!read.ok || read.e164 !== number || partitionFor(number, partitions) !== partition) return undefined;
    return isDecided(record) ? undefined : networks.ask(number, read.country, lane, this.budget);
  }
}
