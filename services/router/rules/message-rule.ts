import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import type { Choice } from "../../../domain/routing/choose-provider.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { BudgetCharge } from "../../../schemas/generated/types.ts";
import type { GivenUp } from "../retry-policy.ts";
import type { Pending } from "../routing-records.ts";

/** What a rule says of a message that may not go now. */
export type Ruling =
  /** It ends here. */
  | { readonly verdict: "refuse"; readonly end: GivenUp; readonly detail: string }
  /** It waits until `due`, epoch ms, and is judged again then. `code`: of the postponed event. */
  | { readonly verdict: "wait"; readonly due: number; readonly code: string; readonly detail: string };

export type Assigned = Extract<Choice, { ok: true }>;

/** What a rule has to say on the event of a decision. */
export interface Remark {
  /** Joins the event's `rules`. */
  readonly rules?: string | undefined;
  /** What the decision takes of the account's budget. */
  readonly charge?: BudgetCharge | undefined;
}

/**
 * A rule of one partition's router, asked before a provider is chosen, for every attempt of a message. What it decides stands in the event log; a new
 * owner carries that out again without asking the rule.
 */
export interface MessageRule {
  /** Before the first record: what earlier owners have left. A rejection ends the task. */
  restore?(task: Task, snapshot: Snapshot): Promise<void>;
  /** Records of the event log that may be younger than what `restore` found, in order, some of them twice. */
  recover?(record: InRecord): void;
  /** Before each batch: the catalog in force. */
  begin?(snapshot: Snapshot): void;
  /** undefined: the rule has nothing against it. `now`: epoch ms by the brokers' clock. */
  judge(pending: Pending, now: number): Ruling | undefined;
  /** As `judge`, when a provider has been chosen: for rules that ask what it costs. */
  afford?(pending: Pending, choice: Assigned, now: number): Ruling | undefined;
  /** The message goes to a provider. */
  assigned?(pending: Pending, choice: Assigned, now: number, out: Outputs): Remark | undefined;
  /** The router gives the message up. */
  closed?(pending: Pending, now: number): Remark | undefined;
  /** Every now and then, between batches, also where nothing comes in. `next`: by input, the offset behind the last record that was processed. */
  tick?(out: Outputs, next: readonly number[]): void;
}
