import type { HeldNetwork as ToldNetwork } from "../../schemas/generated/types.ts";
import type { NetworkLimit } from "./network-rates.ts";

/** A message on its way to a provider. */
export interface Member {
  /** The handset's network, or its country where that is not known. */
  readonly network: string;
  readonly units: readonly unknown[];
  /** The rate of its network or country, where that has one. */
  readonly limit?: NetworkLimit | undefined;
  /** Segments that are to be sent. */
  readonly due: number;
  /** Segments that the limit counts and that are not sent. */
  ahead: number;
}

interface Network<M> {
  readonly name: string;
  /** Messages that wait here, in order. */
  waiting: M[];
  /** Requests of messages that were let through and have not ended. */
  open: number;
  /** Requests that it may have open, after throttling. */
  limit: number;
  pausedUntil: number;
  cutAt: number;
  /** Answers of the last second or so, time-outs too, and those among them that speak against the provider. */
  answers: number;
  failures: number;
}

/** Networks that are told of. */
const TOLD = 8;
/** Why a network's first message waits: throttled alone, by its rate or its country's in the catalog, for its share of the window. */
export const heldReasons = ["throttled", "rate", "window"] as const;
export type HeldReason = (typeof heldReasons)[number];

/** A network that is held back, as sms.health tells it. */
export interface HeldNetwork extends ToldNetwork {
  readonly reason: HeldReason;
}

/** Another network counts as being there for so long after its last message, ms. */
const THERE_MS = 5_000;
/** Share of the window that is kept, while another is there, for networks that hold less than an equal part of it. */
const RESERVE = 0.1;
/**
 * A failure is a network's own while of at least so many answers for others at most this share are failures, and its own share is
 * so many times as large: a provider that is a little too slow for all throttles few of each.
 */
const OTHERS_ANSWERS = 10;
const OTHERS_FAILED = 0.1;
const TIMES_OTHERS = 3;
const HALF_LIFE_MS = 1_000;

/**
 * What one network may take of a provider's window. A network that answers slowly would fill it, and one that is
 * throttled by its operator would have the whole link slowed: so while others are there, the last tenth of the window is
 * for those that hold less than an equal part, and throttling answers that come for one network alone pause it alone. One
 * with a rate of its own by the catalog waits for that. Its messages wait here meanwhile, up to a window of all networks
 * together, half of it by such rates; beyond, they are to go back. Time is passed in: ms of a monotonic clock. Bounded by the
 * networks of the numbering plans.
 */
export class NetworkShares<M extends Member> {
  private readonly window: number;
  private readonly unreserved: number;
  private readonly networks = new Map<string, Network<M>>();
  private readonly held = new Set<Network<M>>();
  private lastName = "";
  private lastAt = Number.NEGATIVE_INFINITY;
  /** When a network other than the last one was seen. */
  private othersAt = Number.NEGATIVE_INFINITY;
  /** Requests open, of all networks, and how many networks have some. */
  private open = 0;
  private active = 0;
  private answers = 0;
  private failures = 0;
  private decayedAt = 0;
  /** Messages that wait here. */
  waiting = 0;
  /** Of them, those whose network has a rate. */
  private limited = 0;

  /** `window`: requests without an answer that the provider takes. */
  constructor(window: number) {
    this.window = window;
    this.unreserved = window - Math.max(1, Math.floor(window * RESERVE));
  }

  /** No more can wait. */
  get full(): boolean {
    return this.waiting >= this.window || this.limitedFull;
  }

  private get limitedFull(): boolean {
    return this.limited >= this.window / 2;
  }

  /** Lets a message through, keeps it waiting, or refuses it. */
  admit(member: M, now: number): "through" | "waits" | "full" {
    const network = this.network(member.network);
    this.see(network.name, now);
    if (network.waiting.length === 0 && this.mayGo(network, member, now)) {
      this.through(network, member, now);
      return "through";
    }
    if (this.waiting >= this.window || (member.limit !== undefined && this.limitedFull)) return "full";
    network.waiting.push(member);
    this.hold(network, member);
    return "waits";
  }

  /** A message that was let through is to go again: true, or it waits here, before the others of its network. */
  again(member: M, now: number): boolean {
    const network = this.network(member.network);
    if (now >= network.pausedUntil && limitAllows(member, now)) {
      claim(member, now);
      return true;
    }
    this.opened(network, -member.units.length);
    network.waiting.unshift(member);
    this.hold(network, member);
    return false;
  }

  /** A message that was let through has ended. */
  leave(member: M): void {
    this.opened(this.network(member.network), -member.units.length);
  }

  /** A message that waited and may go now, if there is one. */
  next(now: number): M | undefined {
    for (const network of this.held) {
      const member = network.waiting[0]!;
      if (!this.mayGo(network, member, now)) continue;
      network.waiting.shift();
      this.through(network, member, now);
      this.unhold(member);
      // Behind the other networks, so that each has its turn.
      this.held.delete(network);
      if (network.waiting.length > 0) this.held.add(network);
      return member;
    }
    return undefined;
  }

  /** ms until the rate of a network lets the first of its waiting messages go; Infinity when none waits for that. */
  nextIn(now: number): number {
    let soonest = Number.POSITIVE_INFINITY;
    if (this.limited === 0) return soonest;
    for (const { waiting, pausedUntil } of this.held) {
      const { limit, due } = waiting[0]!;
      if (limit !== undefined) soonest = Math.min(soonest, Math.max(pausedUntil - now, limit.nextIn(due, now)));
    }
    return soonest;
  }

  /** The networks whose messages wait, and may not go now: those with the most first, at most so many. */
  heldBack(now: number, most: number = TOLD): HeldNetwork[] {
    const found = [...this.held].flatMap((network) => {
      const reason = this.whyNot(network, network.waiting[0]!, now);
      return reason === undefined ? [] : [{ network: network.name, reason, waiting: network.waiting.length }];
    });
    return found.sort((a, b) => b.waiting - a.waiting).slice(0, most);
  }

  /** Takes out the waiting messages for which this holds, asked once for each; they count as let through. */
  remove(holds: (member: M) => boolean): M[] {
    const removed: M[] = [];
    for (const network of this.held) {
      const [out, kept]: [M[], M[]] = [[], []];
      for (const member of network.waiting) (holds(member) ? out : kept).push(member);
      if (out.length === 0) continue;
      network.waiting = kept;
      for (const member of out) {
        this.unhold(member);
        this.opened(network, member.units.length);
      }
      if (kept.length === 0) this.held.delete(network);
      removed.push(...out);
    }
    return removed;
  }

  /** An answer that speaks for the provider has come for a message of this network. */
  answered(name: string, now: number): void {
    const network = this.count(name, now);
    network.limit = Math.min(this.window, network.limit + 1 / network.limit);
  }

  /** Throttling, a fault or a time-out: true when it comes for this network alone; false when it concerns the whole link. */
  failed(name: string, now: number): boolean {
    const network = this.count(name, now);
    const [others, ofThem] = [this.answers - network.answers, this.failures - network.failures];
    network.failures++;
    this.failures++;
    if (others < OTHERS_ANSWERS || ofThem > others * OTHERS_FAILED) return false;
    return network.failures * others >= TIMES_OTHERS * ofThem * network.answers;
  }

  /** The network was throttled alone. */
  throttled(name: string, now: number, pauseMs: number): void {
    const network = this.network(name);
    network.pausedUntil = Math.max(network.pausedUntil, now + pauseMs);
    if (now - network.cutAt < pauseMs) return;
    network.cutAt = now;
    network.limit = Math.max(1, Math.min(network.limit, network.open) / 2);
  }

  private mayGo(network: Network<M>, member: M, now: number): boolean {
    return this.whyNot(network, member, now) === undefined;
  }

  private whyNot(network: Network<M>, member: M, now: number): HeldReason | undefined {
    if (now < network.pausedUntil) return "throttled";
    if (!limitAllows(member, now)) return "rate";
    const seenAt = network.name === this.lastName ? this.othersAt : this.lastAt;
    const after = network.open + member.units.length;
    // Alone, it is limited by the link's own window: nothing of it is kept here or goes back.
    const alone = now - seenAt >= THERE_MS;
    if (network.open === 0 || alone) return undefined;
    if (after > network.limit) return "throttled";
    const fits = after <= this.window / (this.active + 1) || this.open + member.units.length <= this.unreserved;
    return fits ? undefined : "window";
  }

  private opened(network: Network<M>, requests: number): void {
    if (network.open === 0) this.active++;
    network.open += requests;
    this.open += requests;
    if (network.open === 0) this.active--;
  }

  private see(name: string, now: number): void {
    if (name !== this.lastName) {
      this.othersAt = this.lastAt;
      this.lastName = name;
    }
    this.lastAt = now;
  }

  private through(network: Network<M>, member: M, now: number): void {
    this.opened(network, member.units.length);
    claim(member, now);
  }

  private hold(network: Network<M>, member: M): void {
    this.waiting++;
    if (member.limit !== undefined) this.limited++;
    this.held.add(network);
  }

  private unhold(member: M): void {
    this.waiting--;
    if (member.limit !== undefined) this.limited--;
  }

  private count(name: string, now: number): Network<M> {
    this.decay(now);
    const network = this.network(name);
    network.answers++;
    this.answers++;
    return network;
  }

  private decay(now: number): void {
    if (now - this.decayedAt < HALF_LIFE_MS) return;
    const left = 0.5 ** ((now - this.decayedAt) / HALF_LIFE_MS);
    this.decayedAt = now;
    this.answers *= left;
    this.failures *= left;
    for (const network of this.networks.values()) {
      network.answers *= left;
      network.failures *= left;
    }
  }

  private network(name: string): Network<M> {
    let network = this.networks.get(name);
    if (network === undefined) {
      const never = Number.NEGATIVE_INFINITY;
      network = {
        name,
        waiting: [],
        open: 0,
        limit: this.window,
        pausedUntil: never,
        cutAt: never,
        answers: 0,
        failures: 0,
      };
      this.networks.set(name, network);
    }
    return network;
  }
}

function limitAllows({ limit, due }: Member, now: number): boolean {
  return limit === undefined || limit.allows(due, now);
}

/** What goes now counts in its network's rate. */
function claim(member: Member, now: number): void {
  if (member.limit === undefined) return;
  const { due } = member;
  member.ahead += due;
  member.limit.take(due, now);
}
