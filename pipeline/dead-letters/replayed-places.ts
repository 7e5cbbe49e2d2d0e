import type { LetterPlace } from "./replay-mark.ts";

/** Places that one page tells of, and its octets. */
const PAGE_PLACES = 1 << 16;
const PAGE_BYTES = PAGE_PLACES / 8;

/**
 * Which letters have been replayed, a bit each: at the most an octet for every eight records of the topic, however many of them
 * were replayed.
 */
export class ReplayedPlaces {
  /** By partition and the place's page in it. */
  private readonly pages = new Map<string, Uint8Array>();

  add({ partition, offset }: LetterPlace): void {
    const name = pageOf(partition, offset);
    let page = this.pages.get(name);
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES);
      this.pages.set(name, page);
    }
    const at = offset % PAGE_PLACES;
    page[at >> 3]! |= 1 << (at & 7);
  }

  has({ partition, offset }: LetterPlace): boolean {
    const at = offset % PAGE_PLACES;
    return ((this.pages.get(pageOf(partition, offset))?.[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }

  /** Memory that it takes, octets. */
  get bytes(): number {
    return this.pages.size * PAGE_BYTES;
  }
}

function pageOf(partition: number, offset: number): string {
  return `${partition}/${Math.floor(offset / PAGE_PLACES)}`;
}
