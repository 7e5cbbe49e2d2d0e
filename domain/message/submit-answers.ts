import table from "./submit-answers.json" with { type: "json" };

/** What a provider's refusal of a submission says, by who could still take it; the same words as in `SubmitOutcome`. */
export const answerClasses = [
  /** Too fast, or a queue is full: the whole link slows down, and the same message goes there again. */
  "throttled",
  /** It failed for a reason that may pass, or that nobody names: another try, bounded by the retry policy. */
  "transient",
  /**
   * This provider will not have it, however often it is asked; it is its view, also where it speaks of the destination: some answer
   * ESME_RINVDSTADR when they only have no route. Another provider is asked, this one never again.
   */
  "refused",
  /** Nobody may send it, such as to a recipient who has opted out: nobody else is asked. */
  "permanent",
  /** The account, the bind or the protocol is at fault and not the message: no other would fare better there. */
  "link",
] as const;

export type AnswerClass = (typeof answerClasses)[number];

/** HTTP answers may also leave open whether the message was taken. */
export const httpAnswerClasses = [...answerClasses, "in-doubt"] as const;
export type HttpAnswerClass = (typeof httpAnswerClasses)[number];

export interface AnswerMeaning<Class extends string = AnswerClass> {
  readonly class: Class;
  /** A few words, for people. */
  readonly meaning: string;
}

/** Of an HTTP status. */
export interface StatusMeaning extends AnswerMeaning<HttpAnswerClass> {
  /** The class of an answer that has a code of the API which is not known; undefined: the code changes nothing. */
  readonly withCode?: HttpAnswerClass;
}

/** What each command_status says about a submit_sm, by its standard name. Those of other operations mean nothing to it. */
export const smppAnswers = table.smpp.answers as Readonly<Record<string, AnswerMeaning<AnswerClass | "ok">>>;
/** Any other command_status. */
export const otherSmppAnswer = table.smpp.other as AnswerMeaning;
/** By status, or by its class (`4xx`). */
export const httpAnswers = table.http.answers as Readonly<Record<string, StatusMeaning>>;
/** By the code in an answer of Twilio's Messages contract. */
export const twilioAnswers = table["http-twilio"].answers as Readonly<Record<string, AnswerMeaning>>;
