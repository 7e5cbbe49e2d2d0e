import { headerText, type InRecord } from "../../platform/kafka/record.ts";
import type { Attempt, Retry } from "../../schemas/generated/types.ts";
import { RETRY_DELAY_MS, RETRY_DELAYS, retryTopic } from "../../schemas/topics.ts";
import { CIRCUITS_OPEN } from "./retry-policy.ts";

const DELAY_OF_TOPIC = new Map<string, number>(RETRY_DELAYS.map((delay) => [retryTopic(delay), RETRY_DELAY_MS[delay]]));
/** A due time may be so much off, ms: the brokers' clocks differ, and a decision is made before it is stored. */
const EARLY_MS = 1_000;
/** Between two looks at one record that waits, ms. */
const LOOK_EVERY_MS = 100;
/** Records a second that are moved on at the most, so that a provider which comes and goes does not keep the topics busy. */
const MOVED_PER_SECOND = 200;
/** Waits up to this long are not cut short, ms. */
const SHORT_MS = RETRY_DELAY_MS["5s"];

/** What a look at a record that waits for a provider says: it can go, its provider has enough for now, or none is back. */
export type Prospect = "go" | "enough" | "none";

export interface WaitingOptions {
  readonly decode: (record: InRecord) => Retry | undefined;
  /** Epoch ms. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly monotonic: () => number;
  readonly prospect: (record: InRecord, retry: Retry) => Prospect;
  /** When a provider came back last, by the monotonic clock; undefined when none has. */
  readonly lastReturn: () => number | undefined;
}

interface Head {
  readonly offset: number;
  readonly timestamp: number;
  readonly retry: Retry | undefined;
  lookAt: number;
}

/** Whether the message waits for providers that were out of order, and not for a provider that has answered something else. */
export function waitsForProvider(tried: readonly Attempt[]): boolean {
  const last = tried.at(-1);
  return last?.provider === null && last.errorCode === CIRCUITS_OPEN;
}

/**
 * Of those whose round has ended so: the providers that it does not wait for, since they have answered something else in that round. They are asked again
 * when the message is due, and not before. One that gave it back with its circuit open has not answered, and is waited for.
 */
export function answeredBefore(tried: readonly Attempt[]): string[] {
  const before = tried.slice(0, -1);
  const round = before.slice(before.findLastIndex(({ provider }) => provider === null) + 1);
  return round.flatMap(({ provider, errorClass, errorCode }) =>
    provider === null || (errorClass === "unsubmitted" && errorCode === "circuit-open") ? [] : [provider],
  );
}

/** When a retry is really due, epoch ms: a wait may take several tiers. Never after its message's end, nor much later than tiers hold. */
export function dueTime(record: InRecord, expiresAt: number): number {
  const due = Number(headerText(record, "due"));
  const latest = record.timestamp + RETRY_DELAY_MS["1h"] + SHORT_MS;
  return due > 0 && due <= latest ? Math.min(due, expiresAt) : 0;
}

/**
 * How long the first record of each retry tier waits. A tier is a queue: what stands behind waits for the first. So nothing
 * waits in a tier that is longer than its own time, and when a provider comes back, what waited for it goes first, and the
 * rest is moved on once, to wait elsewhere until it is due.
 */
export class Waiting {
  private readonly options: WaitingOptions;
  private readonly heads = new Map<string, Head>();
  private movable = MOVED_PER_SECOND;
  private movableAt = 0;

  constructor(options: WaitingOptions) {
    this.options = options;
  }

  /** Milliseconds until the record may be processed; 0 or less: now. Only for the first record of its topic. */
  dueIn(record: InRecord): number {
    const longest = DELAY_OF_TOPIC.get(record.topic);
    if (longest === undefined || longest === 0) return 0;
    const now = this.options.now();
    // None waits longer than its topic says, whatever its header says.
    const wait = Math.min(Number(headerText(record, "due")), record.timestamp + longest) - now || 0;
    if (wait <= 0 || longest <= SHORT_MS) return wait;
    const head = this.headOf(record);
    if (head.retry === undefined) return 0;
    const untilEnd = head.retry.facts.expiresAt - now;
    if (untilEnd <= 0) return 0;
    return this.isCutShort(record, head, head.retry) ? 0 : Math.min(wait, untilEnd);
  }

  /** Milliseconds by which the record comes too early: 0 when it is due. */
  early(record: InRecord, retry: Retry): number {
    const longest = DELAY_OF_TOPIC.get(record.topic) ?? 0;
    const left = longest === 0 ? 0 : dueTime(record, retry.facts.expiresAt) - this.options.now();
    return left > EARLY_MS ? left : 0;
  }

  private isCutShort(record: InRecord, head: Head, retry: Retry): boolean {
    const at = this.options.monotonic();
    if (at < head.lookAt) return false;
    head.lookAt = at + LOOK_EVERY_MS;
    const prospect = waitsForProvider(retry.tried) ? this.options.prospect(record, retry) : "none";
    if (prospect !== "none") return prospect === "go";
    const back = this.options.lastReturn();
    // Behind it may stand what waits for the provider that is back.
    return back !== undefined && record.timestamp < this.options.now() - (at - back) && this.mayMove(at);
  }

  private mayMove(at: number): boolean {
    const gained = ((at - this.movableAt) / 1_000) * MOVED_PER_SECOND;
    this.movable = Math.min(MOVED_PER_SECOND, this.movable + gained);
    this.movableAt = at;
    if (this.movable < 1) return false;
    this.movable--;
    return true;
  }

  private headOf(record: InRecord): Head {
    const known = this.heads.get(record.topic);
    if (known?.offset === record.offset && known.timestamp === record.timestamp) return known;
    const { offset, timestamp } = record;
    const head = { offset, timestamp, retry: this.options.decode(record), lookAt: 0 };
    this.heads.set(record.topic, head);
    return head;
  }
}
