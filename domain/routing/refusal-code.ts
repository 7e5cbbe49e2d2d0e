import type { Choice } from "./choose-provider.ts";

/** The code that a message ends with which nobody takes. */
export function refusalCode({ reason, candidates }: Extract<Choice, { ok: false }>): string {
  if (reason === "price-cap" || reason === "sender-not-allowed" || reason === "cap-reached") return reason;
  // As a request is refused whose sender nobody carries, or nobody has registered.
  if (candidates.some(({ verdict }) => verdict === "sender-not-carried")) return "sender-invalid";
  return candidates.some(({ verdict }) => verdict === "sender-not-registered") ? "sender-not-allowed" : reason;
}

/** Codes that say that the message itself is at fault: its sender cannot be used for its destination. */
export const senderCodes: ReadonlySet<string> = new Set(["sender-invalid", "sender-not-allowed"]);
