import type { DeadLetterBox } from "../../../pipeline/dead-letters/dead-letter-box.ts";
import { type ContentCodecs, loadContent } from "../../../pipeline/dead-letters/letter-content.ts";
import type { FoundLetters, LetterFilter, LetterSummary } from "../../../pipeline/dead-letters/letter-search.ts";
import { type LetterPlace, placeText } from "../../../pipeline/dead-letters/replay-mark.ts";
import { shownLetter } from "../../../pipeline/dead-letters/show-letter.ts";
import { SluiceError } from "../../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../../platform/http/problem.ts";
import { mayAs, type Role } from "../access/roles.ts";
import { type DeadLetter, type DeadLetters, MOST_LETTERS } from "./dead-letters.ts";
import { inTime } from "./in-time.ts";

/** Looks through the topic at once: each reads it from the filter's time on. */
const MAX_AT_ONCE = 2;

/** Whether the filter asks for what only the record itself says. */
export function needsRecords({ account, provider, labels }: LetterFilter): boolean {
  return account !== undefined || provider !== undefined || labels !== undefined;
}

/** Dead letters as they stand in sms.dead-letter, with their records. */
export class LettersInLog {
  private readonly box: Pick<DeadLetterBox, "find" | "read">;
  private readonly codecs: ContentCodecs;
  private atOnce = 0;

  constructor(box: Pick<DeadLetterBox, "find" | "read">, codecs: ContentCodecs) {
    this.box = box;
    this.codecs = codecs;
  }

  /** As `sluice dead-letters list` finds them. @throws SluiceError of class transient or throttled */
  find(filter: LetterFilter): Promise<DeadLetters> {
    return this.bounded(async () => {
      const found = await this.box.find(filter, { most: MOST_LETTERS, which: "newest" });
      return { reasons: reasonsOf(found), letters: found.letters.map(row).reverse(), matched: found.matched };
    });
  }

  /** As `sluice dead-letters show` shows it: texts, numbers and octets are for operators. @throws ProblemError 404; SluiceError */
  show(place: LetterPlace, role: Role): Promise<Record<string, unknown>> {
    return this.bounded(async () => {
      const [letter] = await this.box.read([place]);
      if (letter === undefined) {
        const detail = `sms.dead-letter has no letter at ${placeText(place)}: Kafka keeps them for a time only`;
        throw new ProblemError({ status: 404, code: "NO_SUCH_LETTER", title: "There is no such letter", detail });
      }
      return shownLetter(letter, await loadContent(this.codecs, letter.content), mayAs(role, "operator"));
    });
  }

  private async bounded<Value>(look: () => Promise<Value>): Promise<Value> {
    if (this.atOnce >= MAX_AT_ONCE)
      throw new SluiceError("too many looks through the dead letters", { code: "TOO_BUSY", class: "throttled" });
    this.atOnce++;
    const work = look().finally(() => {
      this.atOnce--;
    });
    return inTime(work);
  }
}

/** Counts stand by reason and topic, with a tab between. */
function reasonsOf({ counts }: FoundLetters): DeadLetters["reasons"] {
  const sums = new Map<string, number>();
  for (const [kind, count] of counts) {
    const [reason = ""] = kind.split("\t");
    sums.set(reason, (sums.get(reason) ?? 0) + count);
  }
  return [...sums].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

function row({ storedAt, reason, detail, service, topic, messageId, replayedAt, ...place }: LetterSummary): DeadLetter {
  return {
    at: new Date(storedAt).toISOString(),
    letter: placeText(place),
    replayed: replayedAt === undefined ? 0 : 1,
    ...{ reason, detail, service, topic },
    partition: null,
    offset: null,
    messageId: messageId ?? "",
  };
}
