import type { Provider } from "../../domain/catalog/provider.ts";
import { TAKEOVER } from "../../domain/message/submit-outcome.ts";
import { REPLAYED_SOURCE } from "../../pipeline/dead-letters/replay-mark.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { deadLetterRecord } from "../../pipeline/records/dead-letter.ts";
import { implausibleDispatch } from "../../pipeline/records/plausible.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import type { ReadBack } from "../../platform/kafka/dispatch-handler.ts";
import type { DispatchJournal } from "../../platform/kafka/dispatch-journal.ts";
import type { Decision, DispatchHandler, Outcome, Work } from "../../platform/kafka/dispatcher.ts";
import type { LogEnds } from "../../platform/kafka/log-ends.ts";
import { parseSource } from "../../platform/kafka/positions.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { headerText, type InRecord, type OutRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import { extractTrace } from "../../platform/telemetry/trace-context.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";
import { EVENTS_TOPIC, LANES } from "../../schemas/topics.ts";
import type { HandBack } from "./hand-back.ts";
import type { LastLook } from "./last-look.ts";
import { type OutcomeLog, type StoredOutcome, workOf } from "./outcome-log.ts";
import type { Order, Outcomes } from "./outcomes.ts";
import { PartitionOwner } from "./partition-owner.ts";
import type { Owner } from "./pending.ts";
import { takenBy } from "./volume-log.ts";

export interface DispatchTaskOptions {
  readonly provider: Provider;
  readonly codecs: SluiceCodecs;
  readonly outcomes: Outcomes;
  readonly log: OutcomeLog;
  readonly ends: LogEnds;
  readonly sender: {
    readonly handBack: Pick<HandBack, "room" | "spare" | "take">;
    room(urgent: boolean): number;
    submit(owner: Owner, order: Order, settle: (outcome: Outcome) => void): void;
    mayHaveTaken(partition: number, segments: number, tariff: number | null): void;
  };
  /** Which writes wait; default: none does for long. */
  readonly writes?: Pick<RecordProducer, "hasFailing" | "isHeldUp">;
  readonly now: () => number;
  /** What was taken by this moment stands in the count that this owner goes on from, epoch ms; undefined: that begins with it. */
  readonly countedBy?: number | undefined;
  readonly journal?: DispatchJournal | undefined;
  readonly traces?: Pick<MessageTraces, "deadLetter"> | undefined;
  /** Whether a message may go to its recipient now. Default: all may. */
  readonly look?: Pick<LastLook, "against"> | undefined;
}

/** What the dispatcher asks about one partition of a provider's dispatch topics. */
export class DispatchTask implements DispatchHandler<Dispatch, StoredOutcome> {
  private readonly task: Task;
  private readonly options: DispatchTaskOptions;
  readonly owner: PartitionOwner;
  /** What was too much for one number has gone back since there was room for that: of the most urgent lane, and of the others. */
  private readonly crowds = { urgent: false, others: false };

  constructor(task: Task, options: DispatchTaskOptions) {
    this.task = task;
    this.options = options;
    this.owner = new PartitionOwner(task, options.journal);
  }

  decode(record: InRecord): Decision<Dispatch> {
    const { codecs } = this.options;
    if (record.value === null) return { ok: false, deadLetter: this.dead(record, "the record has no value") };
    const decoded = codecs.dispatch.decode(record.value);
    if (decoded.ok) {
      const { value } = decoded;
      const wrong = implausibleDispatch(value) ?? this.misplaced(value);
      if (wrong !== undefined) return { ok: false, deadLetter: this.dead(record, wrong, "invalid") };
      const { messageId, to } = value.facts;
      return { ok: true, value, key: to, id: workOf(`${messageId}/${value.attempt}`, to) };
    }
    if (decoded.code === "unknown-schema" && decoded.schemaId !== undefined) {
      // A newer router's schema. Without the registry the lane waits; its backlog and lag show it.
      return { ok: false, wait: codecs.loadSchema(decoded.schemaId) };
    }
    return { ok: false, deadLetter: this.dead(record, decoded.detail) };
  }

  room(urgent: boolean): number {
    const { crowds } = this;
    if (crowds.urgent || crowds.others) {
      // As fast as the router can follow. Of the most urgent lane goes what is no part of a crowd of its own.
      if (this.options.sender.handBack.room() > 0) crowds.urgent = crowds.others = false;
      else if (crowds.urgent || !urgent) return 0;
    }
    return this.options.sender.room(urgent);
  }

  submit(work: Work<Dispatch>, settle: (outcome: Outcome) => void): void {
    this.options.sender.submit(this.owner, orderOf(work), settle);
  }

  outcomeEnds(): Promise<(number | undefined)[]> {
    return Promise.resolve([...this.options.ends.ends]);
  }

  readBack(from: readonly number[], signal: AbortSignal): Promise<ReadBack<StoredOutcome>> {
    const { log, provider } = this.options;
    return log.read(from, { provider: provider.id, partition: this.task.partition, of: provider.partitions }, signal);
  }

  outcomePartition({ value }: Work<Dispatch>): number {
    return this.options.outcomes.partitionOf(value);
  }

  unwritable(): ReadonlySet<number> | undefined {
    const { writes, provider, outcomes } = this.options;
    if (writes?.hasFailing !== true) return undefined;
    const found = new Set<number>();
    for (let partition = this.task.partition; partition < outcomes.partitions; partition += provider.partitions)
      if (writes.isHeldUp(EVENTS_TOPIC, partition)) found.add(partition);
    return found.size > 0 ? found : undefined;
  }

  recover(work: Work<Dispatch>, stored: StoredOutcome): readonly OutRecord[] {
    if (stored.kind === "submitted" || stored.value === null) return [];
    const event = this.options.codecs.event.decode(stored.value);
    const unread = { errorClass: "unsubmitted", errorCode: "unreadable-outcome", reason: work.value.inDoubt };
    const why = event.ok ? event.value : { type: stored.kind, ...unread };
    return this.options.outcomes.followUpOf(orderOf(work), why, this.options.now());
  }

  /** The last owner's count has it, or is older. */
  retold(_work: Work<Dispatch>, { events: [told] }: Outcome): void {
    const { codecs, sender, countedBy = Number.NEGATIVE_INFINITY } = this.options;
    const decoded = told?.value == null ? undefined : codecs.event.decode(told.value);
    if (decoded?.ok !== true || decoded.value.type === "returned" || decoded.value.at <= countedBy) return;
    sender.mayHaveTaken(this.task.partition, takenBy(decoded.value).segments, decoded.value.tariff);
  }

  /** An earlier owner may have submitted it. */
  inDoubt(work: Work<Dispatch>): Outcome {
    const { outcomes, sender, now } = this.options;
    sender.mayHaveTaken(this.task.partition, work.value.facts.segments, work.value.tariff);
    return outcomes.inDoubt(orderOf(work), TAKEOVER, now());
  }

  /**
   * What has expired while it waited, or whose recipient has said stop, the router ends; what has come into quiet hours waits there for their end.
   * No faster than the router can follow: at 21:00 that may be a dark provider's million.
   */
  over(work: Work<Dispatch>): (() => Outcome) | undefined {
    const { outcomes, now, look, sender } = this.options;
    const { facts } = work.value;
    const expired = now() >= facts.expiresAt;
    const against = expired ? undefined : look?.against(facts);
    if ((!expired && against === undefined) || sender.handBack.spare() === 0) return undefined;
    return () => {
      sender.handBack.take();
      return outcomes.returned(orderOf(work), against ?? "unsubmitted", against ?? "expired", now());
    };
  }

  /** More to one number than the provider takes one after the other: the router finds another way, or a later time. */
  crowded(work: Work<Dispatch>): Outcome {
    const { outcomes, now, sender } = this.options;
    sender.handBack.take();
    this.crowds[work.value.facts.lane === LANES[0] ? "urgent" : "others"] = true;
    const code = this.task.draining ? "stopping" : "destination-busy";
    return outcomes.returned(orderOf(work), "unsubmitted", code, now());
  }

  /** Each provider has topics of its own; a stray dispatch would be submitted to the wrong one. */
  private misplaced({ provider }: Dispatch): string | undefined {
    return provider === this.options.provider.id ? undefined : "provider: another one than this topic's";
  }

  private dead(record: InRecord, detail: string, reason = "undecodable"): OutRecord {
    const { codecs, now, traces } = this.options;
    const why = { reason, detail, service: "sender", now: now() };
    traces?.deadLetter(record, why, extractTrace(record.headers));
    // Dead letters have at least as many partitions as any dispatch topic.
    return deadLetterRecord(codecs.deadLetter, record, why);
  }
}

function orderOf(work: Work<Dispatch>): Order {
  const { record, value, lane, id } = work;
  // Not the record itself: it would hold all that was fetched with it for as long as a late answer is waited for.
  const place = { lane, offset: record.offset, id };
  return {
    dispatch: value,
    traceparent: headerText(record, "traceparent"),
    source: headerText(record, "src") ?? replayedSource(record),
    since: record.timestamp,
    place,
  };
}

/** Where the router decided on a replayed dispatch; anybody may write into the topic, and what names no place is none. */
function replayedSource(record: InRecord): string | undefined {
  const text = headerText(record, REPLAYED_SOURCE);
  return parseSource(text) === undefined ? undefined : text;
}
