import { senderKind } from "../message/sender-id.ts";
import type { Provider } from "./provider.ts";

/** Names that the Twilio contract takes: at least one letter, and of other characters only these. */
const TWILIO_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}$/;

/** Which kinds of providers carry a sender. */
export interface SenderFit {
  readonly smpp: boolean;
  readonly http: boolean;
}

const ANYWHERE: SenderFit = { smpp: true, http: true };
const NOWHERE: SenderFit = { smpp: false, http: false };
const BY_SMPP: SenderFit = { smpp: true, http: false };

/**
 * Through whom messages from this sender can go, to be asked once for a message. SMPP carries any sender that is one at all
 * (source_addr is ASCII: SMPP 3.4, 5.2.8), the Twilio contract fewer names. Without a sender the provider's own one stands in.
 */
export function senderFit(from: string | undefined): SenderFit {
  if (from === undefined) return ANYWHERE;
  const kind = senderKind(from);
  if (kind === undefined) return NOWHERE;
  return kind !== "alphanumeric" || TWILIO_NAME.test(from) ? ANYWHERE : BY_SMPP;
}

export function carriesSender({ kind }: Pick<Provider, "kind">, { smpp, http }: SenderFit): boolean {
  return kind === "smpp" ? smpp : http;
}
