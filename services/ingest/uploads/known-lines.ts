/** Lines of a page: what is kept of a file that is accepted line by line comes to four octets a line. */
const PAGE_LINES = 1_024;
const PAGE_OCTETS = 4 * PAGE_LINES;

/** What has been accepted of the lines of an upload: a fingerprint of each, 1 to 2^32 - 1. */
export class KnownLines {
  readonly #pages = new Map<number, Uint32Array>();
  readonly #takeOctets: (octets: number) => boolean;

  /** @param takeOctets asked before memory is taken. */
  constructor(takeOctets: (octets: number) => boolean = () => true) {
    this.#takeOctets = takeOctets;
  }

  /** 0: nothing was accepted of this line. */
  get(line: number): number {
    return this.#pages.get(Math.floor(line / PAGE_LINES))?.[line % PAGE_LINES] ?? 0;
  }

  /** @returns false where there is no memory for it */
  set(line: number, fingerprint: number): boolean {
    const number = Math.floor(line / PAGE_LINES);
    let page = this.#pages.get(number);
    if (page === undefined) {
      if (!this.#takeOctets(PAGE_OCTETS)) return false;
      page = new Uint32Array(PAGE_LINES);
      this.#pages.set(number, page);
    }
    page[line % PAGE_LINES] = fingerprint;
    return true;
  }

  /** Octets that {@link KnownLines.set} has taken. */
  get octets(): number {
    return this.#pages.size * PAGE_OCTETS;
  }
}
