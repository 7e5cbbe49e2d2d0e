/** What a provider's answer to one submission means for what to do next. */
export const submitOutcomes = [
  /** The provider took responsibility. */
  "accepted",
  /** Too fast: not taken. The link slows down and the same message goes again. */
  "throttled",
  /** Not taken for a reason that may pass. */
  "transient",
  /** Not taken, and this provider never will; another one may. */
  "refused",
  /** Not taken, for what the message itself is (no such destination, opted out): nobody will. */
  "permanent",
  /** The account or link is unusable (credentials, balance, bind state): nothing can be sent there until it is mended. */
  "link",
  /** No answer: it may have been taken. Never to be treated as a failure. */
  "in-doubt",
] as const;

export type SubmitOutcome = (typeof submitOutcomes)[number];

export type SubmitStep =
  | "await-receipt"
  | "submit-again"
  | "route-again"
  | "retry-later"
  | "give-up"
  | "apply-in-doubt-rule";

const steps: Readonly<Record<SubmitOutcome, SubmitStep>> = {
  accepted: "await-receipt",
  throttled: "submit-again",
  transient: "retry-later",
  refused: "route-again",
  permanent: "give-up",
  link: "route-again",
  "in-doubt": "apply-in-doubt-rule",
};

export function nextStep(outcome: SubmitOutcome): SubmitStep {
  return steps[outcome];
}

/** Whether the outcome is evidence that the provider is unwell. Answers about a message or about speed are not. */
export function countsAgainstCircuit(outcome: SubmitOutcome): boolean {
  return outcome === "transient" || outcome === "link" || outcome === "in-doubt";
}

/** The reason that events state for a repeat when an earlier owner of the partition may have submitted the message. */
export const TAKEOVER = "takeover";
