import { DecayedCount } from "./decayed-count.ts";

const HALF_LIFE = 60;
const USUAL_HALF_LIFE = 7 * 1_440;
/** Conversions are told a quarter of an hour late, so the worst of that time counts. */
const STEP = 5;
const STEPS = 6;
const LEAST = 20;
/** So many steps ago the messages were sent of which conversions are told now. */
const AGO = 3;

/** Messages of a way since it is known. */
export interface Counted {
  readonly sent: number;
  readonly delivered: number;
}

/** What part of its messages a way delivers, by its receipts, beside what it usually does: who gets no message cannot convert. */
export class DeliveredShare {
  private readonly sent = new DecayedCount(HALF_LIFE);
  private readonly delivered = new DecayedCount(HALF_LIFE);
  private readonly usuallySent = new DecayedCount(USUAL_HALF_LIFE);
  private readonly usuallyDelivered = new DecayedCount(USUAL_HALF_LIFE);
  private readonly steps: { readonly now: number; readonly counted: Counted }[] = [];
  private step = 0;
  private allSent = 0;
  private allDelivered = 0;

  addSent(minute: number, messages: number): void {
    this.sent.add(minute, messages);
    this.usuallySent.add(minute, messages);
    this.allSent += messages;
  }

  addDelivered(minute: number, messages: number): void {
    this.delivered.add(minute, messages);
    this.usuallyDelivered.add(minute, messages);
    this.allDelivered += messages;
  }

  /** At most 1. */
  relative(minute: number): number {
    const now = this.now(minute);
    const step = Math.floor(minute / STEP);
    if (step !== this.step) {
      this.step = step;
      this.steps.push({ now, counted: this.counted });
      if (this.steps.length > STEPS) this.steps.shift();
    }
    return this.steps.reduce((least, one) => Math.min(least, one.now), Math.min(1, now));
  }

  /** What was counted when those messages were sent of which conversions are told now. */
  get told(): Counted {
    return this.steps.at(-1 - AGO)?.counted ?? this.steps[0]?.counted ?? this.counted;
  }

  /** The same as {@link relative}, of the messages since something was counted: at most 1. */
  relativeSince(before: Counted, minute: number): number {
    const usual = this.usuallySent.get(minute);
    const usually = usual < LEAST ? 0 : this.usuallyDelivered.get(minute) / usual;
    const until = ({ sent, delivered }: Counted): number =>
      usually === 0 || sent - before.sent < LEAST ? 1 : (delivered - before.delivered) / (sent - before.sent) / usually;
    return Math.min(1, until(this.told), until(this.counted));
  }

  private get counted(): Counted {
    return { sent: this.allSent, delivered: this.allDelivered };
  }

  private now(minute: number): number {
    const [sent, usual] = [this.sent.get(minute), this.usuallySent.get(minute)];
    if (sent < LEAST || usual < LEAST) return 1;
    const share = this.delivered.get(minute) / sent;
    const usually = this.usuallyDelivered.get(minute) / usual;
    return usually > 0 ? share / usually : 1;
  }
}
