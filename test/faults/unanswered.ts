import type { Installation } from "./installation.ts";

/**
 * What stood unanswered at the providers at each kill of a sender, by what they say themselves: messages that they had
 * accepted, of which the dead sender cannot have read that.
 */
export class UnansweredLedger {
  /** References of each kill. */
  readonly kills: ReadonlySet<string>[] = [];
  private readonly installation: Installation;
  private readonly known = new Set<string>();

  constructor(installation: Installation) {
    this.installation = installation;
  }

  /** To be called when the sender is dead, and before another one submits. */
  async note(): Promise<void> {
    const lists = await Promise.all(
      Object.values(this.installation.simulators).map(
        async (url) => (await (await fetch(`${url}/unanswered`)).json()) as string[],
      ),
    );
    // What is without an answer stays so when its connection has ended: all but the new ones belong to earlier kills.
    const found = new Set(lists.flat().filter((reference) => !this.known.has(reference)));
    for (const reference of found) this.known.add(reference);
    this.kills.push(found);
  }

  get total(): number {
    return this.known.size;
  }

  has(reference: string): boolean {
    return this.known.has(reference);
  }
}
