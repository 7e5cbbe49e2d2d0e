import { AgeCounts } from "./age-counts.ts";
import { DeliveryEvidence, evidenceOfCollapse } from "./delivery-evidence.ts";
import type { DeliveryHistory } from "./delivery-history.ts";
import type { DeliveryShape } from "./delivery-shape.ts";

/** A cell that was left is tried after so long at first, ms, or after the time that 95 of 100 of its receipts take, if longer. */
const FIRST_PAUSE_MS = 30_000;
/** Each time in vain the pause doubles, up to this, ms. */
const LONGEST_PAUSE_MS = 600_000;
/** While it is tried: a message in so long at the most, ms, */
const TRY_EVERY_MS = 5_000;
/** and of all messages that it could have at most this share. */
const TRY_SHARE = 0.05;
/** What it may have of its traffic, one stage after the other, once its receipts come again. */
const STAGES = [0.1, 0.3] as const;
/** A stage in which nothing speaks against it ends after so long all the same, ms. */
const STAGE_MS = 600_000;
/** What is heard decides when so many receipts would be usual, and one is so much likelier than the other (a logarithm). */
const ENOUGH = 6;
const CLEARLY = 2;
/** A cell with so little traffic that few of its messages try it: what speaks so much for it is enough, when it has been tried for as long as a stage. */
const HARDLY = 0.5;

type Phase = "carrying" | "left" | "trying" | "returning";

/**
 * Leaves a cell whose receipts have collapsed, and brings it back gently: after a pause a few messages try it, one after the
 * other; when their receipts come, it gets a tenth of what it would have, then three tenths, then all. Times are epoch ms.
 */
export class CollapseGuard {
  private phase: Phase = "carrying";
  private since = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private stage = 0;
  private trialAt = 0;
  private triedAt = Number.NEGATIVE_INFINITY;
  /** As it was before it collapsed. */
  private usual: DeliveryShape | undefined;

  /** Whether it was left, or is only tried. */
  get away(): boolean {
    return this.phase === "left" || this.phase === "trying";
  }

  /** When it was left, unless it is tried already. */
  get leftAt(): number | undefined {
    return this.phase === "left" ? this.since : undefined;
  }

  /** When it began to be tried the last time. */
  get triedSince(): number {
    return this.trialAt;
  }

  /** Share of its traffic that it may have. */
  get share(): number {
    if (this.phase === "carrying") return 1;
    return this.phase === "returning" ? STAGES[this.stage]! : 0;
  }

  leave(at: number, usual: DeliveryShape, p95Ms: number): void {
    this.usual = usual.copy();
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, p95Ms));
    this.enter("left", at);
  }

  /** Whether a message is to try it now. When this says yes, one is expected to. */
  mayTry(at: number, random: () => number): boolean {
    if (this.phase !== "trying" || at - this.triedAt < TRY_EVERY_MS || random() >= TRY_SHARE) return false;
    this.triedAt = at;
    return true;
  }

  /** Looks at what has come since it is tried. @returns whether its receipts come again, so that all from before is forgotten */
  judge(at: number, history: DeliveryHistory): boolean {
    if (this.phase === "carrying") return false;
    if (this.phase === "left") {
      if (at - this.since >= this.pauseMs) this.enter("trying", at);
      return false;
    }
    const evidence = this.evidence(history);
    const clear = evidence.usual >= ENOUGH ? evidenceOfCollapse(evidence) : 0;
    if (clear >= CLEARLY) {
      this.pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.pauseMs);
      this.enter("left", at);
    } else if (clear <= -CLEARLY || (at - this.since >= STAGE_MS && this.mayGoOn(evidence))) {
      return this.proceed(at);
    }
    return false;
  }

  /** After so long that no more is known of so little traffic than now: of what was submitted long ago nobody remembers what came of it. */
  private mayGoOn(evidence: DeliveryEvidence): boolean {
    return this.phase === "returning" || evidenceOfCollapse(evidence) <= -HARDLY;
  }

  private proceed(at: number): boolean {
    const first = this.phase === "trying";
    const stage = first ? 0 : this.stage + 1;
    this.stage = stage;
    this.enter(stage < STAGES.length ? "returning" : "carrying", at);
    return first;
  }

  private enter(phase: Phase, at: number): void {
    this.phase = phase;
    this.since = at;
    if (phase === "trying") this.trialAt = at;
  }

  /** What is heard of messages submitted since it is tried, or since the stage began. */
  private evidence(history: DeliveryHistory): DeliveryEvidence {
    const evidence = new DeliveryEvidence();
    const window = new AgeCounts();
    history.submittedSince(this.since, window);
    evidence.add(window, this.usual!);
    return evidence;
  }
}
