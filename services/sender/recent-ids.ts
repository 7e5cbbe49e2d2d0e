/** Ids that were noted within a time, as many as fit: for repeats that come soon or not at all. */
export class RecentIds {
  private readonly capacity: number;
  private readonly keptMs: number;
  private readonly notedAt = new Map<string, number>();

  constructor(capacity: number, keptMs: number) {
    this.capacity = capacity;
    this.keptMs = keptMs;
  }

  /** `now`: ms of any clock, always the same. */
  note(id: string, now: number): void {
    this.notedAt.delete(id);
    this.notedAt.set(id, now);
    if (this.notedAt.size <= this.capacity) return;
    for (const oldest of this.notedAt.keys()) {
      this.notedAt.delete(oldest);
      return;
    }
  }

  has(id: string, now: number): boolean {
    const at = this.notedAt.get(id);
    return at !== undefined && now - at <= this.keptMs;
  }

  /** As `has`, and forgets it. */
  take(id: string, now: number): boolean {
    const known = this.has(id, now);
    if (known) this.notedAt.delete(id);
    return known;
  }
}
