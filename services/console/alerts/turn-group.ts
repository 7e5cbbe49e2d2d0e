import { setTimeout as pause } from "node:timers/promises";
import type { TaskGroup } from "../../../platform/kafka/task-group.ts";

/** What the turn needs of a member of the consoles' group. */
export type TurnMember = Pick<TaskGroup, "start" | "stop"> & {
  readonly status: Pick<TaskGroup["status"], "joined" | "leaseValid" | "assigned">;
};

export interface TurnGroupOptions {
  readonly open: () => TurnMember;
  /** Told when Kafka does not let it in again; it goes on trying. */
  readonly onTrouble: (error: Error) => void;
  /** How long it stays out when it steps back, ms. */
  readonly awayMs?: number;
  readonly retryMs?: number;
}

/** Longer than others take to get the turn, and shorter than they try before they step back, too. */
const AWAY_MS = 60_000;
const RETRY_MS = 5_000;
const STOP_MS = 5_000;

/** Membership in the group of consoles that call: one that steps back leaves it, so that the turn goes to another, and comes again after a minute. */
export class TurnGroup {
  private readonly options: TurnGroupOptions;
  private readonly stopped = new AbortController();
  private member: TurnMember;
  private stepped = false;
  private returning: Promise<void> | undefined;

  constructor(options: TurnGroupOptions) {
    this.options = options;
    this.member = options.open();
  }

  /** `away`: by its own will. */
  get status(): TurnMember["status"] & { readonly away: boolean } {
    if (this.stepped) return { joined: false, leaseValid: false, assigned: [], away: true };
    return { ...this.member.status, away: false };
  }

  /** @throws when Kafka does not answer: call it again. */
  start(): Promise<void> {
    return this.member.start();
  }

  /** Leaves for a minute. Returns at once. */
  stepBack(): void {
    if (this.returning !== undefined || this.stopped.signal.aborted) return;
    this.stepped = true;
    this.returning = this.comeAgain().finally(() => {
      this.returning = undefined;
    });
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.race([this.returning, pause(STOP_MS, undefined, { ref: false })]);
    await this.member.stop();
  }

  private async comeAgain(): Promise<void> {
    const { open, onTrouble, awayMs = AWAY_MS, retryMs = RETRY_MS } = this.options;
    const { signal } = this.stopped;
    const waited = (ms: number) => pause(ms, undefined, { signal }).catch(() => {});
    await this.member.stop();
    await waited(awayMs);
    if (signal.aborted) return;
    this.member = open();
    this.stepped = false;
    while (!signal.aborted) {
      try {
        await this.member.start();
        return;
      } catch (error) {
        onTrouble(error as Error);
        await waited(retryMs);
      }
    }
  }
}
