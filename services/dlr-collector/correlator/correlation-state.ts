/** From where the next owner of a partition rebuilds its state: the text in the commit. */
export interface CorrelationState {
  /** Offset in sms.events. */
  readonly events: number;
  /** Offset in sms.receipts. */
  readonly receipts: number;
}

export function formatState({ events, receipts }: CorrelationState): string {
  return `1:${events}:${receipts}`;
}

/**
 * Undefined for the empty text of a group that has not committed yet.
 * @throws Error on text that `formatState` did not give: to go on without it would lose messages.
 */
export function parseState(text: string): CorrelationState | undefined {
  if (text === "") return undefined;
  const match = /^1:(\d+):(\d+)$/.exec(text);
  if (match === null)
    throw new Error(
      `Commit metadata ${JSON.stringify(text)} is not the correlator's; another program commits in its group`,
    );
  return { events: Number(match[1]), receipts: Number(match[2]) };
}
