import { ALL_ACCOUNTS } from "../../../domain/consent/consent-word.ts";
import { parseDestination } from "../../../domain/numbers/destination.ts";
import { type ConsentLog, standingOf } from "../../../pipeline/follow/last-words.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import { inTime } from "./in-time.ts";

/** A word that holds of a number. */
export interface ConsentLine {
  /** Null: all accounts. */
  readonly account: string | null;
  readonly state: string;
  readonly source: string;
  /** When it was said, epoch ms. */
  readonly at: number;
  readonly detail: string | null;
  /** By this word, and by what holds for all accounts, nothing goes to the number. */
  readonly suppressed: boolean;
}

export interface ConsentFound {
  /** E.164 with the plus. */
  readonly number: string;
  /** What holds for all accounts first. */
  readonly words: readonly ConsentLine[];
}

/** Each reads a partition of sms.consent from its start. */
const MAX_AT_ONCE = 2;

/** sms.consent as the page sees it: the words of one number, read anew for each question; nothing is held. */
export class ConsentDesk {
  private readonly log: ConsentLog;
  private atOnce = 0;

  constructor(log: ConsentLog) {
    this.log = log;
  }

  /**
   * @param number as people write it, in international form
   * @throws ProblemError 400 naming what is wrong with the number; SluiceError of class transient or throttled
   */
  async of(number: unknown): Promise<ConsentFound> {
    const parsed = parseDestination(typeof number === "string" ? number : "");
    if (!parsed.ok) {
      const detail = `number: ${parsed.reason}`;
      throw new ProblemError({ status: 400, code: "INVALID_NUMBER", title: "The number is not valid", detail });
    }
    if (this.atOnce >= MAX_AT_ONCE)
      throw new SluiceError("too many look-ups of who has said stop", { code: "TOO_BUSY", class: "throttled" });
    this.atOnce++;
    const work = standingOf(this.log, parsed.e164).finally(() => {
      this.atOnce--;
    });
    const words = (await inTime(work)).map(({ accountId, word: { state, source, at }, detail, suppressed }) => ({
      account: accountId === ALL_ACCOUNTS ? null : accountId,
      ...{ state, source, at, detail, suppressed },
    }));
    return { number: `+${parsed.e164}`, words };
  }
}
