import type { QualityCell } from "../../domain/quality/quality-cell.ts";

/** Ways of providers of which something is said in the log: once when it begins, and once when it is over. */
export class NotedWays {
  private ways = new Map<string, QualityCell>();
  private readonly begins: (way: QualityCell) => void;
  private readonly isOver: (way: QualityCell) => void;

  constructor(begins: (way: QualityCell) => void, isOver: (way: QualityCell) => void) {
    this.begins = begins;
    this.isOver = isOver;
  }

  get size(): number {
    return this.ways.size;
  }

  /** All of which it is so now. */
  note(cells: Iterable<QualityCell>): void {
    const now = new Map<string, QualityCell>();
    for (const cell of cells) now.set(nameOf(cell), cell);
    for (const [name, cell] of now) if (!this.ways.has(name)) this.begins({ ...cell });
    for (const [name, cell] of this.ways) if (!now.has(name)) this.isOver({ ...cell });
    this.ways = now;
  }
}

function nameOf({ provider, country, network, lane }: QualityCell): string {
  return `${provider}/${country}/${network ?? ""}/${lane}`;
}
