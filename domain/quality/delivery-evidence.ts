import type { AgeCounts } from "./age-counts.ts";
import { DELAY_BUCKETS } from "./delay-buckets.ts";
import { AS_USUAL, type DeliveryShape, STRETCHES } from "./delivery-shape.ts";

/** Of the deliveries that are usual at most so many come, when receipts have collapsed; */
const COLLAPSED = 0.3;
/**
 * and at least so many, while they have not: more of them where they take twice or 2.8 times as long as usual, by
 * {@link STRETCHES}. That a provider becomes slow and loses many at the same moment is rarer than each of the two.
 */
const ALIVE = [0.6, 0.6, 0.6, 0.6, 0.7, 0.8];
/** More may come than is usual, up to this. */
const MOST = 1.3;
/** Of the receipts that would have come by now usually, this share comes by now at the least. */
const RIPE = 0.5;
/** No receipt need come, however long they take. */
const NONE = STRETCHES.map(() => 0);
/** What a tenth less or more than before is no change. */
const SAME = 0.1;

/**
 * What some submissions have to say, of one cell or of several taken together, beside what is usual there: as logarithms of
 * probabilities, so that it can be added up and subtracted.
 */
export class DeliveryEvidence {
  delivered = 0;
  /** By stretch: deliveries that there would be, if receipts took so much longer than usual and as many came. */
  readonly expected = STRETCHES.map(() => 0);
  private readonly logs = STRETCHES.map(() => 0);

  add({ exposed, delivered }: AgeCounts, usual: DeliveryShape): void {
    const { stretches } = usual;
    for (let bucket = 0; bucket < DELAY_BUCKETS; bucket++) {
      const [lived, came] = [exposed[bucket]! * usual.delivery, delivered[bucket]!];
      if (lived === 0 && came === 0) continue;
      this.delivered += came;
      for (let index = 0; index < STRETCHES.length; index++) {
        const { shares, logs } = stretches[index]!;
        this.expected[index]! += lived * shares[bucket]!;
        this.logs[index]! += came * logs[bucket]!;
      }
    }
  }

  /** Adds `sign` times the others. */
  addAll(others: DeliveryEvidence, sign: 1 | -1 = 1): DeliveryEvidence {
    this.delivered += sign * others.delivered;
    for (let index = 0; index < STRETCHES.length; index++) {
      this.expected[index]! += sign * others.expected[index]!;
      this.logs[index]! += sign * others.logs[index]!;
    }
    return this;
  }

  /** Deliveries that are usual. */
  get usual(): number {
    return this.expected[AS_USUAL]!;
  }

  /** Whether most receipts should have come, even if they take the longest time that means nothing bad. */
  get ripe(): boolean {
    return Math.min(...this.expected) >= RIPE * this.usual;
  }

  /** Logarithm of the likelihood that receipts take as long as usual, and that so many come as fits best within bounds. */
  asUsual(least: number, most: number): number {
    return this.likelihood(AS_USUAL, least, most);
  }

  /** And that they take whatever time explains best what is seen. `least`: by {@link STRETCHES}. */
  stretched(least: readonly number[], most: number): number {
    let best = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < STRETCHES.length; index++)
      best = Math.max(best, this.likelihood(index, least[index]!, most));
    return best;
  }

  /** Less what does not depend on the hypothesis; deliveries are taken for a Poisson process. */
  private likelihood(index: number, least: number, most: number): number {
    const expected = this.expected[index]!;
    const ratio = expected <= 0 ? most : Math.min(most, Math.max(least, this.delivered / expected));
    const fitting = this.delivered <= 0 ? 0 : this.delivered * Math.log(ratio);
    return fitting - ratio * expected + this.logs[index]!;
  }
}

/**
 * How much likelier it is that the receipts of some submissions have collapsed than that they have not: the logarithm of the
 * quotient. That they take another time than usual, or another from some moment on, is no collapse.
 *
 * @param later what the later ones of the submissions say: those since one moment, since a later one, and so on; only asked
 * for when it can matter
 * @param enough what is less need not be exact: it may come out larger than it is, and still less than this
 */
export function evidenceOfCollapse(
  whole: DeliveryEvidence,
  later: LaterEvidence = () => [],
  enough = Number.NEGATIVE_INFINITY,
): number {
  return beyond(whole.asUsual(0, COLLAPSED), whole, later, ALIVE, MOST, enough);
}

/**
 * How much likelier it is that another share of some submissions is delivered than before. `before`: the share of the usual
 * deliveries that there were until then. `later`, `enough`: as above.
 */
export function evidenceOfChange(
  whole: DeliveryEvidence,
  later: LaterEvidence,
  before: number,
  enough: number,
): number {
  const least = STRETCHES.map(() => before * (1 - SAME));
  return beyond(whole.stretched(NONE, MOST), whole, later, least, before * (1 + SAME), enough);
}

export type LaterEvidence = () => readonly DeliveryEvidence[];

/**
 * By how much `likelihood` is above that of the likeliest of all courses in which receipts take some time, usual or not, up
 * to some moment, and another from then on.
 */
function beyond(
  likelihood: number,
  whole: DeliveryEvidence,
  later: LaterEvidence,
  least: readonly number[],
  most: number,
  enough: number,
): number {
  let best = whole.stretched(least, most);
  // A moment of change only makes the course likelier: without one it falls short already, nearly always.
  if (likelihood - best < enough) return likelihood - best;
  for (const since of later()) {
    const until = new DeliveryEvidence().addAll(whole).addAll(since, -1);
    best = Math.max(best, until.stretched(least, most) + since.stretched(least, most));
  }
  return likelihood - best;
}
