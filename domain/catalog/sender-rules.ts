import { senderKind } from "../message/sender-id.ts";
import type { Provider } from "./provider.ts";

/** Names that the Twilio contract takes: at least one letter, and of other characters only these. */
const TWILIO_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}$/;

/**
 * Whether messages from this sender can go through the provider. SMPP carries any sender that is one at all (source_addr is
 * ASCII: SMPP 3.4, 5.2.8), the Twilio contract fewer names.
 */
export function carriesSender(provider: Provider, from: string | undefined): boolean {
  // The provider's own sender stands in.
  if (from === undefined) return true;
  const kind = senderKind(from);
  return kind === "alphanumeric" && provider.kind !== "smpp" ? TWILIO_NAME.test(from) : kind !== undefined;
}
