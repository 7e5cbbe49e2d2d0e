import { hash } from "node:crypto";
import { performance } from "node:perf_hooks";
import { commandStatus } from "../../../../../domain/smpp/command-status.ts";
import type { OutgoingShortMessage } from "../../../../../domain/smpp/pdu.ts";
import { SmppEncodeError } from "../../../../../domain/smpp/pdu-encoder.ts";
import type { RequestResult } from "../../../../../domain/smpp/request-result.ts";
import { inboundMessage } from "../../../../../domain/smpp/server/inbound-message.ts";
import { messageStates, type ReceiptState, receiptMessage } from "../../../../../domain/smpp/server/receipt-message.ts";
import type { SmppSession } from "../../../../../domain/smpp/session.ts";
import { isSmppPart, wholeSmppKey } from "../../../../../pipeline/records/smpp-inbound-key.ts";
import type { SmppReceipt } from "../../../../../schemas/generated/types.ts";
import type { DoorMetrics } from "../door-metrics.ts";

/** A bind that may receive, as much of it as is needed here. */
export interface ReceivingBind {
  readonly session: Pick<SmppSession, "deliver">;
  readonly account: { readonly id: string };
  readonly interfaceVersion: number;
}

export interface OutboxOptions {
  /** What waits: the copy of sms.smpp-receipts. */
  readonly copy: {
    keysOf(accountId: string, after: string | undefined, limit: number): Promise<string[]>;
    receipt(accountId: string, key: string): SmppReceipt | undefined;
  };
  /** Whether this instance is to deliver it, of those that can. */
  readonly mine: (accountId: string, key: string) => boolean;
  /** Says in sms.smpp-receipts that it need not be delivered any more. */
  readonly remove: (accountId: string, key: string) => void;
  readonly metrics: Pick<DoorMetrics, "receipt" | "receiptAge">;
  /** Epoch ms. */
  readonly now: () => number;
  /** Monotonic, ms. */
  readonly clock?: () => number;
}

/** Keys that are read at a time, and those at hand below which more are read. */
const PAGE = 256;
const LOW = 64;
/** What waits is looked through again after so long at the latest, ms: another instance may have gone, whose share is this one's now. */
const PASS_MS = 5_000;
/** What a client has refused for now, or not answered, is delivered again after so long, ms. */
const AGAIN_MS = 30_000;
/** Receipts of an account that are under way, acknowledged and not yet gone from the copy, or put off; beyond it no more are begun … */
const MOST_AT_HAND = 20_000;
/** … and those that were put off are looked through so often at most, ms. */
const PUT_OFF_MS = 500;

/** What an account's receipts that are not simply waiting are. */
type AtHand = "delivered" | "acknowledged" | { readonly againAt: number };

/** Delivers the receipts of one account, and messages from handsets to it, to its binds here. It holds keys, some hundred at a time: what waits stays on disk. */
class AccountOutbox {
  readonly binds: ReceivingBind[] = [];
  private readonly accountId: string;
  private readonly options: OutboxOptions;
  private readonly clock: () => number;
  private readonly atHand = new Map<string, AtHand>();
  private keys: string[] = [];
  private after: string | undefined;
  private reading = false;
  /** The pass over what waits has come to its end. */
  private ended = true;
  /** Something has come since the pass began. */
  private dirty = true;
  private passAt = Number.NEGATIVE_INFINITY;
  private putOffAt = Number.NEGATIVE_INFINITY;
  private turn = 0;

  constructor(accountId: string, options: OutboxOptions) {
    this.accountId = accountId;
    this.options = options;
    this.clock = options.clock ?? (() => performance.now());
  }

  changed(key: string, gone: boolean): void {
    if (gone) {
      if (this.atHand.get(key) !== "delivered") this.atHand.delete(key);
    } else {
      // The same receipt anew: it has been written twice, and is delivered once more.
      if (this.atHand.get(key) === "acknowledged") this.atHand.delete(key);
      this.come(key);
    }
    this.pump();
  }

  /** The last bind has gone. What was acknowledged is remembered until the copy has heard of it: a client that is back at once would get it again. */
  rest(): void {
    this.keys = [];
    this.dirty = true;
    for (const [key, state] of this.atHand) if (state !== "acknowledged") this.atHand.delete(key);
  }

  /** It has no bind, and nothing to remember. */
  get isOver(): boolean {
    return this.binds.length === 0 && this.atHand.size === 0;
  }

  /** What comes while nothing else waits need not be looked for. */
  private come(key: string): void {
    if (!this.ended || this.reading || this.dirty || this.keys.length >= PAGE) this.dirty = true;
    else if (this.isMine(key)) this.keys.push(key);
  }

  /** The parts of a message are one instance's, since a client puts together what comes over one connection. */
  private isMine(key: string): boolean {
    return this.options.mine(this.accountId, wholeSmppKey(key));
  }

  /** Called when there may be room, and now and then. */
  pump(): void {
    if (this.binds.length === 0) return;
    while (this.keys.length > 0 && this.atHand.size < MOST_AT_HAND) {
      const key = this.keys.shift()!;
      if (!this.isDue(key)) continue;
      if (!this.deliver(key)) {
        this.keys.unshift(key);
        return;
      }
    }
    if (this.atHand.size >= MOST_AT_HAND) this.deliverPutOff();
    else if (this.keys.length < LOW) this.read();
  }

  /** There is room for no further receipt. A client that has refused so many for a time takes those first. */
  private deliverPutOff(): void {
    const now = this.clock();
    if (now - this.putOffAt < PUT_OFF_MS) return;
    this.putOffAt = now;
    for (const [key, state] of this.atHand)
      if (typeof state === "object" && state.againAt <= now && !this.deliver(key)) return;
  }

  private isDue(key: string): boolean {
    const state = this.atHand.get(key);
    if (state === undefined) return true;
    return typeof state === "object" && state.againAt <= this.clock();
  }

  private read(): void {
    if (this.reading) return;
    if (this.ended) {
      if (!this.dirty && this.clock() - this.passAt < PASS_MS) return;
      this.ended = false;
      this.dirty = false;
      this.after = undefined;
      this.passAt = this.clock();
    }
    this.reading = true;
    this.options.copy.keysOf(this.accountId, this.after, PAGE).then(
      (found) => {
        this.reading = false;
        this.after = found.at(-1);
        this.ended = found.length < PAGE;
        for (const key of found) if (this.isDue(key) && this.isMine(key)) this.keys.push(key);
        this.pump();
      },
      () => {
        // The store tells of its faults itself; the next look tries again.
        this.reading = false;
        this.ended = true;
      },
    );
  }

  /** False when no bind has room. */
  private deliver(key: string): boolean {
    const receipt = this.options.copy.receipt(this.accountId, key);
    if (receipt === undefined) {
      this.atHand.delete(key);
      return true;
    }
    const isPart = isSmppPart(key);
    const first = isPart ? bindOf(wholeSmppKey(key), this.binds.length) : this.turn;
    // The parts of a message wait for one bind: others are no way round it.
    const tries = isPart ? 1 : this.binds.length;
    for (let i = 0; i < tries; i++) {
      const bind = this.binds[(first + i) % this.binds.length]!;
      try {
        const message = messageOf(receipt, bind.interfaceVersion);
        if (bind.session.deliver(message, (result) => this.answered(key, receipt, result), undefined) !== "accepted")
          continue;
      } catch (error) {
        if (!(error instanceof SmppEncodeError)) throw error;
        this.settle(key, "unsendable");
        return true;
      }
      if (!isPart) this.turn = (this.turn + i + 1) % this.binds.length;
      this.atHand.set(key, "delivered");
      return true;
    }
    return false;
  }

  private answered(key: string, { at }: SmppReceipt, result: RequestResult): void {
    const { metrics, now } = this.options;
    if (result.kind === "response" && result.commandStatus === commandStatus.ESME_ROK) {
      metrics.receiptAge.record(Math.max(0, now() - at) / 1_000);
      this.settle(key, "acknowledged");
    } else if (result.kind === "response" && REFUSED.has(result.commandStatus)) this.settle(key, "refused");
    else {
      metrics.receipt("again");
      if (result.kind !== "unanswered") this.atHand.set(key, { againAt: this.clock() + AGAIN_MS });
      else {
        // The bind has gone; another one need not wait.
        this.atHand.delete(key);
        this.dirty = true;
      }
    }
    this.pump();
  }

  private settle(key: string, outcome: "acknowledged" | "refused" | "unsendable"): void {
    this.options.metrics.receipt(outcome);
    // Until the copy has heard of it, it must not be taken for one that waits.
    this.atHand.set(key, "acknowledged");
    this.options.remove(this.accountId, key);
  }
}

/** What a client says of a receipt that it never will take (SMPP 3.4, 5.1.3). */
const REFUSED: ReadonlySet<number> = new Set([commandStatus.ESME_RX_P_APPN, commandStatus.ESME_RX_R_APPN]);

/** The bind that has all parts of a message, as long as there are so many. */
function bindOf(key: string, binds: number): number {
  return hash("sha256", key, "buffer").readUInt32BE(0) % binds;
}

function messageOf(receipt: SmppReceipt, interfaceVersion: number): OutgoingShortMessage {
  const { content } = receipt;
  return content === null
    ? receiptMessage(clientReceipt(receipt), interfaceVersion)
    : inboundMessage(clientAddresses(receipt), content);
}

function clientReceipt({ id, state, error, submittedAt, doneAt, to }: SmppReceipt) {
  return {
    ...{ id, error, submittedAt, doneAt },
    state: (Object.hasOwn(messageStates, state) ? state : "UNKNOWN") as ReceiptState,
    ...clientAddresses({ to }),
    reference: to.reference ?? undefined,
  };
}

function clientAddresses({ to }: Pick<SmppReceipt, "to">) {
  return {
    source: { ton: to.sourceTon, npi: to.sourceNpi, address: to.source },
    dest: { ton: to.destTon, npi: to.destNpi, address: to.dest },
  };
}

/** The receipts of all accounts that have a bind here which may receive, or had one a moment ago. */
export class ReceiptOutbox {
  private readonly options: OutboxOptions;
  private readonly accounts = new Map<string, AccountOutbox>();

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** Accounts that can be delivered to here. */
  get receiving(): string[] {
    return [...this.accounts].filter(([, { binds }]) => binds.length > 0).map(([id]) => id);
  }

  add(bind: ReceivingBind): void {
    const { id } = bind.account;
    let outbox = this.accounts.get(id);
    if (outbox === undefined) {
      outbox = new AccountOutbox(id, this.options);
      this.accounts.set(id, outbox);
    }
    outbox.binds.push(bind);
    outbox.pump();
  }

  remove(bind: ReceivingBind): void {
    const outbox = this.accounts.get(bind.account.id);
    const at = outbox?.binds.indexOf(bind) ?? -1;
    if (outbox === undefined || at < 0) return;
    outbox.binds.splice(at, 1);
    if (outbox.binds.length > 0) {
      outbox.pump();
      return;
    }
    outbox.rest();
    if (outbox.isOver) this.accounts.delete(bind.account.id);
  }

  capacity({ account }: ReceivingBind): void {
    this.accounts.get(account.id)?.pump();
  }

  /** A receipt has come or gone in the copy. */
  changed(accountId: string, key: string, gone: boolean): void {
    const outbox = this.accounts.get(accountId);
    outbox?.changed(key, gone);
    if (outbox?.isOver) this.accounts.delete(accountId);
  }

  /** To be called now and then: what was put off, and what another instance has left. */
  look(): void {
    for (const outbox of this.accounts.values()) outbox.pump();
  }
}
