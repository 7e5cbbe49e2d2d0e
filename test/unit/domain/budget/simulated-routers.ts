import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import type { BudgetWord } from "../../../../domain/budget/budget-word.ts";
import { PartitionBudget } from "../../../../domain/budget/partition-budget.ts";
import type { Budget } from "../../../../domain/catalog/budget.ts";

/** A decision as it stands in a partition's event log. */
interface Decision {
  readonly offset: number;
  readonly cost: number;
  readonly at: number;
}

interface Router {
  readonly board: BudgetBoard;
  /** Words of the log that it has read. */
  read: number;
  readonly owned: Map<number, PartitionBudget>;
  /** Words and decisions that are on their way to the brokers. */
  flying: { readonly at: number; readonly land: () => void }[];
  lag: number;
}

export interface SimulationOptions {
  readonly budget: Budget;
  readonly partitions: number;
  readonly routers: number;
  readonly random: () => number;
  readonly start: number;
}

/** What a message met. */
export type Met = "go" | "held" | "reached" | "never";

/** Routers with partitions, words and decisions that take time to be written and to be read, and kills. One account. */
export class SimulatedRouters {
  /** Words in the order of their log. */
  readonly log: BudgetWord[] = [];
  /** Decisions that are stored, by partition: what has really been spent. */
  readonly decided: Decision[][];
  /** All of them together. */
  spent = 0;
  now: number;
  budget: Budget;
  private readonly options: SimulationOptions;
  private readonly offsets: number[];
  private routers: Router[] = [];

  constructor(options: SimulationOptions) {
    this.options = options;
    this.now = options.start;
    this.budget = options.budget;
    this.decided = Array.from({ length: options.partitions }, () => []);
    this.offsets = Array.from({ length: options.partitions }, () => 0);
    for (let i = 0; i < options.routers; i++) this.routers.push(this.started());
    for (let p = 0; p < options.partitions; p++) this.give(p, this.routers[p % options.routers]!);
  }

  /** What has been decided and stored since a moment, epoch ms. */
  spentSince(at: number): number {
    return this.decided.flat().reduce((sum, one) => sum + (one.at >= at ? one.cost : 0), 0);
  }

  /** A message comes to a partition. */
  message(partition: number, cost: number): Met {
    const router = this.routers.find(({ owned }) => owned.has(partition))!;
    const owner = router.owned.get(partition)!;
    const { verdict } = owner.room("acme", this.budget, cost, this.now);
    const offset = this.offsets[partition]!++;
    if (verdict !== "go") return verdict;
    owner.add("acme", this.budget, cost, this.now);
    const decision = { offset, cost, at: this.now };
    this.fly(router, () => {
      this.decided[partition]!.push(decision);
      this.spent += cost;
    });
    return verdict;
  }

  /** Time goes on: what flies lands, words are read and said. */
  pass(ms: number): void {
    this.now += ms;
    for (const router of this.routers) {
      router.flying = router.flying.filter(({ at, land }) => {
        if (at > this.now) return true;
        land();
        return false;
      });
    }
    for (const router of this.routers) {
      if (this.now >= router.lag) {
        for (; router.read < this.log.length; router.read++) router.board.fold(this.log[router.read]!);
        router.lag = this.now + 300 * this.options.random();
      }
      for (const [partition, owner] of router.owned)
        for (const word of owner.tell(["acme"], [this.offsets[partition]!], this.now))
          this.fly(router, () => void this.log.push(word));
    }
  }

  /** A router reads nothing for so long, ms. */
  deafen(router: number, ms: number): void {
    this.routers[router]!.lag = this.now + ms;
  }

  /** A router dies; some of what flies is lost, from a point on. Its partitions go to others, a new one comes in its place. */
  kill(router: number): void {
    const dead = this.routers[router]!;
    const landing = Math.floor((dead.flying.length + 1) * this.options.random());
    for (const { land } of dead.flying.slice(0, landing)) land();
    this.routers[router] = this.started();
    for (const partition of dead.owned.keys())
      this.give(partition, this.routers[Math.floor(this.options.random() * this.routers.length)]!);
  }

  private started(): Router {
    const router: Router = { board: new BudgetBoard(), read: 0, owned: new Map(), flying: [], lag: 0 };
    this.catchUp(router);
    return router;
  }

  private catchUp(router: Router): void {
    for (; router.read < this.log.length; router.read++) router.board.fold(this.log[router.read]!);
  }

  private give(partition: number, router: Router): void {
    this.catchUp(router);
    const { partitions, random } = this.options;
    const owner = new PartitionBudget({
      partition,
      partitions,
      board: router.board,
      budgetOf: () => this.budget,
      random,
    });
    router.board.own(partition, owner);
    const [from = 0] = owner.toldUpTo("acme") ?? [];
    this.offsets[partition] = Math.max(0, ...this.decided[partition]!.map(({ offset }) => offset + 1), from);
    for (const { offset, cost, at } of this.decided[partition]!)
      if (offset >= from) owner.recover("acme", this.budget.currency, cost, at);
    router.owned.set(partition, owner);
  }

  private fly(router: Router, land: () => void): void {
    const last = router.flying.at(-1)?.at ?? 0;
    router.flying.push({ at: Math.max(last, this.now + 100 * this.options.random()), land });
  }
}
