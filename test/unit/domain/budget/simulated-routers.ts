import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import { type BudgetWord, ofEach } from "../../../../domain/budget/budget-word.ts";
import { PartitionBudget } from "../../../../domain/budget/partition-budget.ts";
import type { Budget } from "../../../../domain/catalog/budget.ts";

/** A record of a partition's input: a message that costs so much, or one that nobody has taken, which gives back what it took. */
type Input = { readonly cost: number } | { readonly of: Decision };

/** A decision as it stands in a partition's event log. Below 0 it gives back. */
interface Decision {
  readonly offset: number;
  readonly amount: number;
  readonly at: number;
  readonly until: number;
}

interface Partition {
  readonly input: Input[];
  readonly decided: Decision[];
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
}

export interface SimulationOptions {
  readonly budget: Budget;
  readonly partitions: number;
  readonly routers: number;
  readonly random: () => number;
  readonly start: number;
}

const RECORDED = { currency: "EUR", addedToMonth: null, monthUntil: null };

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
  spent = 0;
  now: number;
  budget: Budget;
  private readonly options: SimulationOptions;
  private readonly partitions: Partition[];
  private readonly givenBack = new Set<Decision>();
  private routers: Router[] = [];

  constructor(options: SimulationOptions) {
    this.options = options;
    this.now = options.start;
    this.budget = options.budget;
    this.partitions = Array.from({ length: options.partitions }, () => ({ input: [], decided: [], committed: 0 }));
    for (let i = 0; i < options.routers; i++) this.routers.push(this.started());
    for (let p = 0; p < options.partitions; p++) this.give(p, this.routers[p % options.routers]!);
  }

  /** What has been decided and stored since a moment, epoch ms. */
  spentSince(at: number): number {
    const all = this.partitions.flatMap(({ decided }) => decided);
    return all.reduce((sum, one) => sum + (one.at >= at ? one.amount : 0), 0);
  }

  /** A message comes to a partition. */
  message(partition: number, cost: number): Met {
    this.partitions[partition]!.input.push({ cost });
    return this.work(partition)!;
  }

  /** One of a partition's messages is given up: nobody has taken it. */
  giveBack(partition: number): void {
    const { decided, input } = this.partitions[partition]!;
    const open = decided.filter((one) => one.amount > 0 && this.now < one.until && !this.givenBack.has(one));
    const of = open[Math.floor(open.length * this.options.random())];
    if (of === undefined) return;
    this.givenBack.add(of);
    input.push({ of });
    this.work(partition);
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
        for (const word of budget.tell(["acme"], this.now)) router.words.push({ at: this.lands(router.words), word });
    }
  }

  /** A router reads nothing for so long, ms. */
  deafen(router: number, ms: number): void {
    this.routers[router]!.lag = this.now + ms;
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
    const router: Router = { board: new BudgetBoard(), read: 0, owned: new Map(), words: [], lag: 0 };
    this.catchUp(router);
    return router;
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
    const budget = new PartitionBudget({ partition, partitions, board, budgetOf: () => this.budget, random });
    board.own(partition, budget);
    for (const { offset, amount, at, until } of decided)
      if (amount !== 0) budget.recover("acme", { ...RECORDED, added: amount, until }, at, { input: 0, offset });
    budget.committed([committed]);
    const earlier = new Set(decided.map(({ offset }) => offset));
    router.owned.set(partition, { budget, earlier, next: committed, flying: [] });
    // Whether it comes to that before it dies as well, chance decides.
    if (random() < 0.5) this.work(partition);
  }

  /** Decides what has not been decided. @returns what the last message met */
  private work(partition: number): Met | undefined {
    const owner = this.routers.find(({ owned }) => owned.has(partition))!.owned.get(partition)!;
    const { input } = this.partitions[partition]!;
    let met: Met | undefined;
    for (; owner.next < input.length; owner.next++) {
      if (owner.earlier.has(owner.next)) continue;
      const record = input[owner.next]!;
      const offset = owner.next;
      const { verdict, amount } = this.decide(owner, record);
      met = verdict;
      const place = { input: 0, offset };
      const until = amount === 0 ? 0 : owner.budget.add("acme", this.budget, ofEach(amount), this.now, place).dayEnd;
      // What waits a little longer leads to no decision: the next owner may decide it otherwise.
      const isDecided = amount !== 0 || this.options.random() < 0.5;
      const decision = isDecided ? { offset, amount, at: this.now, until } : undefined;
      owner.flying.push({ at: this.lands(owner.flying), offset, decision });
    }
    return met;
  }

  private decide({ budget }: Owner, record: Input): { verdict: Met; amount: number } {
    if ("of" in record) return { verdict: "go", amount: this.now < record.of.until ? -record.of.amount : 0 };
    const { verdict } = budget.room("acme", this.budget, ofEach(record.cost), this.now);
    return { verdict, amount: verdict === "go" ? record.cost : 0 };
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
    this.partitions[partition]!.decided.push(decision);
    this.spent += decision.amount;
  }

  private lands(flying: readonly { readonly at: number }[]): number {
    return Math.max(flying.at(-1)?.at ?? 0, this.now + 100 * this.options.random());
  }
}
