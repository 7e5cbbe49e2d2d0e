import type { Suspicion } from "../../domain/abnormal/suspicion.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { Suspicion as SuspicionRecord } from "../../schemas/generated/types.ts";
import { suspicionOf } from "../records/suspicion-record.ts";

/** A suspicion as it stands in the topic. */
export interface SaidSuspicion extends Suspicion {
  /** When its newest record was stored, epoch ms. */
  readonly saidAt: number;
}

/** Suspicions that are held, about 1 KB each; of more, the one longest without a word goes. */
const HELD = 2_000;

/** The newest word of each suspicion, from sms.abnormal. */
export class SuspicionBoard {
  private readonly newest = new Map<string, SaidSuspicion>();
  private readonly codec: Codec<SuspicionRecord>;

  constructor(codec: Codec<SuspicionRecord>) {
    this.codec = codec;
  }

  /** False for a record that cannot be understood. */
  accept({ value, timestamp }: { readonly value: Buffer | null; readonly timestamp: number }): boolean {
    if (value === null) return true;
    const decoded = this.codec.decode(value);
    const suspicion = decoded.ok ? suspicionOf(decoded.value) : undefined;
    if (suspicion === undefined) return false;
    this.newest.delete(suspicion.id);
    this.newest.set(suspicion.id, { ...suspicion, saidAt: timestamp });
    if (this.newest.size > HELD) this.newest.delete(this.newest.keys().next().value!);
    return true;
  }

  /** The one longest without a word first. */
  get all(): SaidSuspicion[] {
    return [...this.newest.values()];
  }

  /** Those that are not over. */
  get open(): SaidSuspicion[] {
    return this.all.filter(({ over }) => !over);
  }
}
