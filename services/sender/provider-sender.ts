/**
 * One provider in this process: its rate, its circuit, its link, and the messages between the dispatcher and the wire.
 * Next to nothing waits here (the dispatchers keep the backlog, urgent lanes first): a message whose next request has no
 * slot yet, later messages of a destination, what was throttled, and what its network has no share for. One timer serves
 * the next slot of all.
 * Longer than most files: from queue to verdict a message is one state machine; what could be judged apart is (rate,
 * circuit, submission, outcomes).
 */

import { faultPoint } from "#fault-point";
import type { Provider } from "../../domain/catalog/provider.ts";
import type { VolumeCount } from "../../pipeline/follow/told-volume.ts";
import { Circuit, type CircuitState } from "../../platform/flow/circuit.ts";
import { SegmentRate } from "../../platform/flow/segment-rate.ts";
import type { Outcome } from "../../platform/kafka/dispatcher.ts";
import type { KafkaLog, OutRecord } from "../../platform/kafka/record.ts";
import { AnswerJudgement } from "./answer-judgement.ts";
import { Conclusions } from "./conclusions.ts";
import { DeferredSettlements, type Settle } from "./deferred-settlements.ts";
import { HandBack } from "./hand-back.ts";
import type { LastLook } from "./last-look.ts";
import type { Link, LinkEvents } from "./link.ts";
import { LinkBinding } from "./link-binding.ts";
import { NetworkRates } from "./network-rates.ts";
import { type HeldNetwork, NetworkShares } from "./network-shares.ts";
import type { Order, Outcomes } from "./outcomes.ts";
import { heldTooLong, type Owner, Pending } from "./pending.ts";
import { QuotaGate } from "./quota-gate.ts";
import { SegmentVolume } from "./segment-volume.ts";
import type { SenderMetrics } from "./sender-metrics.ts";
import { SlotTimer } from "./slot-timer.ts";
import type { Verdict } from "./submission.ts";
import { OUT_OF_USE, REMOVED } from "./trouble-cause.ts";
import type { Unit, UnitResult } from "./unit-result.ts";

export interface ProviderSenderOptions<U extends Unit> {
  readonly provider: Provider;
  readonly link: Link<U>;
  readonly outcomes: Outcomes;
  readonly metrics: SenderMetrics;
  readonly log: KafkaLog;
  /** After this time without any answer the circuit opens, ms. */
  readonly silenceMs: number;
  /** Whether another provider could take what this one cannot, as far as is known. Default: yes. */
  readonly goesElsewhere?: () => boolean;
  /** Segments that the owners of its partitions in other processes have counted. Default: none. */
  readonly volumeElsewhere?: () => VolumeCount;
  /** Whether a message may go to its recipient now. Default: all may. */
  readonly look?: Pick<LastLook, "whenDue" | "holds"> | undefined;
  /** It was removed from the catalog, or is of no use by it: everything goes back. Default: no. */
  readonly retired?: boolean;
  /** Given events about messages whose outcome has been told: what late answers say. They are stored when that is possible. */
  readonly onLate: (events: readonly OutRecord[]) => void;
  /** Called when the circuit changes. */
  readonly onCircuit?: () => void;
  /** Monotonic clock, ms. */
  readonly monotonic: () => number;
  /** Epoch, ms. */
  readonly now: () => number;
}

function whyRetired({ use }: Provider): string {
  return use === "none" ? OUT_OF_USE : REMOVED;
}

/** Requests without an answer that the provider takes. */
function windowOf(provider: Provider): number {
  return provider.kind === "smpp" ? provider.window : Math.min(provider.window, provider.http.maxInFlight);
}

/** Nobody waits for it here any longer. */
function mustGo({ owner: { alive, draining } }: Pending<Unit>): boolean {
  return !alive || draining;
}

const NOTHING: Outcome = { events: [], followUp: [] };
const TICK_MS = 250;

export class ProviderSender<U extends Unit = Unit> {
  readonly rate = new SegmentRate();
  readonly circuit: Circuit;
  readonly link: Link<U>;
  readonly volume: SegmentVolume;
  private readonly quota: QuotaGate;
  private provider: Provider;
  private readonly options: ProviderSenderOptions<U>;
  private readonly owners = new Set<Owner>();
  private readonly queue: Pending<U>[] = [];
  private readonly networks: NetworkShares<Pending<U>>;
  private readonly networkRates = new NetworkRates();
  private readonly conclusions: Conclusions;
  private readonly deferred = new DeferredSettlements(() => this.pump());
  private readonly slot = new SlotTimer(() => {
    this.pump();
    this.wakeOwners();
  });
  readonly handBack: HandBack;
  private ticker: NodeJS.Timeout | undefined;
  private readonly judgement: AnswerJudgement<U>;
  private readonly binding: LinkBinding<U>;
  private lastCircuit: CircuitState = "closed";

  constructor(options: ProviderSenderOptions<U>) {
    this.options = options;
    this.provider = options.provider;
    this.link = options.link;
    this.conclusions = new Conclusions(options);
    const { circuit } = options.provider;
    this.networks = new NetworkShares(windowOf(options.provider));
    this.circuit = new Circuit({ failures: circuit.failures, openMs: circuit.openMs, silenceMs: options.silenceMs });
    this.volume = new SegmentVolume(options.provider.quota, options.now(), options.volumeElsewhere);
    this.quota = new QuotaGate(this.volume, this.circuit);
    this.networkRates.change(options.provider.networkRates, 0, options.monotonic());
    this.judgement = new AnswerJudgement({
      ...{ link: this.link, circuit: this.circuit, rate: this.rate, networks: this.networks, slot: this.slot },
      throttles: options.metrics.throttles,
    });
    this.binding = new LinkBinding(this.link, this.circuit, this.linkEvents());
    this.handBack = new HandBack(this.slot, options.monotonic);
    if (options.retired) this.circuit.leaveForGood(whyRetired(options.provider), options.monotonic());
  }

  get owned(): number {
    return this.owners.size;
  }

  /** Requests without an answer that the provider takes, by the catalog. */
  get window(): number {
    return windowOf(this.provider);
  }

  /** Messages that wait for a share or a rate of their network. */
  get waitingForNetworks(): number {
    return this.networks.waiting;
  }

  /** The networks that are held back alone; see `NetworkShares.heldBack`. */
  heldNetworks(most?: number): HeldNetwork[] {
    return this.networks.heldBack(this.options.monotonic(), most);
  }

  /** Why submissions do not go out, for people; undefined while they do or could, and when none are this process's to make. */
  get trouble(): string | undefined {
    return this.owners.size === 0 ? undefined : this.circuit.trouble;
  }

  /** A partition has come: binds when it is the first, and takes its share of the rate. */
  own(owner: Owner): void {
    this.owners.add(owner);
    this.share();
    this.lookAtQuota();
    this.ticker ??= setInterval(() => this.tick(), TICK_MS);
    void this.binding.bind(this.options.monotonic);
  }

  /** Other limits hold from now on: rate, rates of networks, quota. */
  limit(provider: Provider): void {
    const now = this.options.monotonic();
    this.provider = provider;
    this.networkRates.change(provider.networkRates, this.owners.size / provider.partitions, now);
    this.share();
    this.quota.change(provider.quota, this.options.now(), now);
    if (this.circuit.state !== this.lastCircuit) this.circuitChanged();
    this.pump();
    this.wakeOwners();
  }

  disown(owner: Owner): void {
    this.owners.delete(owner);
    // What is in this turn's requests may still leave, with those of others.
    owner.keep();
    this.share();
    if (this.owners.size === 0) this.binding.idle(this.options.monotonic());
    this.pump();
  }

  /** Unbinds; what is still unanswered after a short wait is in doubt. */
  async stop(): Promise<void> {
    if (this.ticker !== undefined) clearInterval(this.ticker);
    this.ticker = undefined;
    this.slot.disarm();
    await this.binding.unbind();
  }

  /** How many messages may be handed over now. `urgent`: of the most urgent lane, for which a little of the rate is kept. */
  room(urgent = false): number {
    const now = this.options.monotonic();
    // A long message of which parts wait for the next second holds up others of its kind, and nobody who is more urgent.
    if (this.queue.length > 0 && (!urgent || this.queue[0]!.urgent)) return 0;
    if (this.circuit.state === "open") {
      // With nobody else, going back would be a long way round to the same place, and the message would lose its turn.
      if (this.options.goesElsewhere?.() === false) return 0;
      // What waits for its network was here before.
      return this.networks.waiting > 0 ? 0 : this.handBack.room();
    }
    if (!this.link.up) return 0;
    if (this.networks.full && this.handBack.room() === 0) return 0;
    const room = Math.min(this.slots(), this.quota.room);
    if (room <= 0) return 0;
    const allowed = this.rate.available(now, urgent);
    if (allowed === 0) this.slot.arm(this.rate.nextIn(1, now, urgent), now);
    return Math.min(room, allowed);
  }

  /** Takes a message. `settle` is called once, never from within. */
  submit(owner: Owner, order: Order, settle: Settle): void {
    const { link, outcomes, now } = this.options;
    if (this.circuit.state === "open") {
      this.handBack.take();
      this.giveBack(order, settle);
      return;
    }
    const units = link.prepare(order.dispatch, now());
    if (typeof units === "string") {
      this.later(settle, outcomes.returned(order, "refused", units, now()), "refused");
      return;
    }
    const { network, country } = order.dispatch.facts;
    const pending = new Pending(units, owner, order, settle, this.networkRates.of(network, country));
    const at = this.options.monotonic();
    const admission = this.networks.admit(pending, at);
    if (admission === "waits") {
      pending.heldSince = at;
      this.armForNetworks(at);
    } else if (admission === "full") {
      this.handBack.take();
      this.giveBack(order, settle, "network-busy");
    } else {
      this.enqueue(pending);
      this.pump();
    }
  }

  /** Behind those before it, and before what is less urgent. */
  private enqueue(pending: Pending<U>): void {
    const behind = pending.urgent ? this.queue.findIndex(({ urgent }) => !urgent) : -1;
    if (behind < 0) this.queue.push(pending);
    else this.queue.splice(behind, 0, pending);
  }

  private slots(): number {
    const { room } = this.link;
    return this.circuit.state === "half_open" ? Math.min(room, this.circuit.trialsLeft) : room;
  }

  /** Sends what waits, in order, as far as rate, window and circuit allow. */
  private pump(): void {
    if (this.circuit.state === "open") this.releaseHeld(this.options.monotonic());
    for (;;) {
      // Before the owner is asked, since that belongs to the step: nothing is sent for one that has lost its partition.
      faultPoint("before:submit-written");
      const pending = this.queue[0] ?? this.networks.next(this.options.monotonic());
      if (pending === undefined) {
        this.armForNetworks(this.options.monotonic());
        return;
      }
      if (this.queue.length === 0) this.queue.push(pending);
      if (!pending.owner.alive || this.circuit.state === "open") {
        if (!pending.waiting && !mustGo(pending) && this.handBack.room() === 0) return;
        this.queue.shift();
        this.withdraw(pending);
      } else if (pending.untouched && this.options.now() >= pending.order.dispatch.facts.expiresAt) {
        if (this.handBack.room() === 0) return;
        this.handBack.take();
        this.queue.shift();
        this.leave(pending);
        this.giveBack(pending.order, pending.settle);
      } else if (!this.sendNext(pending)) return;
    }
  }

  /** What waits for its network's rate goes when there is a slot. */
  private armForNetworks(now: number): void {
    if (this.networks.waiting > 0) this.slot.arm(this.networks.nextIn(now), now);
  }

  /** Sends one request of the first message; false when it must wait. */
  private sendNext(pending: Pending<U>): boolean {
    const now = this.options.monotonic();
    const { unit, urgent } = pending;
    if (unit < 0) {
      this.queue.shift();
      return true;
    }
    const { weight } = pending.units[unit]!;
    if (!this.rate.allows(weight, now, urgent)) {
      this.slot.arm(this.rate.nextIn(weight, now, urgent), now);
      return false;
    }
    if (this.slots() <= 0 || !pending.owner.keeps) return false;
    // The last look before it leaves: what waited here may have been decided on hours ago. One that has begun to leave goes whole.
    if (pending.untouched) {
      const { facts } = pending.order.dispatch;
      if (this.options.look?.holds(facts)) return false;
      const against = this.options.look?.whenDue(facts);
      if (against !== undefined) {
        if (this.handBack.room() === 0) return false;
        this.handBack.take();
        const { outcomes, now } = this.options;
        this.queue.shift();
        this.leave(pending);
        this.later(pending.settle, outcomes.returned(pending.order, against, against, now()), against);
        return true;
      }
    }
    if (!this.quota.admit(pending, now)) {
      if (this.circuit.state !== this.lastCircuit) this.circuitChanged();
      return this.circuit.state === "open";
    }
    const { inFlight } = this.link;
    // Before it is sent, since it may leave at once.
    this.rate.take(weight, now, urgent);
    this.networkRates.given(pending.limit, weight);
    if (!pending.noted) pending.owner.leaving(pending.order);
    pending.noted = true;
    const sent = this.link.send(pending, unit);
    if (sent === "sent") pending.ahead = Math.max(0, pending.ahead - weight);
    else {
      this.rate.putBack(weight);
      this.networkRates.takeBack(pending.limit, weight);
    }
    if (sent === "full") return false;
    if (sent === "invalid") {
      this.queue.shift();
      pending.refuse(unit, "unencodable");
      const { verdict } = pending;
      if (verdict !== undefined) this.finish(pending, verdict, true);
      return true;
    }
    faultPoint("after:submit-written");
    this.circuit.sent(inFlight, now);
    pending.sent(now);
    if (pending.unit < 0) this.queue.shift();
    return true;
  }

  /** Segments are about to leave; false when nobody is left who may send them. */
  private leaves(segments: number, of?: Pending<U>): boolean {
    // Kept before it is asked who owns what: a process that is frozen in between has said that these may have left.
    let kept = true;
    for (const owner of this.owners) kept = owner.keep() && kept;
    if (!kept) return false;
    for (const { alive } of this.owners)
      if (alive) {
        const now = this.options.monotonic();
        this.rate.left(segments, now);
        this.networkRates.left(segments, now, of === undefined ? "unknown" : of.limit);
        return true;
      }
    return false;
  }

  private onResult(pending: Pending<U>, unit: number, result: UnitResult): void {
    faultPoint("before:response-read");
    const now = this.options.monotonic();
    this.rate.answered();
    pending.take(unit, result);
    const { weight } = pending.units[unit]!;
    if (result.stayed) {
      this.rate.stays(weight);
      this.networkRates.stay(pending.limit, weight);
      this.options.metrics.unsent.add(weight);
    }
    this.judgement.note(pending.network, pending.sentAtOf(unit), result, now);
    if (this.circuit.state !== this.lastCircuit) this.circuitChanged();
    if (result.outcome === "throttled" && pending.heldSince === 0) pending.heldSince = now;
    const { verdict } = pending;
    if (verdict !== undefined) this.finish(pending, verdict, false);
    if (this.queue.length > 0 || this.networks.waiting > 0) this.pump();
    if (this.owners.size > 1) this.wakeOwners();
    faultPoint("after:response-read");
  }

  private finish(pending: Pending<U>, verdict: Verdict, deferred: boolean): void {
    if (this.queue[0] === pending) this.queue.shift();
    const { metrics, monotonic } = this.options;
    if (verdict.kind === "again" && this.again(pending)) return;
    this.leave(pending);
    if (verdict.kind === "again") {
      // Its new owner will find no outcome, and decide.
      if (!pending.owner.alive) {
        this.later(pending.settle, NOTHING, "abandoned");
        return;
      }
      this.handBack.take();
    }
    if (verdict.kind === "accepted" || verdict.kind === "in-doubt" || pending.accepted > 0)
      this.mayHaveTaken(pending.owner.partition, pending.weight, pending.order.dispatch.tariff);
    if (pending.sentAt > 0) metrics.latency.record((monotonic() - pending.sentAt) / 1_000);
    if (verdict.kind === "accepted") metrics.taken(pending.order, pending.weight, this.options.now());
    const [outcome, label] = this.conclusions.of(pending.order, pending, verdict);
    if (deferred) this.later(pending.settle, outcome, label);
    else {
      metrics.result(label).add();
      pending.settle(outcome);
    }
    if (verdict.kind !== "in-doubt") return;
    pending.concluded = true;
    this.settleLate(pending);
  }

  /** The message is not under way any more. */
  private leave(pending: Pending<U>): void {
    this.networks.leave(pending);
    this.quota.release(pending);
    if (pending.ahead > 0) this.networkRates.forget(pending.limit, pending.ahead);
    pending.ahead = 0;
  }

  /**
   * The provider has so many segments of a partition, or may have: this owner of it counts them, or the last one has not. `tariff`: what each
   * counts for a commitment in money, micro-units; null: it has none.
   */
  mayHaveTaken(partition: number, segments: number, tariff: number | null): void {
    const taken = { at: this.options.now(), segments, spent: (tariff ?? 0) * segments };
    this.quota.taken(partition, taken, this.options.monotonic());
    if (this.circuit.state !== this.lastCircuit) this.circuitChanged();
  }

  /** Its outcome has been told: what late answers make of it is told apart from that. */
  private settleLate(pending: Pending<U>): void {
    const told = this.conclusions.late(pending.order, pending);
    if (told === undefined) return;
    const [events, label] = told;
    const { metrics, now } = this.options;
    metrics.late(label).add();
    if (pending.lateVerdict?.kind === "accepted") metrics.taken(pending.order, pending.weight, now());
    this.options.onLate(events);
  }

  /** Requests that were not taken go again, unless they have been held back for too long or must not wait. */
  private again(pending: Pending<U>): boolean {
    const now = this.options.monotonic();
    const leaving = pending.owner.draining || !pending.owner.alive;
    if (heldTooLong(pending, now) || leaving || this.circuit.state === "open") return false;
    pending.restart();
    if (pending.accepted === 0) {
      pending.owner.stayed(pending.order);
      pending.noted = false;
    }
    if (this.networks.again(pending, now)) this.queue.unshift(pending);
    return true;
  }

  /** A message is not to be sent any more. Requests under way end it when they are answered. */
  private withdraw(pending: Pending<U>): void {
    const { waiting } = pending;
    pending.cut(pending.owner.alive ? "circuit-open" : "abandoned");
    const { verdict } = pending;
    if (!waiting && verdict !== undefined) this.finish(pending, verdict, true);
  }

  private giveBack(order: Order, settle: Settle, why = "circuit-open"): void {
    const { outcomes, now } = this.options;
    const expired = now() >= order.dispatch.facts.expiresAt;
    const outcome = outcomes.returned(order, "unsubmitted", expired ? "expired" : why, now());
    this.later(settle, outcome, expired ? "expired" : "unsubmitted");
  }

  private later(settle: Settle, outcome: Outcome, label: string): void {
    this.options.metrics.result(label).add();
    this.deferred.add(settle, outcome);
  }

  private share(): void {
    const { rate, partitions } = this.provider;
    const [share, now] = [this.owners.size / partitions, this.options.monotonic()];
    if (this.rate.limit !== rate * share) this.rate.setShare(rate * share, now);
    this.networkRates.setShare(share, now);
  }

  private tick(): void {
    const now = this.options.monotonic();
    this.circuit.tick(now);
    this.lookAtQuota();
    if (this.owners.size === 0) this.binding.tick(now);
    if (this.link.inFlight === 0) this.networkRates.settle();
    this.releaseDraining(now);
    this.releaseHeld(now);
    this.pump();
  }

  /**
   * What waits for its network and is not to be sent any more: its owner has gone or is going, or, as fast as it may go back, the circuit is open or it
   * has waited long enough.
   */
  private releaseHeld(now: number): void {
    if (this.networks.waiting === 0) return;
    const open = this.circuit.state === "open";
    let room = this.handBack.room();
    const goes = (pending: Pending<U>) => mustGo(pending) || ((open || heldTooLong(pending, now)) && room-- > 0);
    for (const pending of this.networks.remove(goes)) {
      const { alive, draining } = pending.owner;
      pending.cut(draining ? "stopping" : open || !alive ? "circuit-open" : "network-busy");
      this.finish(pending, pending.verdict!, true);
    }
  }

  /** A process that is stopping waits for nothing that cannot go now: another provider or owner will take it. */
  private releaseDraining(now: number): void {
    const [first] = this.queue;
    const held = first !== undefined && this.options.look?.holds(first.order.dispatch.facts) === true;
    if (!this.rate.paused(now) && this.link.up && !held) return;
    for (let i = this.queue.length - 1; i >= 0; i--) {
      const pending = this.queue[i]!;
      if (!pending.owner.draining || pending.waiting) continue;
      this.queue.splice(i, 1);
      pending.cut("stopping");
      this.finish(pending, pending.verdict!, true);
    }
  }

  private lookAtQuota(): void {
    this.quota.look(this.options.now(), this.options.monotonic());
    if (this.circuit.state !== this.lastCircuit) this.circuitChanged();
  }

  private circuitChanged(): void {
    const { provider, log, onCircuit } = this.options;
    this.lastCircuit = this.circuit.state;
    log.warn(
      { provider: provider.id, circuit: this.circuit.state, reason: this.circuit.reason },
      "The provider's circuit changed",
    );
    onCircuit?.();
    this.wakeOwners();
  }

  private wakeOwners(): void {
    for (const owner of this.owners) owner.wake();
  }

  private linkEvents(): LinkEvents<U> {
    return {
      onUp: () => {
        this.circuit.linkUp();
        if (this.circuit.state !== this.lastCircuit) this.circuitChanged();
        this.pump();
        this.wakeOwners();
      },
      onLeaving: (segments, submission) => this.leaves(segments, submission as Pending<U> | undefined),
      onDown: (reason) => this.circuit.linkDown(reason, this.options.monotonic()),
      onRoom: () => {
        this.pump();
        this.wakeOwners();
      },
      onResult: (submission, unit, result) => this.onResult(submission as Pending<U>, unit, result),
      onLate: (submission, unit, answer) => {
        submission.takeLate(unit, answer);
        this.settleLate(submission as Pending<U>);
      },
    };
  }
}
