import type { Lane } from "../../schemas/generated/types.ts";

/** The code on the `routed` event of a message that goes into its lane's overflow: a repeat must go there again. */
export const ACCOUNT_BUSY = "account-busy";

/** The code on the `routed` event of a message that had waited for its provider: it goes into the overflow, behind what comes now. */
export const WAITED = "waited";

/** Whether a `routed` event with this code is about the overflow of its lane. */
export function isBehind(code: string | null): boolean {
  return code === ACCOUNT_BUSY || code === WAITED;
}

/** What must be known of the provider. */
export interface LaneLoad {
  /** Segments a second. */
  readonly rate: number;
  /** How long everything takes that stands in the lane, its overflow, and the lanes before it. */
  readonly laneSeconds: number;
}

interface Flow {
  /** Segments handed in above what the account's share has taken away since. */
  level: number;
  at: number;
  over: boolean;
}

interface Queue {
  readonly flows: Map<string, Flow>;
  sweptAt: number;
}

/** With less to do in a lane nobody overflows; it also bounds how long others wait behind the beginning of a flood. */
const BUSY_SECONDS = 1;
/** An account that overflows stays there until its lane has nearly emptied: to and fro would turn its messages' order around. */
const CALM_SECONDS = 0.25;
/** What an account may be above its share, seconds of it. */
const ALLOWED_SECONDS = 1;
/** However much it was above: within its share for so long, and it is an account like others. */
const FORGIVEN_SECONDS = 10;
const SWEEP_MS = 1_000;

/**
 * Which accounts hand in more than their share of a provider's lane while it is behind. Of one partition: all messages of
 * an installation spread over P partitions, so an account has an n-th of a P-th of the provider's rate here, where n
 * accounts are at work. Pure: time is passed in, ms of a monotonic clock. Bounded by the catalog: providers × lanes × accounts.
 */
export class AccountShares {
  private readonly partitions: number;
  private readonly queues = new Map<string, Queue>();

  constructor(partitions: number) {
    this.partitions = partitions;
  }

  /** Counts a message of the account, and says whether it goes into the overflow. */
  take(provider: string, lane: Lane, account: string, segments: number, load: LaneLoad, now: number): boolean {
    if (load.rate <= 0) return false;
    const queue = this.queue(`${provider}/${lane}`, now);
    const flow = this.flow(queue, account, now);
    const share = load.rate / this.partitions / queue.flows.size;
    flow.level = drained(flow, share, now);
    flow.at = Math.max(flow.at, now);
    if (load.laneSeconds < CALM_SECONDS || flow.level === 0) flow.over = false;
    else if (load.laneSeconds >= BUSY_SECONDS && flow.level >= share * ALLOWED_SECONDS) flow.over = true;
    flow.level = Math.min(flow.level + segments, Math.max(segments, share * FORGIVEN_SECONDS));
    this.sweep(queue, share, now);
    return flow.over;
  }

  private queue(key: string, now: number): Queue {
    let queue = this.queues.get(key);
    if (queue === undefined) {
      queue = { flows: new Map(), sweptAt: now };
      this.queues.set(key, queue);
    }
    return queue;
  }

  private flow(queue: Queue, account: string, now: number): Flow {
    let flow = queue.flows.get(account);
    if (flow === undefined) {
      flow = { level: 0, at: now, over: false };
      queue.flows.set(account, flow);
    }
    return flow;
  }

  /** Accounts that have come down to nothing are not at work any more. */
  private sweep(queue: Queue, share: number, now: number): void {
    if (now - queue.sweptAt < SWEEP_MS) return;
    queue.sweptAt = now;
    for (const [account, flow] of queue.flows)
      if (drained(flow, share, now) === 0 && now - flow.at >= SWEEP_MS) queue.flows.delete(account);
  }
}

function drained({ level, at }: Flow, share: number, now: number): number {
  return Math.max(0, level - (Math.max(0, now - at) / 1_000) * share);
}
