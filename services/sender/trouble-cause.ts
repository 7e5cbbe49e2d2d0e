import { isCertificateFault } from "./certificate-fault.ts";

/** Kinds of reasons why nothing goes to a provider: few and fixed, so that an alert can say what is to be done. */
export type TroubleCause =
  | "account"
  | "bind-refused"
  | "certificate"
  | "drained"
  | "failing"
  | "link"
  | "quota"
  | "removed"
  | "silent"
  | "throttled";

/** What the circuit says of a provider that the catalog does not have any more, or has out of use. */
export const REMOVED = "removed from the catalog";
export const OUT_OF_USE = "out of use by the catalog";

/** The cause of all troubles of a provider that is drained: work on its side is what that is for, and nobody is called. */
export const DRAINED: TroubleCause = "drained";

/** Answers about the account and not about a message: credentials, rights, a balance (class `link` in domain/message/submit-answers.json). */
const ACCOUNT = /^(401|402|403|407|10001|20003|20005|ESME_RINVPASWD|ESME_RINVSYSID|ESME_RINVSYSTYP|ESME_RPROHIBITED)$/;

/** The kind of a circuit's trouble, from what it says to people (circuit.ts). */
export function troubleCause(trouble: string): TroubleCause {
  const why = trouble.replace(/^on trial: /, "");
  if (why.includes("bind refused")) return "bind-refused";
  if (why.startsWith("no link")) return "link";
  if (why === "quota-reached") return "quota";
  if (why.startsWith("throttled")) return "throttled";
  if (why.startsWith("no answer")) return "silent";
  if (why === REMOVED || why === OUT_OF_USE) return "removed";

  if (isCertificateFault(why)) return "certificate";
  return ACCOUNT.test(why) ? "account" : "failing";
}
