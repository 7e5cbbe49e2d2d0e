import type { SubmitOutcome } from "../../domain/message/submit-outcome.ts";
import type { Unit, UnitResult } from "./unit-result.ts";

/** What the requests of one message amount to, once all have ended. */
export type Verdict =
  | { readonly kind: "accepted" }
  /** At least one may have been taken. */
  | { readonly kind: "in-doubt"; readonly code: string }
  | {
      readonly kind: "returned";
      readonly outcome: Exclude<SubmitOutcome, "accepted" | "in-doubt">;
      readonly code: string;
      readonly throttled: false;
    }
  /** Some were not taken for reasons of the moment, the others were: those go again. */
  | { readonly kind: "again"; readonly throttled: boolean; readonly code: string };

interface Refusal {
  readonly outcome: Exclude<SubmitOutcome, "accepted" | "in-doubt">;
  readonly code: string;
}

const SINGLE: readonly number[] = [0];

/** One message on its way to the provider: its requests, and what has come back. */
export class Submission<U extends Unit> {
  readonly units: readonly U[];
  /** The provider's ids, as it wrote them. */
  readonly ids: string[];
  /** The connection that its requests share; -1: none yet. For the link. */
  carrier = -1;
  /** Monotonic time of the first request, ms; 0 before. */
  sentAt = 0;
  /** Monotonic time since which it is held back, by the first throttling answer or to wait for its network, ms; 0 before. */
  heldSince = 0;
  accepted = 0;
  /** Its verdict was that it is in doubt, and has been carried out. */
  concluded = false;
  /** Requests that may have been taken. */
  private inDoubt = 0;
  private lateRefusal: Refusal | undefined;
  /** By request, the monotonic time at which it went out last, ms. */
  private readonly requestedAt: number[];
  private todo: readonly number[];
  private next = 0;
  private open = 0;
  private again: number[] | undefined;
  private againThrottled = false;
  private againCode = "";
  private failure: { outcome: Exclude<SubmitOutcome, "accepted">; code: string } | undefined;

  constructor(units: readonly U[]) {
    this.units = units;
    this.ids = new Array<string>(units.length).fill("");
    this.requestedAt = new Array<number>(units.length).fill(0);
    this.todo = units.length === 1 ? SINGLE : units.map((_, i) => i);
  }

  /** Index of the next request to be sent; -1 when there is none. */
  get unit(): number {
    return this.failure === undefined && this.next < this.todo.length ? this.todo[this.next]! : -1;
  }

  /** True when requests are still without an answer. */
  get waiting(): boolean {
    return this.open > 0;
  }

  /** No provider has any of it, as far as it is certain. */
  get untouched(): boolean {
    return this.accepted === 0 && this.open === 0 && this.inDoubt === 0;
  }

  /** Segments in all. */
  get weight(): number {
    let sum = 0;
    for (const unit of this.units) sum += unit.weight;
    return sum;
  }

  /** Segments of the requests that are to be sent yet. */
  get due(): number {
    let sum = 0;
    for (let i = this.next; i < this.todo.length; i++) sum += this.units[this.todo[i]!]!.weight;
    return sum;
  }

  /** The request that `unit` names has gone out. `now`: monotonic, ms. */
  sent(now: number): void {
    if (this.sentAt === 0) this.sentAt = now;
    this.requestedAt[this.todo[this.next++]!] = now;
    this.open++;
  }

  /** When a request went out, the last time where it went again: monotonic, ms. */
  sentAtOf(unit: number): number {
    return this.requestedAt[unit]!;
  }

  /** Takes one result. */
  take(unit: number, result: UnitResult): void {
    this.open--;
    this.judge(unit, result);
  }

  /** Takes the answer to a request that was in doubt, whether or not the others have ended. The verdict stays as it was. */
  takeLate(unit: number, { outcome, code, id }: UnitResult): void {
    if (outcome === "in-doubt" || outcome === "unsent") return;
    this.inDoubt--;
    if (outcome !== "accepted") this.lateRefusal ??= { outcome, code };
    else this.noteAccepted(unit, id);
  }

  /** What late answers have made of a message that was in doubt; undefined: it still is, or only parts of it were taken. */
  get lateVerdict(): { readonly kind: "accepted" } | (Refusal & { readonly kind: "refused" }) | undefined {
    if (!this.concluded || this.inDoubt > 0) return undefined;
    if (this.accepted === this.units.length) return { kind: "accepted" };
    return this.accepted === 0 && this.lateRefusal !== undefined ? { kind: "refused", ...this.lateRefusal } : undefined;
  }

  /** A request that will not be sent at all. */
  refuse(unit: number, code: string): void {
    this.judge(unit, { outcome: "refused", code });
  }

  /** What has not been sent yet will not be: it counts as not taken. */
  cut(code: string): void {
    for (; this.next < this.todo.length; this.next++) this.judge(this.todo[this.next]!, { outcome: "unsent", code });
  }

  private judge(unit: number, { outcome, code, id }: UnitResult): void {
    if (outcome === "accepted") {
      this.noteAccepted(unit, id);
    } else if (outcome === "throttled" || outcome === "unsent") {
      this.again ??= [];
      this.again.push(unit);
      this.againThrottled ||= outcome === "throttled";
      this.againCode = code;
    } else {
      if (outcome === "in-doubt") this.inDoubt++;
      if (this.failure === undefined || (outcome === "in-doubt" && this.failure.outcome !== "in-doubt"))
        this.failure = { outcome, code };
    }
  }

  private noteAccepted(unit: number, id = ""): void {
    this.accepted++;
    this.ids[unit] = id;
  }

  /** What it comes to; undefined while requests are to be sent or unanswered. */
  get verdict(): Verdict | undefined {
    if (this.open > 0 || this.unit >= 0) return undefined;
    const { failure } = this;
    if (failure !== undefined) {
      const { outcome, code } = failure;
      return outcome === "in-doubt"
        ? { kind: "in-doubt", code }
        : { kind: "returned", outcome, code, throttled: false };
    }
    if (this.again === undefined) return { kind: "accepted" };
    return { kind: "again", throttled: this.againThrottled, code: this.againCode };
  }

  /** Begins again with the requests that were not taken; the verdict was `again`. */
  restart(): void {
    this.todo = (this.again ?? []).sort((a, b) => a - b);
    this.next = 0;
    this.again = undefined;
    this.againThrottled = false;
    this.carrier = -1;
  }
}
