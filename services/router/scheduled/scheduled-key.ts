/** A message that waits in sms.scheduled, and the attempt that it waits for. */
export interface ScheduledKey {
  readonly messageId: string;
  /** E.164 digits. */
  readonly to: string;
  readonly attempt: number;
}

/** Of the record: `<message id>/<destination>/<attempt>`. */
export function scheduledKey({ messageId, to, attempt }: ScheduledKey): string {
  return `${messageId}/${to}/${attempt}`;
}

/** Undefined for a text that `scheduledKey` did not make. */
export function readScheduledKey(text: string): ScheduledKey | undefined {
  const match = /^([\w-]{1,64})\/(\d{1,15})\/(\d{1,5})$/.exec(text);
  return match === null ? undefined : { messageId: match[1]!, to: match[2]!, attempt: Number(match[3]) };
}
