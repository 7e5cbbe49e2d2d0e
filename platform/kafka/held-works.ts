import type { Work } from "./dispatch-handler.ts";

/**
 * Works that are set aside while their partition of the outcome log has no leader: nobody can tell what became of them, or nothing that becomes of
 * them could be recorded. Works of one key have the same partition, so that they keep their order.
 */
export class HeldWorks<W> {
  private readonly byPartition = new Map<number, Work<W>[]>();
  /** Works that an earlier owner has not had. */
  private fresh = 0;
  private readonly mostFresh: number;

  /** `mostFresh`: so many works that were never handed over may be set aside. Those in doubt are no more than the last owner has left. */
  constructor(mostFresh: number) {
    this.mostFresh = mostFresh;
  }

  get isEmpty(): boolean {
    return this.byPartition.size === 0;
  }

  hasRoom(inDoubt: boolean): boolean {
    return inDoubt || this.fresh < this.mostFresh;
  }

  add(partition: number, work: Work<W>, inDoubt: boolean): void {
    if (!inDoubt) this.fresh++;
    const works = this.byPartition.get(partition);
    if (works === undefined) this.byPartition.set(partition, [work]);
    else works.push(work);
  }

  /** Takes out all works of partitions that are not among these. `isInDoubt`: as it was when they were added. */
  releaseBut(still: ReadonlySet<number>, isInDoubt: (work: Work<W>) => boolean): Work<W>[] {
    const released: Work<W>[] = [];
    for (const [partition, works] of this.byPartition) {
      if (still.has(partition)) continue;
      this.byPartition.delete(partition);
      for (const work of works) {
        if (!isInDoubt(work)) this.fresh--;
        released.push(work);
      }
    }
    return released;
  }
}
