import { BudgetBoard } from "../../../../domain/budget/budget-board.ts";
import { accountSchema } from "../../../../domain/catalog/account.ts";
import { snapshotOf } from "../../../../domain/catalog/snapshot.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import type { Retry } from "../../../../schemas/generated/types.ts";
import { ROUTER_INPUTS } from "../../../../schemas/topics.ts";
import type { Router } from "../../../../services/router/router.ts";
import { BudgetRule } from "../../../../services/router/rules/budget-rule.ts";
import { codecs, dispatchOf, eventOf, inRecord, NOW, P, request, world } from "../router-world.ts";

export const DAY_MS = 86_400_000;
export const DAY_END = (Math.floor(NOW / DAY_MS) + 1) * DAY_MS;
export const MONTH_END = Date.UTC(2025, 11, 1);
/** A segment costs 0.01 EUR in this world. */
export const CENT = 10_000;
let offsets = 0;
/** Committed offsets of an owner that has done so many otp requests. */
export const requestsFrom = (n: number) => ROUTER_INPUTS.map((_, i) => (i === 0 ? n : 0));

/** A router whose one account has a budget. Nothing is read of what it says before it settles. */
export function budgeted(budget: object, rates?: object) {
  const w = world();
  const clock = { now: NOW };
  const board = new BudgetBoard();
  /** The catalog gets this budget for the account, or none. */
  const set = (its: object | undefined) => {
    const account = accountSchema.parse({ id: "acme", name: "Acme", budget: its && { currency: "EUR", ...its } });
    w.catalog.current = snapshotOf({ ...w.catalog.current.catalog, accounts: [account], rates: rates as never });
  };
  set(budget);
  /** Written, and not read. */
  const words: OutRecord[] = [];
  let answers = true;
  const producer = {
    send: (records: readonly OutRecord[]) => {
      words.push(...records);
      return answers ? Promise.resolve() : new Promise<void>(() => {});
    },
  };
  const start = async (...given: Parameters<typeof w.start>) => {
    const options = { board, codecs, producer, partitions: P, now: () => clock.now, random: () => 0 };
    const reader = { watermarks: async () => [{ low: 0, high: 0 }] };
    w.rules.splice(0, 1, new BudgetRule({ ...options, reader, mark: { until: async () => true } }));
    return w.start(...given);
  };
  /** Time passes, and what is said is read by all. */
  const settle = async (router: Router, ms = 1_200) => {
    for (let i = 0; i < 3; i++) {
      clock.now += ms / 3;
      w.at(clock.now);
      router.tick({ decide: () => {}, effect: () => {} });
      await new Promise((resolve) => setImmediate(resolve));
      for (const { topic, value } of words.splice(0)) {
        const decoded = codecs.budgetWord.decode(value!);
        if (topic === "sms.budgets" && decoded.ok) board.fold(decoded.value);
      }
    }
  };
  /** All that was decided is stored, and committed. @returns where in the event log a new owner begins to read */
  const stored = (router: Router): number => {
    const offsets = ROUTER_INPUTS.map(() => 1_000);
    const { e } = JSON.parse(router.state(offsets)) as { e: number };
    router.committed(offsets);
    return e;
  };
  /** Words are written, and nobody confirms it. */
  const silence = () => {
    answers = false;
  };
  const to = (ms: number) => {
    clock.now = ms;
    w.at(ms);
  };
  /** As often as it is held. */
  const through = async (router: Router, record: InRecord) => {
    let met = w.run(router, record);
    while (eventOf(met.decisions[0]).errorCode === "budget-held") {
      await settle(router);
      met = w.run(router, inRecord("sms.retry.5s", offsets++, met.effects[0]!.value!));
    }
    return met;
  };
  return { ...w, set, board, start, settle, stored, silence, words, to, through };
}
export const one = (n: number, more: object = {}) => request(n, { messageId: `m-${n}`, ...more });
export const retryOf = ({ value }: OutRecord): Retry => {
  const decoded = codecs.retry.decode(value!);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};
/** As the sender gives it back. */
export const back = (order: OutRecord | undefined, errorClass: string, charge = dispatchOf(order).charge): InRecord => {
  const { facts, text, attempt, provider, inDoubt } = dispatchOf(order);
  const tried = [{ provider, errorClass, errorCode: "x" }];
  const rest = { inDoubt, spendLeft: null, spendCurrency: null, charge };
  return inRecord("sms.retry.0s", 0, codecs.retry.encode({ facts, text, attempt: attempt + 1, tried, ...rest }));
};
