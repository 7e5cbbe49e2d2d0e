import { DispatchJournal } from "../../../../platform/kafka/dispatch-journal.ts";
import {
  type Decision,
  Dispatcher,
  type DispatchHandler,
  type Outcome,
  type Work,
} from "../../../../platform/kafka/dispatcher.ts";
import { sourceHeader } from "../../../../platform/kafka/positions.ts";
import { headerText, type InRecord, type OutRecord } from "../../../../platform/kafka/record.ts";
import { nameOf, type Owner, SimulatedKafka, silentLog } from "./simulated-kafka.ts";

export const LANES = ["urgent", "normal", "slow"];
export const MAX_UNSTORED = 50;
export const MAX_CHAINED = 8;
const EVENTS = "events";
/** Partitions of the outcome log. */
export const PARTS = 3;
const FOLLOW_UPS = "follow-ups";
const SOURCES = ["in-urgent", "in-normal", "in-slow", "again"];

export interface WorldOptions {
  readonly seed: number;
  readonly records: number;
  readonly keys: number;
  readonly step: number;
  readonly window: number;
  /** Longest time of one work, ms. */
  readonly workMs: number;
  readonly hold?: boolean;
  /** The works of this key never end. */
  stuckKey?: string;
  /** Works of a crowded key are handed back. */
  handsBack?: boolean;
  /** Octets of commit metadata that the broker takes. */
  readonly maxMetadata?: number;
  /** Works that need not be handed over any more. */
  readonly over?: (work: Work<string>) => boolean;
  /** Owners keep a journal in this folder. */
  readonly journalDir?: string;
  /** Speaks before the handler does. */
  readonly decode?: (record: InRecord, lane: number) => Decision<string> | undefined;
  /** Works of the window that only the most urgent lane may have. */
  readonly kept?: number;
  /** Lanes by urgency. */
  readonly urgency?: readonly number[];
  /** The outcome log has no leader, and never had one since its end was asked for first. */
  endUnknown?: boolean;
  /** See `DispatcherOptions`. */
  readonly maxSpan?: number;
  /** The same. Default MAX_UNSTORED. */
  readonly maxUnstored?: number;
  /** Called at each submission. */
  readonly onSubmit?: (work: Work<string>) => void;
}

const PARTITIONS = Array.from({ length: PARTS }, (_, partition) => partition);

interface Handed {
  readonly id: string;
  readonly owner: number;
  readonly doubt: boolean;
  readonly outcomeStood: boolean;
}

/** A journal of a process that may be gone: nothing of it is written then. */
class MortalJournal extends DispatchJournal {
  dead: () => boolean = () => false;

  override flush(): boolean {
    return !this.dead() && super.flush();
  }
}

/** Small, so that files follow on each other. */
const JOURNAL_OCTETS = 3_000;

/** A dispatcher on simulated Kafka, and an outside world that remembers all that was handed over to it. */
export class DispatcherWorld {
  readonly kafka: SimulatedKafka;
  readonly options: WorldOptions;
  /** Ids of all distinct records that can be understood, by lane in order. */
  readonly expected: string[][] = LANES.map(() => []);
  readonly keyOf = new Map<string, string>();
  readonly handed: Handed[] = [];
  readonly faults: string[] = [];
  /** Ids that were handed over and have not been settled since. */
  readonly unanswered = new Set<string>();
  /** Ids that an owner asked about although they had been settled, or never handed over. */
  readonly askedInVain: string[] = [];
  /** Owners know which partitions of the outcome log cannot be written to. */
  knowsUnwritable = true;
  /** Where owners keep their journals from now on. */
  journalDir: string | undefined;
  /** For each owner: how many works it had to ask about. */
  readonly doubts: number[] = [];
  /** One above the last offset handed over, by lane. */
  readonly next: number[] = LANES.map(() => 0);
  owners = 0;
  undecodable = 0;
  private busy = new Map<string, number>();
  dispatcher: Dispatcher<string, string> | undefined;
  ended: Promise<void> = Promise.resolve();

  constructor(options: WorldOptions) {
    this.options = options;
    this.journalDir = options.journalDir;
    this.kafka = new SimulatedKafka(options.seed, LANES.length);
    this.fill();
  }

  /** Input with the repeats that an upstream processor leaves when it dies, and records nobody can read. */
  private fill(): void {
    const { random } = this.kafka;
    const next = SOURCES.map(() => 0);
    const written: Parameters<SimulatedKafka["append"]>[0][][] = LANES.map(() => []);
    for (let n = 0; n < this.options.records; n++) {
      const lane = Math.floor(random() * LANES.length);
      const source = random() < 0.5 ? lane : 3;
      const src = sourceHeader(SOURCES[source]!, 0, next[source]!++);
      const broken = random() < 0.03;
      const key = `k${Math.floor(random() * this.options.keys)}`;
      if (broken) this.undecodable++;
      else {
        this.expected[lane]!.push(src);
        this.keyOf.set(src, `${lane}/${key}`);
      }
      const record = {
        topic: LANES[lane]!,
        partition: 0,
        key,
        value: broken ? null : Buffer.from(src),
        headers: { src },
      };
      written[lane]!.push(record);
      this.kafka.append(record);
      if (random() < 0.02) for (const again of written[lane]!.slice(-20)) this.kafka.append(again);
    }
  }

  /** The partition of the outcome log that the works of a key belong to. */
  partOf(key: string): number {
    return [...key].reduce((sum, char) => sum + char.charCodeAt(0), 0) % PARTS;
  }

  /** The log of outcomes loses the leader of a partition, or has one again. */
  lead(partition: number, isLed: boolean): void {
    const name = nameOf({ topic: EVENTS, partition });
    if (isLed) this.kafka.leaderless.delete(name);
    else this.kafka.leaderless.add(name);
  }

  private isLed(partition: number): boolean {
    return !this.kafka.leaderless.has(nameOf({ topic: EVENTS, partition }));
  }

  private part(partition: number): InRecord[] {
    return this.kafka.log(nameOf({ topic: EVENTS, partition }));
  }

  get outcomes(): InRecord[] {
    return PARTITIONS.flatMap((partition) => this.part(partition)).filter(
      (record) => headerText(record, "id")!.startsWith("dead/") === false,
    );
  }

  get followUps(): InRecord[] {
    return PARTITIONS.flatMap((partition) => this.kafka.log(nameOf({ topic: FOLLOW_UPS, partition })));
  }

  start(): Owner {
    const owner = this.kafka.assign(LANES);
    const number = this.owners++;
    this.doubts.push(0);
    this.busy = new Map();
    const journal = this.journal(owner);
    const dispatcher = new Dispatcher(owner.task, this.handler(owner, number, journal), {
      journal,
      producer: owner.producer,
      sources: { topics: SOURCES, partitions: 1 },
      step: this.options.step,
      settleMs: 50,
      maxPending: 300,
      maxUnstored: this.options.maxUnstored ?? MAX_UNSTORED,
      maxChained: MAX_CHAINED,
      ...(this.options.maxMetadata !== undefined && { maxMetadata: this.options.maxMetadata }),
      ...(this.options.maxSpan !== undefined && { maxSpan: this.options.maxSpan }),
      ...(this.options.urgency === undefined ? {} : { urgency: this.options.urgency }),
    });
    this.dispatcher = dispatcher;
    this.ended = dispatcher.run();
    this.ended.catch((error: Error) => this.faults.push(`owner ${number}: ${error.stack}`));
    return owner;
  }

  private journal(owner: Owner): DispatchJournal | undefined {
    const dir = this.journalDir;
    if (dir === undefined) return undefined;
    const journal = new MortalJournal({ dir, name: "g.0", log: silentLog, boot: "b", fileOctets: JOURNAL_OCTETS });
    journal.dead = () => owner.gone;
    return journal;
  }

  private handler(owner: Owner, number: number, journal?: DispatchJournal): DispatchHandler<string, string> {
    const { kafka, options } = this;
    const busy = this.busy;
    let inFlight = 0;
    const asked = new Set<string>();
    const restoredOutcomes = new Set<string>();
    const eventOf = (work: Work<string>, value: Buffer | null): OutRecord => ({
      topic: EVENTS,
      partition: this.partOf(work.key),
      key: null,
      value,
      headers: { id: work.id },
    });
    const outcomeOf = (work: Work<string>, result: string): Outcome => ({
      events: [eventOf(work, Buffer.from(result))],
      followUp: [
        { topic: FOLLOW_UPS, partition: this.partOf(work.key), key: null, value: null, headers: { id: work.id } },
      ],
    });
    return {
      decode: (record, lane) =>
        options.decode?.(record, lane) ??
        (record.value === null
          ? {
              ok: false,
              deadLetter: {
                topic: EVENTS,
                partition: 0,
                key: null,
                value: null,
                headers: { id: `dead/${headerText(record, "src")}` },
              },
            }
          : { ok: true, value: record.value.toString(), key: record.key!.toString(), id: record.value.toString() }),
      room: (urgent) => options.window - (urgent ? 0 : (options.kept ?? 0)) - inFlight,
      submit: (work, settle) => {
        options.onSubmit?.(work);
        inFlight++;
        journal?.leaving({ lane: work.lane, offset: work.record.offset, id: work.id });
        journal?.flush();
        this.unanswered.add(work.id);
        this.check(owner, work, busy);
        this.next[work.lane] = Math.max(this.next[work.lane]!, work.record.offset + 1);
        busy.set(work.key, (busy.get(work.key) ?? 0) + 1);
        this.handed.push({
          id: work.id,
          owner: number,
          doubt: asked.has(work.id),
          outcomeStood: restoredOutcomes.has(work.id),
        });
        if (work.key === options.stuckKey) return;
        void kafka.delay(options.workMs).then(() => {
          inFlight--;
          busy.set(work.key, busy.get(work.key)! - 1);
          if (owner.gone) return;
          this.unanswered.delete(work.id);
          settle(outcomeOf(work, "done"));
          owner.task.wake();
        });
      },
      outcomeEnds: async () => {
        await kafka.delay(20);
        const ends = PARTITIONS.map((partition) =>
          options.endUnknown === true || !this.isLed(partition) ? undefined : this.part(partition).length,
        );
        await kafka.delay(20);
        return ends;
      },
      readBack: async (from, signal) => {
        const outcomes = new Map<string, string>();
        const unread = new Set(PARTITIONS);
        const read = (partition: number) => {
          if (!this.isLed(partition)) return;
          const log = this.part(partition);
          for (const record of log) restoredOutcomes.add(headerText(record, "id")!);
          for (const record of log.slice(from[partition]))
            outcomes.set(headerText(record, "id")!, record.value?.toString() ?? "");
          unread.delete(partition);
        };
        const later = async () => {
          while (unread.size > 0) {
            await kafka.delay(400);
            if (signal.aborted || owner.gone) return;
            for (const partition of unread) read(partition);
          }
        };
        for (const partition of PARTITIONS) read(partition);
        await kafka.delay(20);
        void later();
        return { outcomes, unread };
      },
      outcomePartition: ({ key }) => this.partOf(key),
      unwritable: () => {
        const unwritable = PARTITIONS.filter((partition) => !this.isLed(partition));
        return unwritable.length === 0 || !this.knowsUnwritable ? undefined : new Set(unwritable);
      },
      recover: (work, outcome) => outcomeOf(work, outcome).followUp,
      inDoubt: (work) => {
        if (!asked.has(work.id)) this.doubts[number]!++;
        if (!this.unanswered.has(work.id)) this.askedInVain.push(work.id);
        asked.add(work.id);
        return options.hold === true ? outcomeOf(work, "held") : undefined;
      },
      ...(options.over && {
        over: (work: Work<string>) => (options.over!(work) ? () => outcomeOf(work, "over") : undefined),
      }),
      ...(options.handsBack === true && { crowded: (work: Work<string>) => outcomeOf(work, "crowded") }),
    };
  }

  private check(owner: Owner, work: Work<string>, busy: Map<string, number>): void {
    if (this.kafka.owner === owner) {
      const { offsets, state } = this.kafka.committed;
      const horizonOf = (text: string) => (JSON.parse(text) as { h: number[] }).h[work.lane]!;
      const stored = state === "" ? offsets[work.lane]! : horizonOf(state);
      const horizon = Math.min(stored, ...[...owner.statesOnWire].map(horizonOf));
      if (work.record.offset >= horizon)
        this.faults.push(`${work.id} was handed over at ${work.record.offset}, beyond ${horizon}`);
    }
    if ((busy.get(work.key) ?? 0) > 0) this.faults.push(`${work.key} has two works in flight`);
    if (!owner.task.alive) this.faults.push(`${work.id} was handed over by a dead task`);
  }

  /** Virtual time passes until all input is committed as done. */
  get finished(): boolean {
    const log = LANES.map((lane) => this.kafka.log(lane).length);
    return this.kafka.committed.offsets.every((offset, lane) => offset === log[lane]);
  }
}
