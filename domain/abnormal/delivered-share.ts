import { DecayedCount } from "./decayed-count.ts";

const HALF_LIFE = 60;
const USUAL_HALF_LIFE = 7 * 1_440;
/** Conversions are told a quarter of an hour late, so the worst of that time counts. */
const STEP = 5;
const STEPS = 6;
const LEAST = 20;

/** What part of its messages a way delivers, by its receipts, beside what it usually does: who gets no message cannot convert. */
export class DeliveredShare {
  private readonly sent = new DecayedCount(HALF_LIFE);
  private readonly delivered = new DecayedCount(HALF_LIFE);
  private readonly usuallySent = new DecayedCount(USUAL_HALF_LIFE);
  private readonly usuallyDelivered = new DecayedCount(USUAL_HALF_LIFE);
  private readonly steps: number[] = [];
  private step = 0;

  addSent(minute: number, messages: number): void {
    this.sent.add(minute, messages);
    this.usuallySent.add(minute, messages);
  }

  addDelivered(minute: number, messages: number): void {
    this.delivered.add(minute, messages);
    this.usuallyDelivered.add(minute, messages);
  }

  /** At most 1. */
  relative(minute: number): number {
    const now = this.now(minute);
    const step = Math.floor(minute / STEP);
    if (step !== this.step) {
      this.step = step;
      this.steps.push(now);
      if (this.steps.length > STEPS) this.steps.shift();
    }
    return Math.min(1, now, ...this.steps);
  }

  private now(minute: number): number {
    const [sent, usual] = [this.sent.get(minute), this.usuallySent.get(minute)];
    if (sent < LEAST || usual < LEAST) return 1;
    const share = this.delivered.get(minute) / sent;
    const usually = this.usuallyDelivered.get(minute) / usual;
    return usually > 0 ? share / usually : 1;
  }
}
