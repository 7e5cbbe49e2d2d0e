/**
 * Joins delivery receipts with the submissions they belong to, for one partition of destinations, and ends every
 * message exactly once. Pure: it takes decoded events and receipts, in any order and with repeats, and a time up to which
 * everything has been read; it gives events to write. What it knows can be rebuilt from what it has written.
 */
import type { Event, Receipt } from "../../../schemas/generated/types.ts";
import { type CorrelationCounters, newCounters } from "./correlation-counters.ts";
import type { CorrelationLimits, CorrelationOutputs, ProviderTerms } from "./correlation-terms.ts";
import type { EarlyReceipt } from "./early-receipts.ts";
import { Ending } from "./ending.ts";
import { Joining } from "./joining.ts";
import { type EventPacking, KeptMessages } from "./kept-messages.ts";
import { isUnderWay } from "./open-message.ts";
import { type EventPosition, OpenMessages } from "./open-messages.ts";
import type { RerouteTerms } from "./reroute-terms.ts";
import { Rerouting } from "./rerouting.ts";
import type { Turn } from "./turn.ts";

export interface CorrelationOptions {
  readonly terms: (provider: string) => ProviderTerms;
  /** As the catalog is now. */
  readonly reroute: () => RerouteTerms;
  readonly limits: CorrelationLimits;
  readonly counters: CorrelationCounters;
  readonly packing: EventPacking;
  /** Whether networks that receipts name are kept, as the catalog is now. Default: they are not. */
  readonly learns?: () => boolean;
  /** Told of each receipt that is given up without a submission. */
  readonly onOrphan?: (receipt: EarlyReceipt) => void;
  /** Told of each terminal event, and of each submission that only its receipt proves; not of what is replayed. */
  readonly onConcluded?: (event: Event) => void;
}

export class Correlation {
  private readonly limits: CorrelationLimits;
  private readonly counters: CorrelationCounters;
  private readonly replayed = newCounters();
  private readonly messages: OpenMessages;
  private readonly kept: KeptMessages;
  private readonly joining: Joining;
  private readonly ending: Ending;
  private replaying = false;

  constructor(options: CorrelationOptions) {
    const { terms, reroute, limits, counters, packing, learns = () => false, onOrphan, onConcluded } = options;
    this.limits = limits;
    this.counters = counters;
    this.messages = new OpenMessages(limits.finished);
    this.kept = new KeptMessages(packing);
    const { messages, kept } = this;
    const rerouting = new Rerouting(kept, reroute);
    const onDelivery = () => reroute().onDelivery;
    this.ending = new Ending({ messages, kept, rerouting, terms, onDelivery, onConcluded });
    this.joining = new Joining({ messages, kept, ending: this.ending, rerouting, terms, limits, learns, onOrphan });
  }

  get size(): { readonly open: number; readonly kept: number; readonly early: number } {
    return { open: this.messages.size, kept: this.messages.keptSize, early: this.joining.waiting };
  }

  /** Receipts that wait for their submission. */
  get earlyCount(): number {
    return this.joining.waiting;
  }

  /** Whether a message is open, or has ended and may still owe a provider its price. */
  isKnown(messageId: string, to: string): boolean {
    return this.messages.known(messageId, to) !== undefined;
  }

  /**
   * Whether a decision to send a message on is still to be carried out, asked by who does it: the message has not ended, nothing has followed
   * yet, and it has not been asked before. The decision may stand in the log twice, by two owners.
   */
  claimNext({ facts, attempt }: Event): boolean {
    const message = this.messages.get(facts.messageId, facts.to);
    const rerouted = message?.rerouted;
    if (message === undefined || rerouted?.attempt !== attempt + 1) return false;
    if (rerouted.carriedOut || !isUnderWay(message)) return false;
    rerouted.carriedOut = true;
    return true;
  }

  /** Offset in sms.events of the oldest event that is needed to rebuild what is open; Infinity when there is none. */
  get oldestEvent(): number {
    return this.messages.oldest?.first ?? Number.POSITIVE_INFINITY;
  }

  /** Offset in sms.receipts of the oldest receipt that still waits; Infinity when none does. */
  get oldestReceipt(): number {
    return this.joining.oldestOffset;
  }

  /** Until `endReplay`, what is given has been processed before: it is taken in, and nothing is concluded from it. */
  beginReplay(): void {
    this.replaying = true;
  }

  /**
   * Ends what can be ended and has not been, as far as the replay showed. `eventsUpTo`: append time of the newest event that the
   * last owner had taken in, epoch milliseconds.
   */
  endReplay(out: CorrelationOutputs, now: number, eventsUpTo: number): void {
    this.replaying = false;
    const turn = this.turn(out, now);
    this.joining.endReplay(eventsUpTo);
    for (const message of this.messages.values()) {
      this.ending.settle(message, undefined, [], turn);
      this.ending.writeUnkept(message, turn);
    }
  }

  /** Takes an event of any type. @returns whether it says that a provider has taken the message, and nothing said so before */
  event(event: Event, position: EventPosition, out: CorrelationOutputs, now: number): boolean {
    const turn = this.turn(out, now);
    let taken = false;
    if (event.type === "submitted" || event.type === "in_doubt") taken = this.joining.submission(event, position, turn);
    else if (event.type === "closed") this.ending.closed(event, position, turn);
    else if (event.type === "receipt") this.joining.partKnown(event, turn);
    else if (event.type === "returned") this.ending.refused(event, turn);
    else if (event.type === "rerouted") this.ending.rerouted(event, turn);
    else if (event.type === "postponed") this.ending.postponed(event, turn);
    else if (event.type === "final") {
      this.messages.rememberIds(event);
      this.ending.ended(event.facts.messageId, event.facts.to, out);
    }
    if (position.trace !== undefined) this.trace(event, position.trace);
    if (this.messages.size > this.limits.unpacked) this.pack(event);
    return taken;
  }

  /** A message is traced from its first failure on. */
  private trace({ facts }: Event, trace: string): void {
    const message = this.messages.get(facts.messageId, facts.to);
    if (message !== undefined) message.trace ??= trace;
  }

  private pack({ facts }: Event): void {
    const message = this.messages.get(facts.messageId, facts.to);
    if (message !== undefined) this.kept.pack(message);
  }

  /** A terminal event stands in the log, whoever wrote it. */
  final(messageId: string, to: string, out: CorrelationOutputs): void {
    this.ending.ended(messageId, to, out);
  }

  /**
   * A terminal event stands behind the last owner's commit: the others of its message that do so come again. Only while replaying, before
   * they are given.
   */
  foretellEnd({ facts: { messageId, to } }: Event): void {
    if (!this.isKnown(messageId, to)) this.messages.foretellEnd(messageId, to);
  }

  /** Takes back an event that stands in sms.correlation under `key`. Only while replaying, before all others. */
  restoreKept(key: string, event: Event, trace: string | undefined, out: CorrelationOutputs): void {
    this.event(event, { offset: Number.POSITIVE_INFINITY, timestamp: event.at, trace }, out, event.at);
    const message = this.messages.known(event.facts.messageId, event.facts.to);
    if (message === undefined) {
      out.forget(key);
      return;
    }
    this.messages.leaveLog(message);
    this.kept.note(message, key);
    this.kept.pack(message);
  }

  receipt(receipt: Receipt, offset: number, timestamp: number, out: CorrelationOutputs, now: number): void {
    this.joining.receipt(receipt, offset, timestamp, this.turn(out, now));
  }

  /** Whether a copy of a message in doubt is still to be sent: see {@link Joining.needsCopy}. */
  needsCopy(messageId: string, to: string, attempt: number, out: CorrelationOutputs, now: number): boolean {
    const turn = this.turn(out, now);
    const needed = this.joining.needsCopy(messageId, to, attempt, turn);
    if (needed) turn.counters.copiesReleased++;
    else turn.counters.copiesDropped++;
    return needed;
  }

  /**
   * Does what falls due by time. `readUpTo`: what was written before, epoch milliseconds, has been given to this object.
   * `claimedUpTo`: receipts that came before without their number have been given to it, or nobody claims them.
   */
  pass(readUpTo: number, out: CorrelationOutputs, now: number, claimedUpTo = readUpTo): void {
    const turn = this.turn(out, now);
    const { messages } = this;
    const { keepAfterMs, indexAfterMs, dueAtOnce } = this.limits;
    let budget = dueAtOnce;
    for (; budget > 0 && messages.oldestUntold !== undefined; budget--) {
      const { oldestUntold } = messages;
      if (oldestUntold.since + indexAfterMs > readUpTo) break;
      this.joining.tell(oldestUntold, turn);
    }
    for (; budget > 0 && messages.oldest !== undefined; budget--) {
      const { oldest } = messages;
      if (oldest.since + keepAfterMs > readUpTo) break;
      messages.leaveLog(oldest);
      this.kept.keep(oldest, out, now);
    }
    budget = this.joining.pass(readUpTo, budget, turn);
    for (; budget > 0; budget--) {
      const message = messages.overdue(Math.min(readUpTo, claimedUpTo));
      if (message === undefined) break;
      this.ending.overdue(message, readUpTo, turn);
    }
    for (; budget > 0; budget--) {
      const silent = messages.silent.due(Math.min(readUpTo, claimedUpTo));
      if (silent === undefined) return;
      this.ending.silent(silent, turn);
    }
  }

  private turn(out: CorrelationOutputs, now: number): Turn {
    const { replaying } = this;
    return { out, now, replaying, counters: replaying ? this.replayed : this.counters };
  }
}
