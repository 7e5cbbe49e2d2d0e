/** Counts that wait for their time, oldest first. They come nearly in order. */
export class DelayLine {
  private times: number[] = [];
  private counts: number[] = [];
  private head = 0;

  get empty(): boolean {
    return this.head === this.times.length;
  }

  /** When the oldest falls due; Infinity when nothing waits. */
  get next(): number {
    return this.empty ? Number.POSITIVE_INFINITY : this.times[this.head]!;
  }

  add(time: number, count: number): void {
    const { times, counts } = this;
    let place = times.length;
    while (place > this.head && times[place - 1]! > time) place--;
    if (place > this.head && times[place - 1] === time) counts[place - 1]! += count;
    else if (place === times.length) {
      times.push(time);
      counts.push(count);
    } else {
      times.splice(place, 0, time);
      counts.splice(place, 0, count);
    }
  }

  /** Takes the oldest away. Only while there is one. @returns its count */
  shift(): number {
    const count = this.counts[this.head++]!;
    // What has been taken is dropped when it is the larger part: each is moved once on average.
    if (this.head * 2 > this.times.length) {
      this.times = this.times.slice(this.head);
      this.counts = this.counts.slice(this.head);
      this.head = 0;
    }
    return count;
  }
}
