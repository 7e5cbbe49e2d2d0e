import { type HttpAnswerClass, httpAnswers, type StatusMeaning, twilioAnswers } from "./submit-answers.ts";
import type { SubmitOutcome } from "./submit-outcome.ts";

/** A provider's own meanings, by HTTP status or by code of its API. */
export type HttpMeanings = ReadonlyMap<number, HttpAnswerClass>;

/** Codes of an API begin here; what is smaller is an HTTP status. */
export const FIRST_API_CODE = 1_000;

/**
 * What an answer to POST Messages means, by submit-answers.json: the code of the API decides, and where it is not known the status. `own`: the
 * provider's meanings, each of which goes before the table's of the same kind.
 *
 * Only the API can refuse a message, and it does so with a code of its own: without one a 4xx is the word of a proxy or of another server that
 * stands at the address, and no message may end by it. What is too large or at odds for something in between is tried again, elsewhere first, and
 * not forever. A redirect is not followed, so the message was not taken; 303 alone says that it was, and that its answer stands elsewhere.
 */
export function classifyHttpAnswer(status: number, code?: number, own?: HttpMeanings): SubmitOutcome {
  if (status >= 200 && status < 300) return "accepted";
  const byCode = code === undefined ? undefined : (ownOfCode(code, own) ?? twilioAnswers[code]?.class);
  if (byCode !== undefined) return byCode;
  const given = own?.get(status);
  if (given !== undefined) return given;
  const { class: byStatus, withCode } = meaningOf(status);
  return code === undefined ? byStatus : (withCode ?? byStatus);
}

function ownOfCode(code: number, own: HttpMeanings | undefined): HttpAnswerClass | undefined {
  return code < FIRST_API_CODE ? undefined : own?.get(code);
}

/** What no status can be is taken for a fault of the link, as what stands for nothing there. */
function meaningOf(status: number): StatusMeaning {
  return httpAnswers[status] ?? httpAnswers[`${Math.floor(status / 100)}xx`] ?? httpAnswers["3xx"]!;
}
