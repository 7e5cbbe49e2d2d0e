import type { BudgetWord } from "../../domain/budget/budget-word.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { InRecord } from "../../platform/kafka/record.ts";
import type { BudgetWord as BudgetRecord } from "../../schemas/generated/types.ts";
import { BUDGETS_TOPIC, ROUTER_INPUTS } from "../../schemas/topics.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";

export interface FollowBudgetsOptions extends FollowOptions {
  readonly codec: Codec<BudgetRecord>;
  readonly fold: (word: BudgetWord) => void;
  readonly forget: (account: string, partition: number) => void;
  /** Told where words of the log are not given: one that cannot be understood, or those that compaction had removed before they were read. */
  readonly missed: () => void;
  /** Told of the partition whose word cannot be understood, where its key says so. */
  readonly misheard?: (account: string, partition: number) => void;
  /** Of the message topics. */
  readonly partitions: number;
}

/** `account/partition`. */
const KEY = /^([^/]{1,64})\/(\d{1,6})$/;

/** Reads what routers have spent of budgets, in the order of the log. */
export function followBudgets(options: FollowBudgetsOptions): Promise<void> {
  const { missed, misheard, partitions } = options;
  let next: number | undefined;
  return followTopic(BUDGETS_TOPIC, options, (record) => {
    if (next !== undefined && record.offset > next) missed();
    next = record.offset + 1;
    const understood = take(record, options);
    if (!understood) {
      missed();
      const { account, partition } = keyOf(record);
      if (account !== undefined && partition < partitions) misheard?.(account, partition);
    }
    return understood;
  });
}

function keyOf({ key }: InRecord): { readonly account: string | undefined; readonly partition: number } {
  const [, account, partition] = KEY.exec(key?.toString() ?? "") ?? [];
  return { account, partition: Number(partition) };
}

function take(record: InRecord, { codec, fold, forget, partitions }: FollowBudgetsOptions): boolean {
  const { value } = record;
  if (value === null) {
    const { account, partition } = keyOf(record);
    if (account === undefined) return false;
    forget(account, partition);
    return true;
  }
  const decoded = codec.decode(value);
  if (!decoded.ok || !isPlausible(decoded.value, partitions)) return false;
  fold(decoded.value);
  return true;
}

function isPlausible(word: BudgetRecord, partitions: number): boolean {
  const { account, currency, partition, epoch, day, month, ahead, dayEnd, monthEnd, next } = word;
  if (!(partition >= 0 && partition < partitions) || account.length > 64 || currency.length > 3) return false;
  if (next.length > 2 * ROUTER_INPUTS.length) return false;
  return [epoch, day, month, ahead, dayEnd, monthEnd].every((one) => one >= 0);
}
