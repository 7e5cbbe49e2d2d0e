/** Labels on number prefixes, the longest prefix winning, written down with as few prefixes as an exact tree needs. */
export class PrefixTree {
  private readonly root = new Node();

  /** Gives a prefix its label; a later one of the same prefix wins. */
  set(prefix: string, label: number): void {
    let node = this.root;
    for (const digit of prefix) {
      node.children[Number(digit)] ??= new Node();
      node = node.children[Number(digit)] as Node;
    }
    node.label = label;
  }

  /** The prefixes that say the same as those that were set, by label; label 0 where a longer prefix has none. */
  compact(): Map<number, string[]> {
    const found = new Map<number, string[]>();
    this.root.settle(0);
    this.root.write("", 0, (prefix, label) => {
      const prefixes = found.get(label) ?? [];
      found.set(label, prefixes);
      prefixes.push(prefix);
    });
    return found;
  }
}

/** A label for a subtree that does not have one. */
const MIXED = -1;

class Node {
  readonly children: (Node | undefined)[] = new Array(10).fill(undefined);
  label: number | undefined;
  /** What the whole subtree says, or MIXED. */
  private whole = MIXED;
  /** What is said where there is no child. */
  private own = 0;

  settle(inherited: number): number {
    this.own = this.label ?? inherited;
    const labels = new Set(this.children.map((child) => child?.settle(this.own) ?? this.own));
    this.whole = labels.size === 1 ? ([...labels][0] as number) : MIXED;
    return this.whole;
  }

  write(prefix: string, said: number, out: (prefix: string, label: number) => void): void {
    const label = this.whole === MIXED ? this.ground(said) : this.whole;
    if (label !== said) out(prefix, label);
    if (this.whole !== MIXED) return;
    for (const [digit, child] of this.children.entries()) {
      if (child !== undefined) child.write(prefix + digit, label, out);
      else if (label !== this.own) out(prefix + digit, this.own);
    }
  }

  /** What to say of the node itself, so that the fewest children have to say otherwise. */
  private ground(said: number): number {
    const counts = new Map([[said, 1]]);
    for (const child of this.children) {
      const label = child === undefined ? this.own : child.whole;
      if (label !== MIXED) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    const best = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
    return best[1] > (counts.get(said) as number) ? best[0] : said;
  }
}

/** Neighbours of one length as a range: "150 151 152 160" is "150-152 160". */
export function writeRanges(prefixes: readonly string[]): string {
  const sorted = prefixes.toSorted();
  const ranges: string[] = [];
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to + 1 < sorted.length && follows(sorted[to] as string, sorted[to + 1] as string)) to++;
    ranges.push(from === to ? (sorted[from] as string) : `${sorted[from]}-${sorted[to]}`);
    from = to + 1;
  }
  return ranges.join(" ");
}

function follows(a: string, b: string): boolean {
  return a.length === b.length && Number(b) === Number(a) + 1;
}
