import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import type { Choice } from "../../../domain/routing/choose-provider.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Outputs } from "../../../platform/kafka/transform.ts";
import type { BudgetCharge, Event } from "../../../schemas/generated/types.ts";
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

/** Takes a decision of the event log. */
export type RecoverDecision = (event: Event, record: InRecord) => void;

/**
 * A rule of one partition's router, asked before a provider is chosen, for every attempt of a message. What it decides stands in the event log; a new
 * owner carries that out again without asking the rule.
 */
export interface MessageRule {
  /** Before the first record: what earlier owners have left. A rejection ends the task. */
  restore?(task: Task, snapshot: Snapshot): Promise<void>;
  /**
   * Who takes the decisions that may be younger than what `restore` found: each `routed` and `closed` event once, with the record that it came as. Undefined: nobody
   * needs them.
   */
  recovery?(): RecoverDecision | undefined;
  /** Before each batch: the catalog in force. */
  begin?(snapshot: Snapshot): void;
  /** No message of the partition that stands in this topic is to be decided on now: they wait where they are, in order. Asked for the next one, many times a second. */
  holds?(topic: string): boolean;
  /** undefined: the rule has nothing against it. `now`: epoch ms by the brokers' clock. */
  judge(pending: Pending, now: number): Ruling | undefined;
  /** As `judge`, when a provider has been chosen: for rules that ask what it costs. */
  afford?(pending: Pending, choice: Assigned, now: number): Ruling | undefined;
  /** The message goes to a provider. `record`: what is decided by it. */
  assigned?(pending: Pending, choice: Assigned, now: number, out: Outputs, record: InRecord): Remark | undefined;
  /** The message waits, by what another rule says or for want of a provider. */
  waits?(pending: Pending): Remark | undefined;
  /** The router gives the message up. */
  closed?(pending: Pending, now: number, record: InRecord): Remark | undefined;
  /** By input, the records below are committed: nobody decides about them any more. Said when all decisions of earlier owners have been given, and after each commit. */
  committed?(upTo: readonly number[]): void;
  /** By input, from which records on decisions must stay in the part of the event log that a new owner reads. Undefined: what is committed need not. */
  untoldFrom?(): readonly number[] | undefined;
  /** Every now and then, between batches, also where nothing comes in. */
  tick?(out: Outputs): void;
}
