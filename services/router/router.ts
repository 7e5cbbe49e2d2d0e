/**
 * Decides, for each message of one partition, which provider gets it. The decision is written to the event log first,
 * then the commit is made, then the dispatch is produced (platform/kafka/transform.ts); after a takeover the recorded
 * decisions are carried out again, so a message never goes to two providers for one attempt.
 */

import { comesIntoUse, type Snapshot, type SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { triedThisRound } from "../../domain/message/tries.ts";
import type { SpentOnLookups } from "../../domain/portability/lookup-budget.ts";
import { type Choice, chooseProvider } from "../../domain/routing/choose-provider.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import { VerdictTexts } from "../../domain/routing/verdict-texts.ts";
import { REPLAY_OF } from "../../pipeline/dead-letters/replay-mark.ts";
import type { ReadMark } from "../../pipeline/follow/read-mark.ts";
import type { SchemaGate } from "../../pipeline/follow/schema-gate.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import { implausibleRetry } from "../../pipeline/records/plausible.ts";
import { routeFacts } from "../../pipeline/records/route-facts.ts";
import { traceField } from "../../pipeline/traces/message-trace.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import { errorMessage } from "../../platform/errors/sluice-error.ts";
import type { LogEnds } from "../../platform/kafka/log-ends.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import { ReadBackMarks } from "../../platform/kafka/read-back-mark.ts";
import { headerText, type InRecord, type KafkaLog, type OutRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Outputs, Transform, Upcoming } from "../../platform/kafka/transform.ts";
import type { Event, Lane, Retry } from "../../schemas/generated/types.ts";
import { CANCELS_TOPIC, DUE_TOPIC, LANES, requestTopic } from "../../schemas/topics.ts";
import { ACCOUNT_BUSY, AccountShares, isBehind, WAITED } from "./account-shares.ts";
import { barredProviders, type SpendBound } from "./barred-providers.ts";
import type { CapBoard } from "./cap-board.ts";
import { contentHash, DecidedMessages, decisionKey } from "./decided-messages.ts";
import type { RecordedDecision } from "./decision-log.ts";
import { takeIn } from "./intake.ts";
import type { RoutedHealth } from "./led-health.ts";
import type { NumberNetworks } from "./lookups/number-networks.ts";
import { PartitionNetworks } from "./lookups/partition-networks.ts";
import { PartitionCaps } from "./partition-caps.ts";
import { recoverDecisions } from "./recovery.ts";
import {
  type GivenUp,
  givingUp,
  heldBack,
  isDeadLetter,
  lastWords,
  letterReason,
  nextRound,
  OPTED_OUT,
  refusedByAll,
  SCHEDULED,
  tierFor,
  unroutableEnd,
} from "./retry-policy.ts";
import { ReturningTraffic, type Waiter } from "./returning-traffic.ts";
import type { RouterMetrics } from "./router-metrics.ts";
import {
  closedEvent,
  heldEvent,
  isHeld,
  postponedEvent,
  remarked,
  roomAt,
  routedEvent,
  verdictsOf,
} from "./routing-events.ts";
import { type Pending, positionOf, RoutingRecords } from "./routing-records.ts";
import type { MessageRule, Ruling } from "./rules/message-rule.ts";
import { lowestOf, PartitionRules } from "./rules/partition-rules.ts";
import { CANCELLED, CANCELLED_DETAIL, carryOutCancel } from "./scheduled/cancelling.ts";
import { PartitionSchedule } from "./scheduled/partition-schedule.ts";
import { scheduledKey } from "./scheduled/scheduled-key.ts";
import { SCHEDULED_HEADER, type ScheduledMessages } from "./scheduled/scheduled-messages.ts";
import { answeredBefore, Waiting, waitsForProvider } from "./waiting.ts";

const LANE_OF_TOPIC = new Map<string, Lane>(LANES.map((lane) => [requestTopic(lane), lane]));

/** Decisions remembered per partition, for requests that come twice. */
const REMEMBERED = 50_000;
/** Characters of a fault's message that a dead letter repeats. */
const MAX_DETAIL = 500;
const ID_REUSED =
  "messageId: it was given to another text to this number before, so this record was not sent; each message needs an id of its own, or null";
/** Until a record whose schema is being loaded, or which needs to know what waits, is looked at again, ms. */
const AGAIN_MS = 50;
/** History that a new owner reads back for the same purpose. */
const REMEMBER_MS = 60_000;

export interface RouterOptions {
  readonly codecs: SluiceCodecs;
  readonly partitions: number;
  /** Looked at once for each batch. */
  readonly catalog: SnapshotSource;
  readonly health: RoutedHealth;
  /** What receipts say of the providers. */
  readonly delivery: DeliveryView;
  readonly reader: TopicReader;
  /** For what need not be stored before messages go on. */
  readonly producer: Pick<RecordProducer, "send">;
  readonly ends: LogEnds;
  readonly metrics: RouterMetrics;
  /** Where ported numbers are. */
  readonly networks: NumberNetworks;
  readonly log: KafkaLog;
  /** Of the process: what all routers have counted for the caps, and how far that has been read. */
  readonly capBoard: CapBoard;
  readonly usageMark: Pick<ReadMark, "until">;
  /** The rules of a partition, made anew for each task: asked in this order. */
  readonly rules: () => readonly MessageRule[];
  /** Of the process: the messages that wait for their time. */
  readonly scheduled: ScheduledMessages;
  /** Shared by all tasks of the process. */
  readonly schemas: Pick<SchemaGate, "waits">;
  /** Epoch ms by the brokers' clock: what expires and what is due. */
  readonly now: () => number;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
  readonly random: () => number;
  readonly traces?: MessageTraces | undefined;
}

/** What is committed beside a partition's offsets. */
interface CommittedState {
  /** Where a new owner begins to read the event log. */
  readonly e: number;
  /** What the partition has spent on look-ups; not there where it has spent nothing. */
  readonly n?: SpentOnLookups | undefined;
}

export class Router implements Transform {
  private readonly options: RouterOptions;
  private snapshot: Snapshot;
  private readonly records: RoutingRecords;
  private readonly shares: AccountShares;
  private readonly returning: ReturningTraffic;
  private readonly waiting: Waiting;
  private readonly rules: PartitionRules;
  private readonly verdicts = new VerdictTexts();
  private readonly decided = new DecidedMessages(REMEMBERED);
  private networks!: PartitionNetworks;
  private caps!: PartitionCaps;
  private schedule!: PartitionSchedule;
  /** Of `recorded`: what is still to be put into sms.scheduled once more, by its keys there. */
  private readonly inherited = new Set<string>();
  private recorded = new Map<string, RecordedDecision>();
  /** By input, what has been decided, by this owner or earlier ones. */
  private next: number[] = [];
  private marks = new ReadBackMarks(0, [0], []);
  private endsVersion = 0;
  private partition = 0;
  /** When a version last put a provider to use that had not been, by the monotonic clock, ms; undefined: none did as long as this one has worked. */
  private usedSince: number | undefined;

  constructor(options: RouterOptions) {
    this.options = options;
    this.snapshot = options.catalog.current;
    const snapshot = () => this.snapshot;
    this.records = new RoutingRecords({ ...options, snapshot });
    this.shares = new AccountShares(options.partitions);
    this.returning = new ReturningTraffic({ ...options, snapshot });
    this.rules = new PartitionRules(options.rules());
    this.waiting = new Waiting({
      ...options,
      decode: ({ value }) => {
        const decoded = value === null ? undefined : options.codecs.retry.decode(value);
        return decoded?.ok ? decoded.value : undefined;
      },
      prospect: (record, retry) => this.returning.prospect(positionOf(record), this.waiterOf(retry)),
      lastReturn: () => {
        const back = options.health.lastReturn(options.monotonic());
        return this.usedSince === undefined ? back : Math.max(this.usedSince, back ?? 0);
      },
    });
  }

  async restore(task: Task): Promise<void> {
    this.partition = task.partition;
    const { offsets, state } = task.restored;
    const { e: from, n: spent } = state === "" ? { e: 0 } : (JSON.parse(state) as CommittedState);
    this.networks = new PartitionNetworks({
      ...this.options,
      partition: task.partition,
      spent,
      isDecided: (record) => this.recorded.has(positionOf(record)),
      wake: () => task.wake(),
    });
    this.caps = new PartitionCaps({ ...this.options, task });
    await this.caps.restore(this.snapshot);
    await this.rules.restore(task, this.snapshot);
    const takers = [this.caps.recovery(this.snapshot), this.rules.recovery()].filter((one) => one !== undefined);
    const { bySource, reach } = await recoverDecisions({
      ...{ ...this.options, partition: task.partition, from, offsets, takers },
      decided: (key) => this.decided.add(key),
    });
    this.rules.committed(offsets);
    this.recorded = bySource;
    for (const { kind, value } of bySource.values()) {
      const event = kind === "postponed" ? this.options.codecs.event.decode(value) : undefined;
      if (event?.ok && isHeld(event.value)) this.inherited.add(keyBehind(event.value));
    }
    const isInherited = (key: string) => this.inherited.has(key);
    this.schedule = new PartitionSchedule(task, { ...this.options, isInherited });
    this.schedule.begin();
    this.next = [...reach];
    // The next owner must find these decisions too, until all of them are committed.
    this.marks = new ReadBackMarks(REMEMBER_MS, [from], offsets, reach);
  }

  /** Retries wait, what has a schema that is being loaded, what a rule holds, and requests whose number's network is asked for. */
  dueIn(record: InRecord, upcoming: Upcoming): number {
    if (this.options.schemas.waits(record.value) || this.rules.holds(record.topic)) return AGAIN_MS;
    const lane = this.networks.active ? LANE_OF_TOPIC.get(record.topic) : undefined;
    if (lane !== undefined) return this.networks.dueIn(record, lane, upcoming);
    return this.schedule.holds(record.topic) ? AGAIN_MS : this.waiting.dueIn(record);
  }

  prepare(): undefined {
    const { current } = this.options.catalog;
    if (comesIntoUse(this.snapshot, current)) this.usedSince = this.options.monotonic();
    this.snapshot = current;
    this.networks.begin();
    this.rules.begin(this.snapshot);
  }

  process(record: InRecord, input: number, out: Outputs): void {
    this.next[input] = Math.max(this.next[input]!, record.offset + 1);
    const lane = LANE_OF_TOPIC.get(record.topic);
    if (lane !== undefined) this.request(record, lane, out);
    else if (record.topic === DUE_TOPIC) this.due(record, out);
    else if (record.topic === CANCELS_TOPIC) this.cancel(record, out);
    else this.retry(record, out);
  }

  refuse(record: InRecord, error: unknown, out: Outputs): OutRecord {
    const { metrics, log } = this.options;
    log.error(
      { topic: record.topic, partition: record.partition, offset: record.offset, ...traceField(record), err: error },
      "A record cannot be processed; it goes to the dead letters",
    );
    metrics.deadLetters("unprocessable").add();
    this.schedule.endOf(record, out);
    return this.records.deadLetter(record, "unprocessable", errorMessage(error).slice(0, MAX_DETAIL), null);
  }

  tick(out: Outputs): void {
    this.caps.tell();
    this.rules.tick(out);
    for (const released of this.schedule.release()) out.effect(released);
    const { ends } = this.options;
    if (ends.version === this.endsVersion) return;
    this.endsVersion = ends.version;
    this.marks.note(this.options.monotonic(), this.next, [ends.ends[this.partition]]);
  }

  state(offsets: readonly number[]): string {
    const [from] = this.marks.pick(this.options.monotonic(), lowestOf(offsets, this.rules.untoldFrom()) ?? offsets);
    const committed: CommittedState = { e: from!, n: this.networks.spent };
    return JSON.stringify(committed);
  }

  committed(offsets: readonly number[]): void {
    this.rules.committed(offsets);
  }

  private request(record: InRecord, lane: Lane, out: Outputs): void {
    const decoded = record.value === null ? undefined : this.options.codecs.request.decode(record.value);
    if (decoded === undefined || !decoded.ok) {
      this.dead(record, "undecodable", decoded?.detail ?? "the record has no value", null, out);
      return;
    }
    const request = decoded.value;
    const content = contentHash(request);
    const intake = takeIn(request, lane, record, (id) => this.snapshot.accounts.get(id));
    if (!intake.ok) {
      const detail = intake.problems.map((p) => `${p.field}: ${p.code} (${p.message})`).join("; ");
      const pending = { facts: intake.facts, text: "", attempt: 0, tried: [], inDoubt: null, content };
      const code = intake.problems[0]?.code ?? "invalid";
      this.close(record, pending, { state: "rejected", errorClass: "invalid", code }, detail, out);
      return;
    }
    const home = partitionFor(intake.facts.to, this.options.partitions);
    if (home !== record.partition || record.key?.toString() !== intake.facts.to) {
      this.options.metrics.rekeyed.add();
      out.effect(this.records.moved(record, request, intake.facts, home));
      return;
    }
    const { text, sendAt } = intake;
    const facts = this.networks.resolve(intake.facts);
    this.route(record, { facts, text, attempt: 1, tried: [], inDoubt: null, content, sendAt }, out);
  }

  private retry(record: InRecord, out: Outputs): void {
    this.returning.release(positionOf(record));
    const decoded = record.value === null ? undefined : this.options.codecs.retry.decode(record.value);
    if (decoded === undefined || !decoded.ok) {
      this.dead(record, "undecodable", decoded?.detail ?? "the record has no value", null, out);
      return;
    }
    const wrong = implausibleRetry(decoded.value) ?? this.misplaced(record, decoded.value);
    if (wrong !== undefined) {
      this.dead(record, "invalid", wrong, null, out);
      return;
    }
    this.options.metrics.retries(decoded.value.tried.at(-1)?.errorClass ?? "none").add();
    this.route(record, decoded.value, out, this.waiting.early(record, decoded.value));
  }

  /** A message whose time has come: whatever is decided about it, it waits no more. One that does not wait has been decided before. */
  private due(record: InRecord, out: Outputs): void {
    const key = headerText(record, SCHEDULED_HEADER);
    const known = key === undefined || this.recorded.has(positionOf(record)) || record.headers[REPLAY_OF] !== undefined;
    if (known || this.schedule.waits(key)) this.retry(record, out);
    else this.options.metrics.duplicates.add();
    this.schedule.endOf(record, out);
  }

  private cancel(record: InRecord, out: Outputs): void {
    const { codecs, scheduled, partitions, log } = this.options;
    const decoded = record.value === null ? undefined : codecs.cancel.decode(record.value);
    if (decoded === undefined || !decoded.ok) {
      this.dead(record, "undecodable", decoded?.detail ?? "the record has no value", null, out);
      return;
    }
    const close = (pending: Pending): boolean => {
      if (this.decided.compare(decisionKeyOfPending(pending)) !== "new") return false;
      this.remember(pending);
      this.options.metrics.closed(CANCELLED.state).add();
      const now = this.options.now();
      const plain = closedEvent(pending, CANCELLED, CANCELLED_DETAIL, now);
      const event = remarked(plain, this.rules.closed(pending, now, record));
      out.decide(this.records.event(record, event));
      return true;
    };
    const { partition, schedule } = this;
    const closedAttempt = () => {
      const src = positionOf(record);
      const key = this.recorded.get(src)?.key;
      this.recorded.delete(src);
      return key === undefined ? undefined : Number(key.slice(key.lastIndexOf("/") + 1));
    };
    const options = { codecs, scheduled, partitions, partition, schedule, closedAttempt, close, log };
    carryOutCancel(decoded.value, options, out);
  }

  /** Only our own services write retries, each to its destination's partition; what follows from one is decided there. */
  private misplaced(record: InRecord, { facts }: Retry): string | undefined {
    const home = partitionFor(facts.to, this.options.partitions);
    return home === record.partition ? undefined : `facts.to: belongs to partition ${home}`;
  }

  /** `early`: ms before the message's time; 0 when it has come. */
  private route(record: InRecord, pending: Pending, out: Outputs, early = 0): void {
    const { facts, attempt } = pending;
    const src = positionOf(record);
    const earlier = this.recorded.get(src);
    // A topic that was created anew has other messages at the same places.
    if (earlier?.key === `${facts.messageId}/${attempt}`) {
      this.recorded.delete(src);
      this.repeat(record, pending, earlier, out);
      return;
    }
    if (this.isRepeat(record, pending, out)) return;
    const now = this.options.now();
    if (early > 0) {
      this.beforeItsTime(record, pending, now + early, out);
      return;
    }
    const end = givingUp(pending.tried, now, facts.expiresAt, attempt);
    if (end !== undefined) {
      this.close(record, pending, end, this.lastWordsOn(pending, end, now), out);
      return;
    }
    if (pending.sendAt !== undefined && pending.sendAt > now) {
      this.wait(record, pending, heldEvent(pending, SCHEDULED, "handed in for then", now, pending.sendAt), out);
      return;
    }
    if (this.isRuledOut(record, pending, this.rules.judge(pending, now), now, out)) return;
    const choice = this.choose(pending, now);
    if (!choice.ok) this.unroutable(record, pending, choice, out);
    else if (!this.isRuledOut(record, pending, this.rules.afford(pending, choice, now), now, out))
      this.assign(record, pending, choice, now, out);
  }

  /** Why it is given up, for people: of what a sender has not submitted, as a rule here says it, where one does. */
  private lastWordsOn(pending: Pending, end: GivenUp, now: number): string {
    const ruling = end === OPTED_OUT ? this.rules.judge(pending, now) : undefined;
    return ruling?.verdict === "refuse" && ruling.end === OPTED_OUT ? ruling.detail : lastWords(pending.tried);
  }

  /** A rule has something against its going now, and what follows from that is done. */
  private isRuledOut(
    record: InRecord,
    pending: Pending,
    ruling: Ruling | undefined,
    now: number,
    out: Outputs,
  ): boolean {
    if (ruling === undefined) return false;
    if (ruling.verdict === "refuse") this.close(record, pending, ruling.end, ruling.detail, out);
    else {
      const due = Math.min(ruling.due, pending.facts.expiresAt);
      this.wait(record, pending, heldEvent(pending, ruling.code, ruling.detail, now, due), out);
    }
    return true;
  }

  /** A provider that it waits for is back, and takes it; otherwise it waits on until `due`, where nobody waits behind it for longer. */
  private beforeItsTime(record: InRecord, pending: Pending, due: number, out: Outputs): void {
    const now = this.options.now();
    const choice = waitsForProvider(pending.tried) ? this.returning.choose(this.waiterOf(pending)) : undefined;
    if (choice?.ok) {
      const ruling = this.rules.judge(pending, now) ?? this.rules.afford(pending, choice, now);
      if (this.isRuledOut(record, pending, ruling, now, out)) return;
      this.options.metrics.woken.add();
      this.assign(record, pending, choice, now, out, true);
    } else {
      this.options.metrics.carried.add();
      out.effect(this.records.carried(record, pending, tierFor(due - now), due));
    }
  }

  /** As one that waits for a provider. */
  private waiterOf(pending: Pick<Pending, "facts" | "tried"> & SpendBound): Waiter {
    const { facts, tried } = pending;
    const refused = barredProviders(pending, this.snapshot, this.options.now());
    return { facts, tried: answeredBefore(tried), refused, counts: this.caps.countsFor(this.snapshot, tried) };
  }

  /** Drops what was decided before. An id that now comes with another text is a mistake of its producer, which must not pass unseen. */
  private isRepeat(record: InRecord, { facts, attempt, content }: Pending, out: Outputs): boolean {
    const earlier = this.decided.compare(decisionKey(facts.messageId, facts.to, attempt), content);
    if (earlier === "new") return false;
    if (earlier === "other-content") this.dead(record, "id-reused", ID_REUSED, facts.messageId, out);
    else this.options.metrics.duplicates.add();
    return true;
  }

  private remember({ facts, attempt, content }: Pending): void {
    this.decided.add(decisionKey(facts.messageId, facts.to, attempt), content);
  }

  private choose(pending: Pending, at: number): Choice {
    const { facts } = pending;
    const now = this.options.monotonic();
    return chooseProvider(this.snapshot.routes, {
      facts: routeFacts(facts, at),
      tried: triedThisRound(pending.tried),
      refused: barredProviders(pending, this.snapshot, at),
      health: (id) => this.options.health.state(id, facts.lane, now),
      counts: this.caps.countsFor(this.snapshot, pending.tried),
      delivery: this.options.delivery,
      random: this.options.random,
    });
  }

  private assign(
    record: InRecord,
    pending: Pending,
    choice: Extract<Choice, { ok: true }>,
    now: number,
    out: Outputs,
    waited = false,
  ): void {
    const { facts, attempt } = pending;
    const { health, metrics } = this.options;
    const passed = this.options.monotonic();
    const { id } = choice.provider;
    const { accountId, lane, segments } = facts;
    const busy = !waited && this.shares.take(id, lane, accountId, segments, health.state(id, lane, passed), passed);
    const counted = this.caps.add(this.snapshot, pending.tried, () => routeFacts(facts, now), choice.sender);
    const remark = this.rules.assigned(pending, choice, now, out, record);
    const code = busy ? ACCOUNT_BUSY : waited ? WAITED : null;
    const plain = routedEvent(pending, choice, now, code, counted, this.verdicts.of(choice.candidates));
    const event = remarked(plain, remark);
    const overflow = isBehind(event.errorCode);
    this.remember(pending);
    metrics.routed(id, choice.reason).add();
    if (attempt === 1) metrics.acceptedToRouted(lane, now - facts.acceptedAt);
    if (busy) metrics.overflowed(id, lane).add();
    health.gave(id, { lane, overflow }, segments, passed);
    out.decide(this.records.event(record, event));
    out.effect(this.records.dispatch(record, pending, event));
  }

  /** A decision of the last owner: the event is in the log; what follows from it may be missing. */
  private repeat(record: InRecord, found: Pending, earlier: RecordedDecision, out: Outputs): void {
    const decoded = this.options.codecs.event.decode(earlier.value);
    if (!decoded.ok) throw new Error(`A decision of this service cannot be read back: ${decoded.detail}`);
    const event = decoded.value;
    // What was known of the message then: its network may be known otherwise by now.
    const pending = { ...found, facts: event.facts };
    this.options.metrics.repeated.add();
    if (earlier.kind === "routed") out.effect(this.records.dispatch(record, pending, event));
    else if (earlier.kind === "postponed") this.postponeAgain(record, pending, event, out);
    else if (isDeadLetter(event))
      this.dead(record, letterReason(event), event.reason ?? "", event.facts.messageId, out);
  }

  private postponeAgain(record: InRecord, pending: Pending, event: Event, out: Outputs): void {
    if (isHeld(event)) {
      const { messageId, to } = event.facts;
      this.inherited.delete(keyBehind(event));
      // What the last owner wrote has been released and decided meanwhile.
      if (this.decided.compare(decisionKey(messageId, to, event.attempt + 1)) !== "new") return;
    }
    this.postpone(record, pending, event, out);
  }

  private unroutable(record: InRecord, pending: Pending, choice: Extract<Choice, { ok: false }>, out: Outputs): void {
    const verdicts = verdictsOf(choice);
    const due = roomAt(choice.full, pending.facts.expiresAt);
    const temporary = choice.reason === "circuits-open" || choice.candidates.some((c) => c.verdict === "already-tried");
    if (!temporary && due === null) {
      const refused = refusedByAll(pending.tried);
      const end = refused ?? unroutableEnd(choice);
      const detail = refused === undefined ? verdicts : `${lastWords(pending.tried)} (${verdicts})`;
      this.close(record, pending, end, detail, out);
      return;
    }
    this.wait(record, pending, postponedEvent(pending, choice.reason, verdicts, this.options.now(), due), out);
  }

  private wait(record: InRecord, pending: Pending, event: Event, out: Outputs): void {
    this.remember(pending);
    out.decide(this.records.event(record, remarked(event, this.rules.waits(pending))));
    this.options.metrics.delayed(this.postpone(record, pending, event, out)).add();
  }

  /** The message waits for its next attempt, as the event says; carried out again it gives the same record. @returns where it waits */
  private postpone(record: InRecord, pending: Pending, event: Event, out: Outputs): string {
    const { tried, facts } = pending;
    const code = event.errorCode ?? "unroutable";
    if (isHeld(event)) {
      const scheduled = this.records.scheduled(record, pending, heldBack(tried, code), event.due!);
      this.schedule.waitsAnew(record, scheduled);
      out.effect(scheduled);
      return "scheduled";
    }
    const next = nextRound(tried, code, event.at, facts.expiresAt, event.due);
    out.effect(this.records.retry(record, pending, next.tried, next.delay, next.due));
    return next.delay;
  }

  private close(record: InRecord, pending: Pending, end: GivenUp, detail: string, out: Outputs): void {
    const src = positionOf(record);
    if (!this.recorded.has(src) && this.isRepeat(record, pending, out)) return;
    this.remember(pending);
    this.recorded.delete(src);
    this.options.metrics.closed(end.state).add();
    const now = this.options.now();
    const event = remarked(closedEvent(pending, end, detail, now), this.rules.closed(pending, now, record));
    out.decide(this.records.event(record, event));
    if (isDeadLetter(event)) this.dead(record, letterReason(event), detail, pending.facts.messageId, out);
  }

  private dead(record: InRecord, reason: string, detail: string, messageId: string | null, out: Outputs): void {
    this.options.metrics.deadLetters(reason).add();
    out.decide(this.records.deadLetter(record, reason, detail, messageId));
  }
}

/** The key in sms.scheduled of a message that an event lets wait. */
function keyBehind({ facts, attempt }: Event): string {
  return scheduledKey({ messageId: facts.messageId, to: facts.to, attempt: attempt + 1 });
}

function decisionKeyOfPending({ facts, attempt }: Pending): string {
  return decisionKey(facts.messageId, facts.to, attempt);
}
