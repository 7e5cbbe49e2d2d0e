import type { Choice } from "./choose-provider.ts";

/** Reasons that are codes. */
const OWN: ReadonlySet<string> = new Set(["price-cap", "loss-stop", "sender-not-allowed", "cap-reached"]);

/** The code that a message ends with which nobody takes. */
export function refusalCode({ reason, candidates }: Extract<Choice, { ok: false }>): string {
  if (OWN.has(reason)) return reason;
  // As a request is refused whose sender nobody carries, or nobody has registered.
  if (candidates.some(({ verdict }) => verdict === "sender-not-carried")) return "sender-invalid";
  return candidates.some(({ verdict }) => verdict === "sender-not-registered") ? "sender-not-allowed" : reason;
}

/** Codes that say that the message itself is at fault: its sender cannot be used for its destination. */
export const senderCodes: ReadonlySet<string> = new Set(["sender-invalid", "sender-not-allowed"]);
