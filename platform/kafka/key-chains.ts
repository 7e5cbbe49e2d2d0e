import type { Work } from "./dispatch-handler.ts";

/** Works handed over one after the other: of each key one is in flight, the later ones wait behind it, in order. */
export class KeyChains<W> {
  private readonly chains = new Map<string, Work<W>[]>();
  /** Works that wait, of all keys. */
  waiting = 0;

  /** Keys with a work in flight. */
  get size(): number {
    return this.chains.size;
  }

  /** How many wait behind the one in flight; undefined: none is in flight. */
  waitingOf(key: string): number | undefined {
    return this.chains.get(key)?.length;
  }

  /** The first of its key: it is in flight from now on. */
  open(key: string): void {
    this.chains.set(key, []);
  }

  /** Waits behind the one in flight. */
  add(work: Work<W>): void {
    this.chains.get(work.key)!.push(work);
    this.waiting++;
  }

  /** The one in flight has ended: the next one, which is in flight from now on; undefined when none waits. */
  next(key: string): Work<W> | undefined {
    const next = this.chains.get(key)!.shift();
    if (next === undefined) this.chains.delete(key);
    else this.waiting--;
    return next;
  }

  /** Removes all that wait; those in flight stay. */
  clearWaiting(): Work<W>[] {
    if (this.waiting === 0) return [];
    this.waiting = 0;
    return [...this.chains.values()].flatMap((chain) => chain.splice(0));
  }
}
