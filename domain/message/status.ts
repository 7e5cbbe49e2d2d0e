/** The one state every accepted message ends in. */
export const terminalStatuses = [
  /** The handset has it. */
  "delivered",
  /** The network tried and could not. */
  "undelivered",
  /** No provider could be made to take it, or a provider failed after taking it. */
  "failed",
  /** Its validity ran out first. */
  "expired",
  /** Refused for what it is: its destination, sender, content, or the recipient's opt-out. */
  "rejected",
  /** Submitted, and no receipt came by the deadline. */
  "unknown",
] as const;

export type TerminalStatus = (typeof terminalStatuses)[number];

/** States on the way, in the order in which a message passes through them; `retrying` leads back to `routed`. */
export const intermediateStatuses = ["accepted", "routed", "submitted", "retrying"] as const;

export type IntermediateStatus = (typeof intermediateStatuses)[number];

export type MessageStatus = IntermediateStatus | TerminalStatus;

const terminal: ReadonlySet<string> = new Set(terminalStatuses);

export function isTerminalStatus(status: string): status is TerminalStatus {
  return terminal.has(status);
}
