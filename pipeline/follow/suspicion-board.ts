import type { Suspicion } from "../../domain/abnormal/suspicion.ts";
import type { Codec } from "../../platform/codec/codec.ts";
import type { Suspicion as SuspicionRecord } from "../../schemas/generated/types.ts";
import { suspicionOf } from "../records/suspicion-record.ts";

/** Suspicions that are held, about 1 KB each; of more, the one longest without a word goes. */
const HELD = 2_000;

/** The newest word of each suspicion, from sms.abnormal. */
export class SuspicionBoard {
  private readonly newest = new Map<string, Suspicion>();
  private readonly codec: Codec<SuspicionRecord>;

  constructor(codec: Codec<SuspicionRecord>) {
    this.codec = codec;
  }

  /** False for a record that cannot be understood. */
  accept({ value }: { readonly value: Buffer | null }): boolean {
    if (value === null) return true;
    const decoded = this.codec.decode(value);
    const suspicion = decoded.ok ? suspicionOf(decoded.value) : undefined;
    if (suspicion === undefined) return false;
    this.newest.delete(suspicion.id);
    this.newest.set(suspicion.id, suspicion);
    if (this.newest.size > HELD) this.newest.delete(this.newest.keys().next().value!);
    return true;
  }

  /** The one longest without a word first. */
  get all(): Suspicion[] {
    return [...this.newest.values()];
  }

  /** Those that are not over. */
  get open(): Suspicion[] {
    return this.all.filter(({ over }) => !over);
  }
}
