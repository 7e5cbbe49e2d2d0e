import { connect, type Socket } from "node:net";
import type { BindCommand } from "./command-id.ts";
import { classifyBindStatus, commandStatus, commandStatusName } from "./command-status.ts";
import type { DeliverSmPdu, OutgoingBind, OutgoingShortMessage } from "./pdu.ts";
import { bindOctets } from "./pdu-encoder.ts";
import { type BackoffSettings, backoffDelay, defaultBackoff } from "./reconnect-backoff.ts";
import type { Admission, Anomaly, CloseReason, RequestResult, ResponseResult } from "./request-result.ts";
import { SmppSession } from "./session.ts";

/** What a client is given. Times in ms. */
export interface SmppClientOptions {
  readonly host: string;
  readonly port: number;
  readonly bind: OutgoingBind;
  /** Default bind_transceiver. */
  readonly bindType?: BindCommand;
  /** submit_sm that may be unanswered at a time, 1 … 65536. */
  readonly window: number;
  /** A submit_sm without a response for this long ends as `timeout`. */
  readonly responseTimeoutMs: number;
  /** A link without a received octet for this long is probed with enquire_link; 0 never probes. */
  readonly enquireLinkMs: number;
  /** Time for the TCP connection and again for the bind response; default 5000. */
  readonly bindTimeoutMs?: number;
  /** deliver_sm not yet acknowledged by the handler; those beyond are answered ESME_RX_T_APPN, to come again. Default 5000. */
  readonly maxUnacknowledged?: number;
  readonly backoff?: BackoffSettings;
  /** Random number in [0, 1); default Math.random. */
  readonly random?: () => number;
  /** A monotonic clock in ms; default performance.now. */
  readonly now?: () => number;
}

/** `closed`: no connection; while the client is started, the next try is planned. */
export type ClientState = "closed" | "connecting" | "bound" | "unbinding";

/** Why a try to bind failed. `permanent`: only a changed configuration or account helps; tries go on, but slowly. */
export interface BindFailure {
  readonly class: "transient" | "permanent";
  /** Failed tries since the last bind, 1 …. */
  readonly attempt: number;
  readonly reason: string;
  /** Time to the next try, ms. */
  readonly retryInMs: number;
}

/**
 * Answers a deliver_sm, once; later calls do nothing. Call it when the receipt is stored. Default status 0.
 * Returns false when the link that brought it is gone: the SMSC will then deliver it again.
 */
export type Acknowledge = (status?: number) => boolean;

/** What a client reports; all are called synchronously. */
export interface SmppClientHandlers {
  onBound?(): void;
  /** The bound link has ended; every unanswered submit has been handed back before. The client reconnects by itself. */
  onUnbound?(reason: CloseReason): void;
  /** A receipt or an inbound message. Its buffers are views that are valid during this call only. */
  onDeliver?(message: DeliverSmPdu, acknowledge: Acknowledge): void;
  /** So many submits are about to leave; false when they must not: see SessionHandlers. */
  onLeaving?(requests: number): boolean;
  /** A submit that had ended as `timeout` has been answered after all: see SessionHandlers. */
  onLateResponse?(result: ResponseResult, context: unknown): void;
  /** A submit was refused with `window_full` or `blocked`, and there is room again. */
  onCapacity?(): void;
  onBindFailure?(failure: BindFailure): void;
  onAnomaly?(anomaly: Anomaly): void;
}

/**
 * A bind to an SMSC that keeps itself up: connects, binds, probes, and binds again after jittered, growing waits.
 * `start` it, `submit` while it is bound, `stop` it.
 */
export class SmppClient {
  state: ClientState = "closed";
  /** The last failure to bind; undefined once bound. */
  failure: BindFailure | undefined;

  readonly #options: SmppClientOptions;
  readonly #handlers: SmppClientHandlers;
  readonly #random: () => number;
  #session: SmppSession | undefined;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #failures = 0;
  #unacknowledged = 0;
  #stopping:
    | { readonly deadline: NodeJS.Timeout; readonly done: Promise<void>; readonly resolve: () => void }
    | undefined;

  /** Throws SmppEncodeError when a field of the bind can not be sent (a system_id has at most 15 characters). */
  constructor(options: SmppClientOptions, handlers: SmppClientHandlers) {
    bindOctets(options.bind);
    this.#options = options;
    this.#handlers = handlers;
    this.#random = options.random ?? Math.random;
  }

  /** submit_sm without a response yet. */
  get outstanding(): number {
    return this.#session?.outstanding ?? 0;
  }

  /** submit_sm that may be sent now before the window is full; 0 when not bound or when the socket is full. */
  get capacity(): number {
    return this.state === "bound" && this.#session?.writable ? this.#session.windowFree : 0;
  }

  /** deliver_sm handed to the handler and not acknowledged yet. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Begins to connect; does nothing when started already. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#connect();
  }

  /**
   * Sends a submit_sm on the bound link. When `accepted`, `onResult(result, context)` is called exactly once, later.
   * Throws SmppEncodeError when a field can not be sent; nothing has happened then.
   */
  submit<C>(
    message: OutgoingShortMessage,
    onResult: (result: RequestResult, context: C) => void,
    context: C,
  ): Admission {
    if (this.state !== "bound") return "not_bound";
    return this.#session!.submit(message, onResult, context);
  }

  /**
   * Ends the link for good: no new submits, then waits until every submit is answered and every deliver_sm acknowledged, or
   * `drainMs` are over, then unbinds. What is unanswered is handed back. Resolves when the link is down.
   */
  stop(drainMs: number): Promise<void> {
    if (this.#stopping) return this.#stopping.done;
    this.#started = false;
    clearTimeout(this.#timer);
    const session = this.#session;
    if ((this.state !== "bound" && this.state !== "unbinding") || session === undefined) {
      this.#socket?.destroy();
      session?.destroy({ code: "closed_here", detail: "stopped before it was bound" });
      this.state = "closed";
      return Promise.resolve();
    }
    this.state = "unbinding";
    const { promise, resolve } = Promise.withResolvers<void>();
    // The unbind response has its own time-out in the session; past the deadline nothing is waited for.
    const deadline = setTimeout(() => this.#unbindNow(), drainMs);
    this.#stopping = { deadline, done: promise, resolve };
    this.#unbindWhenDrained();
    return promise;
  }

  #connect(): void {
    this.state = "connecting";
    const { host, port } = this.#options;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    const timeout = this.#bindTimeoutMs;
    let failed = false;
    const fail = (reason: string): void => {
      if (failed) return;
      failed = true;
      socket.destroy();
      this.#retry("transient", reason);
    };
    socket.setTimeout(timeout, () => fail(`no connection to ${host}:${port} within ${timeout} ms`));
    const onError = (error: Error): void => fail(`no connection to ${host}:${port}: ${error.message}`);
    socket.on("error", onError);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      socket.removeListener("error", onError);
      if (this.#started) this.#bind(socket);
      else socket.destroy();
    });
  }

  get #bindTimeoutMs(): number {
    return this.#options.bindTimeoutMs ?? 5_000;
  }

  #bind(socket: Socket): void {
    let refusal: { readonly class: "transient" | "permanent"; readonly reason: string } | undefined;
    let bound = false;
    const session = new SmppSession(socket, this.#options, {
      onDeliver: (message) => this.#deliver(message, session),
      onLeaving: (requests) => this.#handlers.onLeaving?.(requests) !== false,
      onLateResponse: (result, context) => this.#handlers.onLateResponse?.(result, context),
      onCapacity: () => this.#handlers.onCapacity?.(),
      onAnomaly: (anomaly) => this.#handlers.onAnomaly?.(anomaly),
      onPeerUnbind: () => {
        this.state = "unbinding";
      },
      onClose: (reason) => {
        this.#session = undefined;
        if (bound) this.#unbound(reason);
        else this.#retry(refusal?.class ?? "transient", refusal?.reason ?? `not bound: ${reason.detail}`);
      },
    });
    this.#session = session;
    session.bind(this.#options.bindType ?? "bind_transceiver", this.#options.bind, this.#bindTimeoutMs, (status) => {
      if (status === 0) {
        bound = true;
        this.#bound();
        return;
      }
      if (status === "timeout") {
        refusal = { class: "transient", reason: `no answer to the bind within ${this.#bindTimeoutMs} ms` };
        session.destroy({ code: "bind_timeout", detail: refusal.reason });
      } else {
        const permanent = classifyBindStatus(status) === "permanent";
        refusal = {
          class: permanent ? "permanent" : "transient",
          reason: `bind refused: ${commandStatusName(status)}`,
        };
        session.close({ code: "bind_refused", detail: refusal.reason });
      }
    });
  }

  #bound(): void {
    this.state = "bound";
    this.#failures = 0;
    this.failure = undefined;
    this.#handlers.onBound?.();
  }

  #unbound(reason: CloseReason): void {
    this.#unacknowledged = 0;
    this.state = "closed";
    const stopping = this.#stopping;
    if (stopping) clearTimeout(stopping.deadline);
    this.#stopping = undefined;
    this.#handlers.onUnbound?.(reason);
    stopping?.resolve();
    if (this.#started) this.#plan(this.#delay(1, false));
  }

  #retry(kind: "transient" | "permanent", reason: string): void {
    if (!this.#started) return;
    this.state = "closed";
    this.#failures++;
    const retryInMs = this.#delay(this.#failures, kind === "permanent");
    this.failure = { class: kind, attempt: this.#failures, reason, retryInMs };
    this.#plan(retryInMs);
    this.#handlers.onBindFailure?.(this.failure);
  }

  #delay(attempt: number, permanent: boolean): number {
    return backoffDelay(this.#options.backoff ?? defaultBackoff, attempt, permanent, this.#random);
  }

  #plan(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #deliver(message: DeliverSmPdu, session: SmppSession): void {
    const { command, sequence } = message;
    const limit = this.#options.maxUnacknowledged ?? 5_000;
    if (this.#handlers.onDeliver === undefined || this.#unacknowledged >= limit) {
      session.respondDeliver(sequence, commandStatus.ESME_RX_T_APPN, command);
      return;
    }
    this.#unacknowledged++;
    let open = true;
    this.#handlers.onDeliver(message, (status = 0) => {
      if (!open || session !== this.#session) return false;
      open = false;
      this.#unacknowledged--;
      session.respondDeliver(sequence, status, command);
      if (this.#stopping) this.#unbindWhenDrained();
      return true;
    });
  }

  #unbindWhenDrained(): void {
    const session = this.#session;
    // After the peer's unbind the session ends by itself when all is answered; the deadline still holds.
    if (session === undefined || session.state !== "bound") return;
    if (session.outstanding === 0 && this.#unacknowledged === 0) this.#unbindNow();
    else if (session.outstanding > 0) this.#timer = setTimeout(() => this.#unbindWhenDrained(), 10);
  }

  #unbindNow(): void {
    clearTimeout(this.#timer);
    const session = this.#session;
    if (session?.state === "unbinding")
      session.close({ code: "closed_here", detail: "stopped while the peer unbound" });
    else session?.unbind();
  }
}
