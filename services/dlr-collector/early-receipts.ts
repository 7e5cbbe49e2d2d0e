import { idForms } from "../../domain/receipts/provider-message-id.ts";
import { foldReceipt, type PartState } from "../../domain/receipts/receipt-lattice.ts";
import { Chain, type Link } from "./chain.ts";

/** A receipt, or several of one id folded into one, whose submission has not been read yet. */
export interface EarlyReceipt {
  readonly provider: string;
  /** Canonical. */
  readonly id: string;
  readonly to: string;
  readonly messageId: string | undefined;
  /** Offset in sms.receipts of the first of them. */
  readonly offset: number;
  /** Append time of the first of them, epoch milliseconds. */
  readonly since: number;
  state: PartState;
  /** When the last one that changed the state reached Sluice. */
  receivedAt: number;
  /** May still be taken for the receipt of a submission in doubt. */
  fresh: boolean;
  link: Link<EarlyReceipt>;
}

export type Unmatched = Omit<EarlyReceipt, "link">;

/**
 * Receipts that came before their `submitted` event. Bounded by count; age is the owner's business. Ordered by arrival,
 * so the first one says from where sms.receipts must be read back.
 */
export class EarlyReceipts {
  private readonly most: number;
  private readonly byId = new Map<string, EarlyReceipt>();
  private readonly byMessage = new Map<string, EarlyReceipt[]>();
  /** Those that name no message, by provider and destination. */
  private readonly byPlace = new Map<string, EarlyReceipt[]>();
  private readonly waiting = new Chain<EarlyReceipt>();
  private readonly tried = new Chain<EarlyReceipt>();

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.byId.size;
  }

  /** The oldest of all. */
  get oldest(): EarlyReceipt | undefined {
    return this.tried.first ?? this.waiting.first;
  }

  /** The oldest that has not been tried against submissions in doubt. */
  get oldestFresh(): EarlyReceipt | undefined {
    return this.waiting.first;
  }

  /** @returns the oldest receipt when it had to make room */
  add(receipt: Unmatched): EarlyReceipt | undefined {
    const key = keyOf(receipt.provider, receipt.id);
    const known = this.byId.get(key);
    if (known !== undefined) {
      const folded = foldReceipt(known.state, receipt.state);
      if (folded !== known.state) known.receivedAt = receipt.receivedAt;
      known.state = folded;
      return undefined;
    }
    const evicted = this.byId.size >= this.most ? this.oldest : undefined;
    if (evicted !== undefined) this.remove(evicted);
    const early = receipt as EarlyReceipt;
    early.link = (receipt.fresh ? this.waiting : this.tried).append(early);
    this.byId.set(key, early);
    if (early.messageId === undefined) enter(this.byPlace, keyOf(early.provider, early.to), early);
    else enter(this.byMessage, early.messageId, early);
    return evicted;
  }

  /** The receipt of a provider's id, removed; in another notation of the id only for the same destination. */
  take(provider: string, id: string, to: string): EarlyReceipt | undefined {
    if (this.byId.size === 0) return undefined;
    let early = this.byId.get(keyOf(provider, id));
    if (early === undefined) {
      const forms = idForms(id);
      for (let i = 1; i < forms.length && early === undefined; i++) {
        const other = this.byId.get(keyOf(provider, forms[i]!));
        if (other?.to === to) early = other;
      }
    }
    if (early !== undefined) this.remove(early);
    return early;
  }

  /** The receipts that name this message, of one provider; they stay until they are removed. */
  ofMessage(messageId: string, provider: string): EarlyReceipt[] {
    return this.byMessage.get(messageId)?.filter((early) => early.provider === provider) ?? [];
  }

  /** The receipts of this provider and destination that name no message and have been tried; they stay until they are removed. */
  triedOf(provider: string, to: string): EarlyReceipt[] {
    return this.byPlace.get(keyOf(provider, to))?.filter((early) => !early.fresh) ?? [];
  }

  /** It has been tried against submissions in doubt; from now on it only waits for its own submission. */
  markTried(early: EarlyReceipt): void {
    this.waiting.remove(early.link);
    early.fresh = false;
    early.link = this.tried.append(early);
  }

  remove(early: EarlyReceipt): void {
    (early.fresh ? this.waiting : this.tried).remove(early.link);
    this.byId.delete(keyOf(early.provider, early.id));
    if (early.messageId === undefined) leave(this.byPlace, keyOf(early.provider, early.to), early);
    else leave(this.byMessage, early.messageId, early);
  }
}

function keyOf(provider: string, id: string): string {
  return `${provider}/${id}`;
}

function enter(lists: Map<string, EarlyReceipt[]>, key: string, early: EarlyReceipt): void {
  const others = lists.get(key);
  if (others === undefined) lists.set(key, [early]);
  else others.push(early);
}

function leave(lists: Map<string, EarlyReceipt[]>, key: string, early: EarlyReceipt): void {
  const others = lists.get(key)!.filter((other) => other !== early);
  if (others.length === 0) lists.delete(key);
  else lists.set(key, others);
}
