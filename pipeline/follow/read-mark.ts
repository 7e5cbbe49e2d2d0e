/** How far a partition has been read, for those who must know what stood in it at a moment. */
export class ReadMark {
  private next = 0;
  private waiting: { readonly upTo: number; readonly done: () => void }[] = [];

  /** All below `next` has been read. */
  reached(next: number): void {
    this.next = Math.max(this.next, next);
    if (this.waiting.length === 0) return;
    const ready = this.waiting.filter(({ upTo }) => upTo <= this.next);
    this.waiting = this.waiting.filter(({ upTo }) => upTo > this.next);
    for (const { done } of ready) done();
  }

  /** Resolves when all below `upTo` has been read; false when it has not after `withinMs`. */
  until(upTo: number, withinMs: number): Promise<boolean> {
    if (upTo <= this.next) return Promise.resolve(true);
    return new Promise((resolve) => {
      const entry = {
        upTo,
        done: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== entry);
        resolve(false);
      }, withinMs);
      this.waiting.push(entry);
    });
  }
}
