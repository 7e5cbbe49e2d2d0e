import { idForms } from "../../../domain/receipts/provider-message-id.ts";
import { foldReceipt, type PartState } from "../../../domain/receipts/receipt-lattice.ts";
import type { Receipt } from "../../../schemas/generated/types.ts";
import { Chain, type Link } from "./chain.ts";

/** What one receipt says, or several folded into one. */
interface Said {
  /** The one that gave the state. */
  receipt: Receipt;
  state: PartState;
  /** When the last one that changed the state reached Sluice, epoch milliseconds. */
  receivedAt: number;
}

/** A receipt of an id that has several. */
interface Heard extends Said {
  /** Append time of the last one that said so, epoch milliseconds. */
  since: number;
}

/** Different receipts of one id that are kept apart; further ones join the last. */
const MOST_HEARD = 8;

/** A receipt, or several of one id folded into one, whose submission has not been read yet. */
export interface EarlyReceipt {
  /** The one that gave the state. It names the message of the first of them. */
  receipt: Receipt;
  /** The provider's id, canonical. */
  readonly id: string;
  /** Offset in sms.receipts of the first of them. */
  readonly offset: number;
  /** Append time of the first of them, epoch milliseconds. */
  readonly since: number;
  state: PartState;
  /** When the last one that changed the state reached Sluice. */
  receivedAt: number;
  /** Append time of the last of them, epoch milliseconds. */
  latest: number;
  /** Each of them, where they are several: an id may be given again, and what came before a submission is another's. */
  heard: Heard[] | undefined;
  /** May still be taken for the receipt of a submission in doubt. */
  fresh: boolean;
  link: Link<EarlyReceipt>;
}

export type Unmatched = Omit<EarlyReceipt, "fresh" | "heard" | "latest" | "link">;

/**
 * Receipts that came before their `submitted` event. Bounded by count; age is the owner's business. Ordered by arrival,
 * so the first one says from where sms.receipts must be read back.
 */
export class EarlyReceipts {
  private readonly most: number;
  /** By provider, id and destination. */
  private readonly byId = new Map<string, EarlyReceipt>();
  private readonly byMessage = new Map<string, EarlyReceipt[]>();
  /** Those that name no message, by destination; many may be of one busy number. */
  private readonly byPlace = new Map<string, EarlyReceipt | Set<EarlyReceipt>>();
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
    const key = keyOf(receipt.receipt.provider, receipt.id, receipt.receipt.to);
    const known = this.byId.get(key);
    if (known !== undefined) {
      known.heard ??= [heardOf(known)];
      hear(known.heard, heardOf(receipt));
      known.latest = receipt.since;
      join(known, receipt);
      return undefined;
    }
    const evicted = this.byId.size >= this.most ? this.oldest : undefined;
    if (evicted !== undefined) this.remove(evicted);
    const early = receipt as EarlyReceipt;
    early.latest = early.since;
    early.heard = undefined;
    early.fresh = true;
    early.link = this.waiting.append(early);
    this.byId.set(key, early);
    const { messageId } = early.receipt;
    if (messageId === null) this.enterPlace(early);
    else this.byMessage.set(messageId, (this.byMessage.get(messageId) ?? []).concat(early));
    return evicted;
  }

  /** The receipt of a provider's id for a destination, removed. What came before `notBefore` (epoch ms) is another's, and stays. */
  take(provider: string, id: string, to: string, notBefore: number): Unmatched | undefined {
    if (this.byId.size === 0) return undefined;
    let early = this.byId.get(keyOf(provider, id, to));
    if (early === undefined) {
      const forms = idForms(id);
      for (let i = 1; i < forms.length && early === undefined; i++)
        early = this.byId.get(keyOf(provider, forms[i]!, to));
    }
    return early === undefined ? undefined : this.takeSince(early, notBefore);
  }

  /** What came at `notBefore` (epoch ms) or after, removed; the rest stays where it is. */
  takeSince(early: EarlyReceipt, notBefore: number): Unmatched | undefined {
    const { heard = [] } = early;
    if (early.latest < notBefore) return undefined;
    const before = early.since < notBefore ? heard.filter(({ since }) => since < notBefore) : [];
    if (before.length === 0) {
      this.remove(early);
      return early;
    }
    const { messageId, inbound } = early.receipt;
    const after = folded(heard.filter(({ since }) => since >= notBefore));
    const { receipt, state, receivedAt } = folded(before);
    early.receipt = { ...receipt, messageId, inbound };
    early.state = state;
    early.receivedAt = receivedAt;
    early.latest = Math.max(...before.map(({ since }) => since));
    early.heard = before.length > 1 ? before : undefined;
    return { ...after, id: early.id, offset: early.offset };
  }

  /** The receipts that name this message, of one provider; they stay until they are removed. */
  ofMessage(messageId: string, provider: string): EarlyReceipt[] {
    return this.byMessage.get(messageId)?.filter((early) => early.receipt.provider === provider) ?? [];
  }

  /** The receipts of this provider and destination that name no message, oldest first; they stay until they are removed. */
  ofPlace(provider: string, to: string): EarlyReceipt[] {
    const found = this.byPlace.get(to);
    if (found === undefined) return [];
    return (found instanceof Set ? [...found] : [found]).filter(({ receipt }) => receipt.provider === provider);
  }

  /** It has been tried against submissions in doubt; from now on it only waits for its own submission. */
  markTried(early: EarlyReceipt): void {
    this.waiting.remove(early.link);
    early.fresh = false;
    early.link = this.tried.append(early);
  }

  /** Those that came by then, epoch milliseconds, have been tried by an earlier owner. */
  markTriedUpTo(time: number): void {
    for (let first = this.waiting.first; first !== undefined && first.since <= time; first = this.waiting.first)
      this.markTried(first);
  }

  remove(early: EarlyReceipt): void {
    const { provider, to, messageId } = early.receipt;
    (early.fresh ? this.waiting : this.tried).remove(early.link);
    this.byId.delete(keyOf(provider, early.id, to));
    if (messageId === null) {
      this.leavePlace(early);
      return;
    }
    const others = this.byMessage.get(messageId)!.filter((other) => other !== early);
    if (others.length === 0) this.byMessage.delete(messageId);
    else this.byMessage.set(messageId, others);
  }

  private enterPlace(early: EarlyReceipt): void {
    const place = early.receipt.to;
    const others = this.byPlace.get(place);
    if (others === undefined) this.byPlace.set(place, early);
    else if (others instanceof Set) others.add(early);
    else this.byPlace.set(place, new Set([others, early]));
  }

  private leavePlace(early: EarlyReceipt): void {
    const place = early.receipt.to;
    const others = this.byPlace.get(place);
    if (others === early) this.byPlace.delete(place);
    else if (others instanceof Set && others.delete(early) && others.size === 0) this.byPlace.delete(place);
  }
}

function heardOf({ receipt, state, receivedAt, since }: Heard): Heard {
  return { receipt, state, receivedAt, since };
}

/** One that says the same again is the same, from now. */
function hear(heard: Heard[], one: Heard): void {
  const { state, errorCode, doneAt } = one.state;
  const same = heard.find(
    (of) => of.state.state === state && of.state.errorCode === errorCode && of.state.doneAt === doneAt,
  );
  if (same === undefined && heard.length < MOST_HEARD) heard.push(one);
  else {
    const into = same ?? heard.at(-1)!;
    join(into, one);
    into.since = one.since;
  }
}

function folded([first, ...others]: readonly Heard[]): Heard {
  const all = heardOf(first!);
  for (const one of others) {
    join(all, one);
    all.since = Math.min(all.since, one.since);
  }
  return all;
}

function join(into: Said, one: Said): void {
  const state = foldReceipt(into.state, one.state);
  if (state.state !== into.state.state) {
    const { messageId, inbound } = into.receipt;
    into.receivedAt = one.receivedAt;
    into.receipt = { ...one.receipt, messageId, inbound };
  }
  // With one that is marked as a receipt the others of its id are no messages from a handset either.
  if (one.receipt.inbound === null) into.receipt = { ...into.receipt, inbound: null };
  into.state = state;
}

function keyOf(provider: string, id: string, to: string): string {
  return `${provider}/${id}/${to}`;
}
