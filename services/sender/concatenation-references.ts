/** Pairs of sender and recipient that are remembered; about 150 bytes each. */
const CAPACITY = 20_000;

interface Last {
  readonly messageId: string;
  readonly reference: number;
}

/**
 * The references of concatenated messages (3GPP TS 23.040, 9.2.3.24.1): a handset joins parts by sender and reference, of which
 * there are 256, so each message of a sender to a recipient has the next one. All of a provider's messages to a recipient
 * pass one process at a time; what another one gave is not known, and the first is then taken from the message's id.
 */
export class ConcatenationReferences {
  private readonly capacity: number;
  private readonly last = new Map<string, Last>();

  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
  }

  /** 0 … 255. The same message, prepared again, has the reference that it had: its parts still fit. */
  of(from: string | null, to: string, messageId: string): number {
    const key = `${to}/${from ?? ""}`;
    const last = this.last.get(key);
    if (last?.messageId === messageId) return last.reference;
    const reference = last === undefined ? firstReference(messageId) : (last.reference + 1) & 0xff;
    this.last.delete(key);
    this.last.set(key, { messageId, reference });
    if (this.last.size > this.capacity) this.forgetOldest();
    return reference;
  }

  private forgetOldest(): void {
    for (const oldest of this.last.keys()) {
      this.last.delete(oldest);
      return;
    }
  }
}

/** 8 bits from the end of the message id, where its random digits are; of an id in another form, a sum over it. */
function firstReference(messageId: string): number {
  const tail = Number.parseInt(messageId.slice(-2), 16);
  if (!Number.isNaN(tail)) return tail;
  let sum = 0;
  for (let i = 0; i < messageId.length; i++) sum = (sum * 31 + messageId.charCodeAt(i)) & 0xff;
  return sum;
}
