import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import type { BudgetWord } from "../../../../domain/budget/budget-word.ts";
import { chargeOf, heldOf, lessOf, type MessageCharge } from "../../../../domain/budget/message-charge.ts";
import { PartitionBudget } from "../../../../domain/budget/partition-budget.ts";
import type { Budget } from "../../../../domain/catalog/budget.ts";
import { type CalendarPeriods, periodsAt } from "../../../../domain/catalog/calendar-period.ts";
import { type Labels, NaiveAccount } from "./naive-account.ts";

/** A message that comes back: another provider is asked, or, with the cost 0, nobody any more. */
interface Message {
  /** What its last stored decision says that it holds. */
  charge: MessageCharge | null;
}

/** A record of a partition's input. `charge`: as the record carries it. `first`: the message is a new one. */
interface Input {
  readonly message: Message;
  readonly cost: number;
  readonly charge: MessageCharge | null;
  readonly first: boolean;
}

/** A decision as it stands in a partition's event log. `charge`: null where it waits. */
interface Decision {
  readonly offset: number;
  readonly input: Input;
  readonly charge: MessageCharge | null;
  /** By the clock of who decided, epoch ms. */
  readonly at: number;
  /** There was no budget. */
  readonly free: boolean;
}

interface Partition {
  readonly input: Input[];
  readonly decided: Decision[];
  /** Messages that a provider has been given, and may come back. */
  readonly open: Message[];
  committed: number;
}

/** What a router does for a partition. */
interface Owner {
  readonly budget: PartitionBudget;
  /** What earlier owners have decided, and how far. */
  readonly earlier: ReadonlySet<number>;
  next: number;
  /** What records have led to, on its way to the brokers, in order. Undefined: no decision. */
  flying: { readonly at: number; readonly offset: number; readonly decision: Decision | undefined }[];
}

interface Router {
  readonly board: BudgetBoard;
  /** Words of the log that it has read. */
  read: number;
  readonly owned: Map<number, Owner>;
  /** On their way to the brokers, in order. */
  words: { readonly at: number; readonly word: BudgetWord }[];
  lag: number;
  /** Its clock less the true time, ms. */
  skew: number;
}

export interface SimulationOptions {
  readonly budget: Budget;
  readonly partitions: number;
  readonly routers: number;
  readonly random: () => number;
  readonly start: number;
  /** Clocks differ from the true time by so much at the most, ms; default: not at all. */
  readonly skew?: number;
}

/** What a message met. */
export type Met = "go" | "held" | "reached" | "never";

/**
 * Routers with partitions, kills, and words and decisions that take time to be written and to be read, independently of each other. What is decided and not stored
 * is decided anew by the next owner. One account.
 */
export class SimulatedRouters {
  /** Words in the order of their log. Undefined: compaction has removed it. */
  readonly log: (BudgetWord | undefined)[] = [];
  /** What has really been spent, by decisions that are stored. */
  readonly account = new NaiveAccount();
  now: number;
  budget: Budget;
  /** The budget has been taken away: what is decided meanwhile takes nothing of it. */
  takenAway = false;
  private readonly options: SimulationOptions;
  private readonly partitions: Partition[];
  private readonly calendar: CalendarPeriods[] = [];
  private routers: Router[] = [];

  constructor(options: SimulationOptions) {
    this.options = options;
    this.now = options.start;
    this.budget = options.budget;
    this.partitions = Array.from({ length: options.partitions }, () => ({
      ...{ input: [], decided: [], open: [], committed: 0 },
    }));
    for (let i = 0; i < options.routers; i++) this.routers.push(this.started());
    for (let p = 0; p < options.partitions; p++) this.give(p, this.routers[p % options.routers]!);
  }

  /** Of all days. */
  get spent(): number {
    return this.account.since(0);
  }

  /** What the log of words says at the end, of the day and month that it is. */
  get told() {
    const board = new BudgetBoard();
    for (const word of this.log) if (word !== undefined) board.fold(word);
    return board.sums("acme", "EUR", this.now).spent;
  }

  /** A message comes to a partition. */
  message(partition: number, cost: number): Met {
    this.partitions[partition]!.input.push({ message: { charge: null }, cost, charge: null, first: true });
    return this.work(partition)!;
  }

  /** One of a partition's messages comes back, and another provider takes so much for it, or, 0, nobody takes it. */
  comeBack(partition: number, cost: number): void {
    const { open, input } = this.partitions[partition]!;
    if (open.length === 0) return;
    const [message] = open.splice(Math.floor(open.length * this.options.random()), 1);
    input.push({ message: message!, cost, charge: message!.charge, first: false });
    this.work(partition);
  }

  /** Nothing comes in until all that was decided is stored, committed and told. */
  rest(): void {
    for (const partition of this.partitions.keys()) this.work(partition);
    for (let i = 0; i < 20; i++) this.pass(250);
    for (const { owned } of this.routers)
      for (const [partition, owner] of owned) {
        const one = this.partitions[partition]!;
        one.committed = owner.next;
        owner.budget.committed([one.committed]);
      }
    for (let i = 0; i < 20; i++) this.pass(250);
  }

  /** Time goes on: what flies lands, words are read and said. */
  pass(ms: number): void {
    this.now += ms;
    for (const router of this.routers) {
      for (const [partition, owner] of router.owned) this.land(partition, owner);
      for (const { at, word } of router.words.splice(0))
        if (at > this.now) router.words.push({ at, word });
        else this.log.push(word);
    }
    for (const router of this.routers) {
      if (this.now >= router.lag) {
        this.catchUp(router);
        router.lag = this.now + 300 * this.options.random();
      }
      for (const { budget } of router.owned.values())
        for (const word of budget.tell(["acme"], this.clockOf(router)))
          router.words.push({ at: this.lands(router.words), word });
    }
  }

  /** A router reads nothing for so long, ms. */
  deafen(router: number, ms: number): void {
    this.routers[router]!.lag = this.now + ms;
  }

  /** A router's clock is set. */
  setClock(router: number): void {
    this.routers[router]!.skew = this.drawnSkew();
  }

  /** Of what stands in the first part of the log only the last word of each partition is kept. */
  compact(): void {
    const last = new Map<number, number>();
    const closed = Math.floor((this.log.length + 1) * this.options.random());
    for (const [offset, word] of this.log.slice(0, closed).entries())
      if (word !== undefined) last.set(word.partition, offset);
    const kept = new Set(last.values());
    for (let offset = 0; offset < closed; offset++) if (!kept.has(offset)) this.log[offset] = undefined;
  }

  /** A router dies; some of what flies is lost, from a point on. Its partitions go to others, a new one comes in its place. */
  kill(router: number): void {
    const { random } = this.options;
    const dead = this.routers[router]!;
    const landing = Math.floor((dead.words.length + 1) * random());
    for (const { word } of dead.words.slice(0, landing)) this.log.push(word);
    this.routers[router] = this.started();
    for (const [partition, { flying }] of dead.owned) {
      const stored = Math.floor((flying.length + 1) * random());
      for (const { decision } of flying.slice(0, stored)) this.store(partition, decision);
      this.give(partition, this.routers[Math.floor(random() * this.routers.length)]!);
    }
  }

  private started(): Router {
    const router: Router = {
      board: new BudgetBoard(),
      read: 0,
      owned: new Map(),
      words: [],
      lag: 0,
      skew: this.drawnSkew(),
    };
    this.catchUp(router);
    return router;
  }

  private drawnSkew(): number {
    const { skew = 0, random } = this.options;
    return skew === 0 ? 0 : Math.round((2 * random() - 1) * skew);
  }

  private clockOf({ skew }: Router): number {
    return Math.floor(this.now) + skew;
  }

  private catchUp(router: Router): void {
    for (; router.read < this.log.length; router.read++) {
      const word = this.log[router.read];
      if (word === undefined) router.board.missed();
      else router.board.fold(word);
    }
  }

  private give(partition: number, router: Router): void {
    this.catchUp(router);
    const { partitions, random } = this.options;
    const { decided, committed } = this.partitions[partition]!;
    const { board } = router;
    const budget = new PartitionBudget({
      partition,
      partitions,
      board,
      budgetOf: () => (this.takenAway ? undefined : this.budget),
      random,
    });
    board.own(partition, budget);
    for (const { offset, charge, at } of decided)
      if (charge !== null) budget.recover("acme", charge, at, { input: 0, offset });
    budget.committed([committed]);
    const earlier = new Set(decided.map(({ offset }) => offset));
    router.owned.set(partition, { budget, earlier, next: committed, flying: [] });
    // Whether it comes to that before it dies as well, chance decides.
    if (random() < 0.5) this.work(partition);
  }

  /** Decides what has not been decided. @returns what the last message met */
  private work(partition: number): Met | undefined {
    const router = this.routers.find(({ owned }) => owned.has(partition))!;
    const owner = router.owned.get(partition)!;
    const now = this.clockOf(router);
    const { input } = this.partitions[partition]!;
    let met: Met | undefined;
    for (; owner.next < input.length; owner.next++) {
      if (owner.earlier.has(owner.next)) continue;
      const record = input[owner.next]!;
      const offset = owner.next;
      const { verdict, charge } = this.decide(owner.budget, record, offset, now);
      met = verdict;
      // What waits a little longer leads to no decision: the next owner may decide it otherwise.
      const free = this.takenAway;
      const isDecided = free || charge !== null || !record.first || this.options.random() < 0.5;
      const decision = isDecided ? { offset, input: record, charge, at: now, free } : undefined;
      owner.flying.push({ at: this.lands(owner.flying), offset, decision });
    }
    return met;
  }

  private decide(budget: PartitionBudget, { cost, charge: before }: Input, offset: number, now: number) {
    if (this.takenAway) return { verdict: "go" as Met, charge: null };
    const added = lessOf(cost, heldOf(before, "EUR", budget.endsAt("acme", this.budget, now)));
    const verdict: Met = cost === 0 ? "go" : budget.room("acme", this.budget, added, now).verdict;
    if (verdict !== "go" || (cost === 0 && added.day === 0 && added.month === 0)) return { verdict, charge: null };
    const ends = budget.add("acme", this.budget, added, now, { input: 0, offset });
    return { verdict, charge: chargeOf("EUR", cost, added, ends) };
  }

  private land(partition: number, owner: Owner): void {
    const one = this.partitions[partition]!;
    for (const { at, offset, decision } of owner.flying.splice(0)) {
      if (at > this.now) {
        owner.flying.push({ at, offset, decision });
        continue;
      }
      this.store(partition, decision);
      if (this.options.random() < 0.5) one.committed = Math.max(one.committed, offset + 1);
    }
    // An owner that dies may not have heard of its last commit.
    if (this.options.random() < 0.5) owner.budget.committed([one.committed]);
  }

  private store(partition: number, decision: Decision | undefined): void {
    if (decision === undefined) return;
    const { decided, open } = this.partitions[partition]!;
    decided.push(decision);
    const { input, charge } = decision;
    const { message, cost, first } = input;
    this.check(decision);
    // Its further records say nothing of what it has taken before.
    if (decision.free) {
      this.account.keeps(message);
      message.charge = null;
    }
    if (charge !== null) {
      this.account.decided(message, cost, { day: charge.until, month: charge.monthUntil! });
      message.charge = charge;
    }
    if (cost > 0 && (charge !== null || decision.free || !first)) open.push(message);
  }

  /** A decision takes and gives back what it should, in periods that have begun by the clock of who decided, or that of another one. */
  private check({ input: { message, cost }, charge, at, free }: Decision): void {
    const { skew = 0 } = this.options;
    const labels = [this.labelsAt(at), this.labelsAt(at + 2 * skew)].filter(
      ({ day, month }) => charge === null || (charge.until === day && charge.monthUntil === month),
    );
    const { added, addedToMonth } = charge ?? { added: 0, addedToMonth: 0 };
    // It waits, or there is no room for it.
    if (free || (charge === null && cost > 0)) return;
    const due = labels.map((one) => this.account.more(message, cost, one));
    if (!due.some(({ day, month }) => day === added && month === addedToMonth))
      throw new Error(`at ${at} ${JSON.stringify(charge)} is decided, and ${JSON.stringify(due)} is due`);
  }

  /** The ends of the day and the month, by the account's zone. */
  private labelsAt(at: number): Labels {
    let found = this.calendar.find(({ day }) => day.start <= at && at < day.end);
    if (found === undefined) {
      found = periodsAt(at, this.budget.zone);
      this.calendar.push(found);
    }
    return { day: found.day.end, month: found.month.end };
  }

  private lands(flying: readonly { readonly at: number }[]): number {
    return Math.max(flying.at(-1)?.at ?? 0, this.now + 100 * this.options.random());
  }
}
