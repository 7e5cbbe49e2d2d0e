import { SegmentRate } from "../../platform/flow/segment-rate.ts";
import type { SlotTimer } from "./slot-timer.ts";

/** Messages a second that one provider's sender gives back without having submitted them: the router must be able to follow. */
export const HAND_BACK_RATE = 2_000;
/** Left by what can wait where it is for what another provider could take now. */
const KEPT = 20;
const REFILL_MS = 10;

/**
 * How many messages may go back to the router, whatever the reason. They are routed again before most others, so that a backlog at once would
 * stand in the way of an otp message that another provider has just given back.
 */
export class HandBack {
  private readonly rate = new SegmentRate();
  private readonly slot: SlotTimer;
  private readonly monotonic: () => number;

  /** `slot` fires when there is room again, for whoever found none. `monotonic`: ms. */
  constructor(slot: SlotTimer, monotonic: () => number) {
    this.slot = slot;
    this.monotonic = monotonic;
    this.rate.setShare(HAND_BACK_RATE, monotonic());
  }

  /** So many may go back now. */
  room(): number {
    const now = this.monotonic();
    const room = this.rate.available(now);
    if (room === 0) this.slot.arm(this.rate.nextIn(1, now), now);
    return room;
  }

  /** The same of what waits in the log, and goes nowhere by waiting there longer. */
  spare(): number {
    const now = this.monotonic();
    const spare = this.rate.available(now) - KEPT;
    if (spare > 0) return spare;
    this.slot.arm(Math.max(REFILL_MS, this.rate.nextIn(KEPT + 1, now)), now);
    return 0;
  }

  /** One goes back. */
  take(): void {
    this.rate.take(1, this.monotonic());
  }
}
