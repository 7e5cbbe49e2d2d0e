import { randomInt } from "node:crypto";

/** Characters of a message_id that an SMPP 3.3 client takes: its field has nine octets, the last of which is the NUL. */
export const SHORT_ID_LENGTH = 8;

/** Which source of ids it is, of so many … */
const SOURCES = 2 ** 10;
/** … and how many each gives out before it begins again: eight months of them at a hundred a second. */
const PER_SOURCE = 2 ** 31;

/**
 * Message ids of eight characters, 0-9 and a-z, for clients that take no longer ones. Eight characters have no room for an id that
 * is never given twice: each process counts up from a place that is drawn at its start, so that two messages of one account share an
 * id only where two processes have drawn places that overlap, one time in millions.
 */
export class ShortIds {
  private readonly source: number;
  private next: number;

  constructor(draw: (below: number) => number = randomInt) {
    this.source = draw(SOURCES);
    this.next = draw(PER_SOURCE);
  }

  take(): string {
    const id = (this.source * PER_SOURCE + this.next).toString(36).padStart(SHORT_ID_LENGTH, "0");
    this.next = (this.next + 1) % PER_SOURCE;
    return id;
  }
}
