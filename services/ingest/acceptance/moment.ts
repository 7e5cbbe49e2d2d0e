/** The moment of a request, in the two clocks. */
export interface Moment {
  /** Epoch ms: what is written into records. */
  readonly wall: number;
  /** Monotonic ms: what durations are measured by. */
  readonly monotonic: number;
}
