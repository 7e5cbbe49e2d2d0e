import { classifyCommandStatus } from "../../../domain/smpp/command-status.ts";
import type { OutgoingShortMessage } from "../../../domain/smpp/pdu.ts";
import type { RequestResult } from "../../../domain/smpp/request-result.ts";
import type { SmppSession } from "../../../domain/smpp/session.ts";
import { BoundedQueue } from "../behaviour/bounded-queue.ts";
import type { Receipt } from "./receipt.ts";

/** What became of receipts. */
export interface ReceiptCounts {
  planned: number;
  lost: number;
  /** deliver_sm sent, repeats included. */
  sent: number;
  acknowledged: number;
  /** Of these, the ones without id and state. */
  unusable: number;
  /** Sent again after a time-out, a broken bind or a refusal that may pass. */
  requeued: number;
  /** Refused by the ESME for good, or given up after too many attempts. */
  abandoned: number;
  /** Not kept for lack of room. */
  overflowed: number;
}

/** All counts at zero. */
export function noReceipts(): ReceiptCounts {
  return { planned: 0, lost: 0, sent: 0, acknowledged: 0, unusable: 0, requeued: 0, abandoned: 0, overflowed: 0 };
}

/** What an outbox needs from the simulator. */
export interface OutboxContext {
  readonly counts: () => ReceiptCounts;
  readonly maxAttempts: () => number;
  /** False while the simulator is dark: receipts wait. */
  readonly open: () => boolean;
  readonly message: (receipt: Receipt) => OutgoingShortMessage;
  /** Brings the receipt back with `push` after the retry time. */
  readonly retryLater: (receipt: Receipt) => void;
}

/**
 * The receipts of one ESME: queued until one of its binds can take them, and kept until one has acknowledged them. Every
 * receipt that is pushed ends as acknowledged, abandoned or overflowed.
 */
export class ReceiptOutbox {
  readonly #context: OutboxContext;
  readonly #queue: BoundedQueue<Receipt>;
  readonly #binds: SmppSession[] = [];
  #turn = 0;

  constructor(capacity: number, context: OutboxContext) {
    this.#queue = new BoundedQueue(capacity);
    this.#context = context;
  }

  /** Receipts that wait for a bind. */
  get waiting(): number {
    return this.#queue.size;
  }

  get binds(): readonly SmppSession[] {
    return this.#binds;
  }

  addBind(session: SmppSession): void {
    this.#binds.push(session);
    this.pump();
  }

  removeBind(session: SmppSession): void {
    const at = this.#binds.indexOf(session);
    if (at >= 0) this.#binds.splice(at, 1);
  }

  push(receipt: Receipt): void {
    if (this.#queue.push(receipt)) this.pump();
    else this.#context.counts().overflowed++;
  }

  /** Sends what can be sent now. Called again when a bind comes, gets room, or the simulator comes back to light. */
  pump(): void {
    if (!this.#context.open()) return;
    for (let receipt = this.#queue.peek(); receipt !== undefined; receipt = this.#queue.peek()) {
      const bind = this.#chooseBind(receipt);
      if (bind === undefined) return;
      // A refusal makes the session call back when it has room: nothing is lost by stopping here.
      if (bind.deliver(this.#context.message(receipt), this.#onResult, receipt) !== "accepted") return;
      this.#queue.shift();
      receipt.attempts++;
      this.#context.counts().sent++;
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue.clear();
  }

  #chooseBind(receipt: Receipt): SmppSession | undefined {
    const { bind, onOtherBind } = receipt;
    if (!onOtherBind && this.#canTake(bind)) return bind;
    let fallback: SmppSession | undefined;
    for (let i = 0; i < this.#binds.length; i++) {
      const candidate = this.#binds[(this.#turn + i) % this.#binds.length]!;
      if (!this.#canTake(candidate)) continue;
      if (candidate === bind && onOtherBind) fallback = candidate;
      else {
        this.#turn = (this.#turn + i + 1) % this.#binds.length;
        return candidate;
      }
    }
    return fallback;
  }

  #canTake(session: SmppSession): boolean {
    return session.state === "bound" && session.bindType !== "bind_transmitter" && session.windowFree > 0;
  }

  readonly #onResult = (result: RequestResult, receipt: Receipt): void => {
    const counts = this.#context.counts();
    const kind = result.kind === "response" ? classifyCommandStatus(result.commandStatus) : "transient";
    if (kind === "ok") {
      counts.acknowledged++;
      if (receipt.malformed && receipt.state !== "ENROUTE") counts.unusable++;
    } else if (kind === "refused" || kind === "permanent" || receipt.attempts >= this.#context.maxAttempts())
      counts.abandoned++;
    else {
      counts.requeued++;
      // A broken bind costs no wait: the receipt goes out with the next bind.
      if (result.kind === "unanswered") this.push(receipt);
      else this.#context.retryLater(receipt);
    }
    this.pump();
  };
}
