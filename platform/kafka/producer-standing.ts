import { someCause } from "../errors/some-cause.ts";
import type { ProducerQueue } from "./producer-queue.ts";

interface Failing {
  /** Monotonic ms since which it has been failing while nothing else was confirmed; 0: something was since, or it has no leader. */
  readonly since: number;
  /** Monotonic ms since which nothing of it has been confirmed and it was found without a leader; 0: it was not. */
  readonly leaderlessSince: number;
}

/**
 * Which partitions fail, and whether that says anything of the others. A partition without a leader fails at least once a
 * second until it has one again, and the brokers that say so are well: it is left out, unless no other partition that was
 * ever written to is known to be better.
 */
export class ProducerStanding {
  private readonly failing = new Map<ProducerQueue, Failing>();
  private readonly written = new Set<ProducerQueue>();

  /** `began`: the request, monotonic ms. `lastAcknowledgedAt`: of any partition. `leaderless`: that is why it failed, and it was the request's only partition. */
  failed(queue: ProducerQueue, began: number, lastAcknowledgedAt: number, leaderless: boolean): void {
    const before = this.failing.get(queue);
    this.written.add(queue);
    this.failing.set(queue, {
      // Not since it failed: a broker that stands still lets each request wait for its whole deadline first.
      since: leaderless ? 0 : before?.since || Math.max(began, lastAcknowledgedAt),
      leaderlessSince: before?.leaderlessSince || (leaderless ? began : 0),
    });
  }

  /** Something was confirmed: what fails beside it begins anew. */
  stored(queue: ProducerQueue): void {
    this.written.add(queue);
    this.failing.delete(queue);
    for (const [other, { leaderlessSince }] of this.failing) this.failing.set(other, { since: 0, leaderlessSince });
  }

  /** Whether any partition has failed and not been stored since. */
  get hasFailing(): boolean {
    return this.failing.size > 0;
  }

  /** Monotonic ms since which writes have been failing with nothing confirmed; 0 while all is well, or only what has no leader fails. */
  get failingSince(): number {
    let since = Number.POSITIVE_INFINITY;
    let sinceLeaderless = Number.POSITIVE_INFINITY;
    let leaderless = 0;
    for (const [queue, failing] of this.failing) {
      // What was dropped, its writers having lost their partitions, fails no more.
      if (queue.length === 0) continue;
      if (failing.since > 0) since = Math.min(since, failing.since);
      else if (failing.leaderlessSince > 0) {
        leaderless++;
        sinceLeaderless = Math.min(sinceLeaderless, failing.leaderlessSince);
      }
    }
    if (leaderless > 0 && leaderless === this.written.size) since = Math.min(since, sinceLeaderless);
    return since === Number.POSITIVE_INFINITY ? 0 : since;
  }

  /** Monotonic ms since which nothing of this partition has been confirmed, and it was found without a leader; 0: it was not, or nothing waits. */
  leaderlessSince(queue: ProducerQueue): number {
    return queue.length === 0 ? 0 : (this.failing.get(queue)?.leaderlessSince ?? 0);
  }
}

/** Whether this is why a request failed: a broker says it, or KafkaJS does of metadata that names no leader. */
export function isForWantOfLeader(error: unknown): boolean {
  return someCause(error, ({ type }) => type === "LEADER_NOT_AVAILABLE");
}
