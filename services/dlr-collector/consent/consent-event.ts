import { hash } from "node:crypto";
import type { ConsentWord } from "../../../domain/consent/consent-word.ts";

/** A change of a suppression, as an account's CRM is told of it (docs/consent.md). */
export interface ConsentEvent {
  /** The same whenever this word is told. */
  readonly id: string;
  readonly type: "suppression.changed";
  readonly account: string;
  /** E.164 with its plus. */
  readonly number: string;
  readonly suppressed: boolean;
  /** keyword: the recipient; api, webhook: the account; import: an operator. */
  readonly source: string;
  /** When it was said, RFC 3339 in UTC. */
  readonly at: string;
}

export function consentEvent(
  account: string,
  destination: string,
  { state, source, at }: Pick<ConsentWord, "state" | "source" | "at">,
): ConsentEvent {
  return {
    id: hash("sha256", [account, destination, state, at].join(":"), "hex").slice(0, 32),
    type: "suppression.changed",
    account,
    number: `+${destination}`,
    suppressed: state === "opted_out",
    source,
    at: new Date(at).toISOString(),
  };
}

/** `webhook-id` of a request: the same for the same events alone, since who takes requests may remember it and pass over another one that has it. */
export function requestId(events: readonly Pick<ConsentEvent, "id">[]): string {
  return hash("sha256", events.map(({ id }) => id).join(), "hex").slice(0, 32);
}
