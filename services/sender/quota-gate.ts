import type { Quota } from "../../domain/catalog/quota.ts";
import type { Circuit } from "../../platform/flow/circuit.ts";
import type { SegmentVolume, TakenSegments } from "./segment-volume.ts";

/** Why the circuit is open while the quota of the day or the month is used up. */
export const QUOTA_REACHED = "quota-reached";

/** A message that asks for its part of the quota. */
export interface QuotaMember {
  readonly owner: { readonly partition: number };
  /** Segments in all. */
  readonly weight: number;
  /** Segments set aside for it; 0: none yet. */
  reserved: number;
}

/**
 * Lets messages through while the quota has room for them, those under way included. When it is used up the circuit is held
 * open until the day or the month is over: the routers go elsewhere, nothing is tried before, and a few go first when it is.
 * `at`: epoch ms by the brokers' clock; `now`: monotonic, ms.
 */
export class QuotaGate {
  private readonly volume: SegmentVolume;
  private readonly circuit: Pick<Circuit, "hold" | "release">;
  private heldUntil: number | undefined;

  constructor(volume: SegmentVolume, circuit: Pick<Circuit, "hold" | "release">) {
    this.volume = volume;
    this.circuit = circuit;
  }

  /** Segments that may go now; Infinity without a quota. */
  get room(): number {
    return this.volume.room;
  }

  /** Whether the message may go. False: it waits for what is under way, of which something may not be taken, or the circuit is open now. */
  admit(member: QuotaMember, now: number): boolean {
    const { volume } = this;
    if (!volume.limited || member.reserved > 0) return true;
    const { weight } = member;
    if (volume.room < weight) {
      if (!volume.waits) this.holdFor(weight, now);
      return false;
    }
    volume.reserve(weight);
    member.reserved = weight;
    return true;
  }

  /** A message has ended that was not taken. */
  release(member: QuotaMember): void {
    if (member.reserved === 0) return;
    this.volume.release(member.reserved);
    member.reserved = 0;
  }

  /** This has been taken, or may have been. `now`: monotonic, ms. */
  taken(partition: number, taken: TakenSegments, now: number): void {
    this.volume.add(partition, taken);
    if (this.heldUntil === undefined) this.holdFor(1, now);
  }

  /** What passes by time, and by what others tell. Call it every now and then. */
  look(at: number, now: number): void {
    this.volume.tick(at);
    if (this.heldUntil !== undefined && at >= this.heldUntil) this.open();
    if (this.heldUntil === undefined) this.holdFor(1, now);
  }

  /** Another quota holds from now on. */
  change(quota: Quota, at: number, now: number): void {
    this.volume.change(quota, at);
    if (this.heldUntil !== undefined) this.open();
    this.holdFor(1, now);
  }

  private holdFor(segments: number, now: number): void {
    this.heldUntil = this.volume.fullUntil(segments);
    if (this.heldUntil !== undefined) this.circuit.hold(QUOTA_REACHED, now);
  }

  private open(): void {
    this.heldUntil = undefined;
    this.circuit.release();
  }
}
