import type { BudgetBoard } from "../../../domain/budget/budget-board.ts";
import type { PerPeriod, Place } from "../../../domain/budget/budget-word.ts";
import { chargeOf, heldOf, lessOf } from "../../../domain/budget/message-charge.ts";
import { PartitionBudget, type Room } from "../../../domain/budget/partition-budget.ts";
import type { Account } from "../../../domain/catalog/account.ts";
import type { Budget } from "../../../domain/catalog/budget.ts";
import { convert } from "../../../domain/catalog/exchange-rates.ts";
import { formatMoney, type Micros } from "../../../domain/catalog/money.ts";
import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import type { ReadMark } from "../../../pipeline/follow/read-mark.ts";
import type { SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import type { RecordProducer } from "../../../platform/kafka/producer.ts";
import { headerText, type InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import { BUDGETS_TOPIC, ROUTER_INPUTS } from "../../../schemas/topics.ts";
import type { Pending } from "../routing-records.ts";
import type { Assigned, MessageRule, RecoverDecision, Remark, Ruling } from "./message-rule.ts";
import { waitOfAttempt } from "./wait-of-attempt.ts";

export interface BudgetRuleOptions {
  /** Of the process. */
  readonly board: BudgetBoard;
  /** How far sms.budgets has been read. */
  readonly mark: Pick<ReadMark, "until">;
  readonly reader: Pick<TopicReader, "watermarks">;
  /** Writes the words. Not with the decisions: these must not wait for a topic that cannot be written. */
  readonly producer: Pick<RecordProducer, "send">;
  readonly codecs: Pick<SluiceCodecs, "budgetWord">;
  /** Of the message topics. */
  readonly partitions: number;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  readonly random: () => number;
}

/** What others have said must be known before anything is spent: for so long it is waited for, ms; then the task begins again. */
const CATCH_UP_MS = 30_000;
/** A message for which there is room, but not at hand, is looked at again after so long, ms, and then after twice as long, up to so long. */
const HELD_MS = 500;
const HELD_MOST_MS = 8_000;
/** The code of such a wait. */
const HELD = "budget-held";
/** Between two looks at what is to be said, ms. */
const TELL_EVERY_MS = 100;

/** The accounts' budgets as one partition's router keeps them (docs/money.md). */
export class BudgetRule implements MessageRule {
  private readonly options: BudgetRuleOptions;
  private snapshot: Snapshot | undefined;
  /** Those that have a budget; undefined where none has. */
  private accounts: ReadonlyMap<string, Budget> | undefined;
  private budgets!: PartitionBudget;
  private task!: Task;
  private toldAt = 0;

  constructor(options: BudgetRuleOptions) {
    this.options = options;
  }

  async restore(task: Task, snapshot: Snapshot): Promise<void> {
    const { board, mark, reader, partitions, random } = this.options;
    const { partition } = task;
    this.begin(snapshot);
    this.task = task;
    const [{ high } = { high: 0 }] = this.accounts === undefined ? [] : await reader.watermarks(BUDGETS_TOPIC);
    if (!(await mark.until(high, CATCH_UP_MS)))
      throw new SluiceError(
        `${BUDGETS_TOPIC} has not been read to its end in ${CATCH_UP_MS} ms: what is left of budgets is not known`,
        {
          code: "BUDGETS_UNREAD",
          class: "transient",
        },
      );
    const budgetOf = (account: string) => this.accounts?.get(account);
    this.budgets = new PartitionBudget({ partition, partitions, board, budgetOf, random });
    board.own(partition, this.budgets);
  }

  /** Decisions of earlier owners that they have not told any more, also where the budget has been taken away since. */
  recovery(): RecoverDecision | undefined {
    const { board } = this.options;
    if (this.accounts === undefined && board.wordsOf(this.task.partition).length === 0) return undefined;
    return ({ facts, charge, at }, record) => {
      if (charge !== null) this.budgets.recover(facts.accountId, charge, at, placeIn(headerText(record, "src")));
    };
  }

  begin(snapshot: Snapshot): void {
    if (snapshot === this.snapshot) return;
    this.snapshot = snapshot;
    this.accounts = budgetsOf(snapshot.catalog.accounts);
  }

  judge(): undefined {
    return undefined;
  }

  afford(pending: Pending, choice: Assigned, now: number): Ruling | undefined {
    const budget = this.accounts?.get(pending.facts.accountId);
    if (budget === undefined) return undefined;
    const cost = this.costOf(pending, choice, budget);
    const room = this.budgets.room(pending.facts.accountId, budget, this.more(pending, budget, cost, now), now);
    return rulingOf(room, pending, budget, cost, now);
  }

  assigned(pending: Pending, choice: Assigned, now: number, _: Outputs, record: InRecord): Remark | undefined {
    const { accountId } = pending.facts;
    const budget = this.accounts?.get(accountId);
    if (budget === undefined) return undefined;
    const held = this.costOf(pending, choice, budget);
    return { charge: this.charged(accountId, budget, this.more(pending, budget, held, now), held, now, record) };
  }

  /** Nobody has accepted it: what it has taken is there for others again. */
  closed(pending: Pending, now: number, record: InRecord): Remark | undefined {
    const { accountId } = pending.facts;
    const budget = this.accounts?.get(accountId);
    if (budget === undefined) return undefined;
    const back = this.more(pending, budget, 0, now);
    if (back.day === 0 && back.month === 0) return undefined;
    return { charge: this.charged(accountId, budget, back, 0, now, record) };
  }

  /** What a message that costs so much takes beyond what it has taken already. */
  private more({ facts, charge }: Pending, budget: Budget, cost: Micros, now: number): PerPeriod {
    return lessOf(cost, heldOf(charge, budget.currency, this.budgets.endsAt(facts.accountId, budget, now)));
  }

  private charged(account: string, budget: Budget, added: PerPeriod, held: number, now: number, record: InRecord) {
    return chargeOf(budget.currency, held, added, this.budgets.add(account, budget, added, now, placeOf(record)));
  }

  committed(upTo: readonly number[]): void {
    this.budgets.committed(upTo);
  }

  untoldFrom(): readonly number[] | undefined {
    return this.budgets.untoldFrom(this.options.now());
  }

  tick(): void {
    const { accounts, task } = this;
    const { codecs, producer } = this.options;
    const now = this.options.now();
    if (accounts === undefined || Math.abs(now - this.toldAt) < TELL_EVERY_MS) return;
    this.toldAt = now;
    const words = this.budgets.tell(accounts.keys(), now).map((word) => ({
      topic: BUDGETS_TOPIC,
      partition: 0,
      key: `${word.account}/${task.partition}`,
      value: codecs.budgetWord.encode(word),
    }));
    // One word of an account waits there, since the next is said when it has been read, and one more each time that words were missed. It fails when the partition is another owner's, or the process ends.
    producer.send(words, task).catch(() => {});
  }

  /** What all segments cost at the provider that was chosen, micro-units of the budget's currency. */
  private costOf({ facts }: Pending, { price, provider }: Assigned, { currency }: Budget): number {
    const cost = convert(this.snapshot?.catalog.rates, price * facts.segments, provider.currency, currency);
    // The catalog's check does not let it come to that: without a rate it is more than any budget.
    return cost === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(cost);
  }
}

function budgetsOf(accounts: readonly Account[]): ReadonlyMap<string, Budget> | undefined {
  const found = accounts.flatMap(({ id, budget }): [string, Budget][] => (budget === undefined ? [] : [[id, budget]]));
  return found.length === 0 ? undefined : new Map(found);
}

function heldFor({ tried, attempt }: Pending): number {
  const rounds = tried.filter(({ errorCode }) => errorCode === HELD).length;
  return waitOfAttempt(attempt, Math.min(HELD_MS * 2 ** rounds, HELD_MOST_MS));
}

function rulingOf(room: Room, pending: Pending, budget: Budget, cost: number, now: number): Ruling | undefined {
  const { currency, whenReached } = budget;
  const { expiresAt } = pending.facts;
  if (room.verdict === "go") return undefined;
  if (room.verdict === "held") {
    const due = Math.min(now + heldFor(pending), expiresAt);
    return {
      verdict: "wait",
      due,
      code: HELD,
      detail: "the rest of the account's budget is being shared out",
    };
  }
  const bound = room.period === "day" ? budget.daily : budget.monthly;
  const of = `${formatMoney(bound ?? 0)} ${currency} a ${room.period}`;
  const end = { state: "rejected", errorClass: "blocked", code: "budget-reached" } as const;
  if (room.verdict === "never")
    return { verdict: "refuse", end, detail: `budget: costs ${formatMoney(cost)} ${currency}, more than ${of}` };
  const detail = `budget: ${formatMoney(room.spent)} of ${of} spent, this message costs ${formatMoney(cost)} ${currency}`;
  if (whenReached === "refuse" || room.until >= expiresAt) return { verdict: "refuse", end, detail };
  return { verdict: "wait", due: room.until, code: "budget-reached", detail };
}

function placeOf({ topic, offset }: InRecord): Place {
  return { input: ROUTER_INPUTS.indexOf(topic), offset };
}

/** Which of the router's inputs a record stood in, and where, by the header of what came of it. */
function placeIn(src: string | undefined): Place | undefined {
  const parts = /^(.+)\/\d+\/(\d+)$/.exec(src ?? "");
  if (parts === null) return undefined;
  const input = ROUTER_INPUTS.indexOf(parts[1]!);
  return input < 0 ? undefined : { input, offset: Number(parts[2]) };
}
