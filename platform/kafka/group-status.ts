/** How a consumer group stands in this process: what readiness is told from. */
export interface GroupStatus {
  readonly joined: boolean;
  /** While it has not joined: what went wrong last. */
  readonly trouble: string | undefined;
  readonly assigned: readonly number[];
  /** How many of these run. */
  readonly running: number;
  /** Those that do not run, since a partition that they read from has no leader. */
  readonly waiting: readonly number[];
  /** 0 while none is fetched with reason: every input is full, and what is read waits for somebody else; or nothing runs for want of leaders. */
  readonly fetchAgeMs: number;
  readonly leaseValid: boolean;
}
