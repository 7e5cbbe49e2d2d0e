import { type AccountBudget, BudgetUse } from "../../domain/budget/budget-use.ts";
import type { SnapshotSource } from "../../domain/catalog/snapshot.ts";
import { followBudgets } from "../../pipeline/follow/follow-budgets.ts";
import { keepTrying } from "../../pipeline/follow/keep-trying.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { TopicReader } from "../../platform/kafka/topic-reader.ts";
import type { Log } from "../../platform/log/log.ts";
import { BUDGETS_TOPIC } from "../../schemas/topics.ts";

export interface BudgetUseParts {
  readonly codecs: SluiceCodecs;
  /** Of sms.budgets. */
  readonly reader: TopicReader;
  readonly catalog: SnapshotSource;
  /** Of the message topics. */
  readonly partitions: number;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Follows what routers have spent of the accounts' budgets; nobody waits for it. @returns an account's budget by its id */
export function followBudgetUse(parts: BudgetUseParts): (account: string) => AccountBudget | undefined {
  const { codecs, reader, catalog, partitions, log, now } = parts;
  const use = new BudgetUse();
  const followed = {
    ...{ schemas: codecs, codec: codecs.budgetWord, partitions, reader, log },
    fold: (...[word]: Parameters<BudgetUse["fold"]>) => use.fold(word),
    forget: (account: string, partition: number) => use.forget(account, partition),
    // What is told is what the last words say, and these come.
    missed: () => {},
  };
  void keepTrying(
    () => followBudgets(followed).then(() => use.complete()),
    (err) =>
      log
        .every(BUDGETS_TOPIC, 30_000)
        .warn({ err }, `${BUDGETS_TOPIC} cannot be read: budgets are told without what is spent`),
  );
  return (account) => {
    const budget = catalog.current.catalog.accounts.find(({ id }) => id === account)?.budget;
    if (budget === undefined) return undefined;
    const { currency, zone, whenReached } = budget;
    return { currency, zone, whenReached, periods: use.of(account, budget, now()) };
  };
}
