import type { BindPdu, CentreRequestPdu, DeliverSmPdu, SubmitSmPdu } from "./pdu.ts";
import type { Anomaly, CloseReason, ResponseResult } from "./request-result.ts";

/** What a session is given. Times in ms. */
export interface SessionOptions {
  /** Requests (submit_sm or deliver_sm) that may be unanswered at a time, 1 … 65536. */
  readonly window: number;
  /** After this long without its response a request ends as `timeout`; enquire_link too, and then the session. */
  readonly responseTimeoutMs: number;
  /** After this long without a received octet an enquire_link is sent; 0 sends none. */
  readonly enquireLinkMs: number;
  /** The largest PDU accepted, 16 … 65536 octets; default 65536. */
  readonly maxPduOctets?: number;
  /** A monotonic clock in ms; default performance.now. */
  readonly now?: () => number;
}

/** What a session reports; `Session` is SmppSession (a parameter, so that this file need not import it). All are called synchronously; views in PDUs are valid during the call only, copy to keep. */
export interface SessionHandlers<Session> {
  /** Server side: a bind has come; answer with respondBind. */
  onBind?(pdu: BindPdu, session: Session): void;
  /** Server side: a submit_sm on a bind that may send; answer with respondSubmit. */
  onSubmit?(pdu: SubmitSmPdu, session: Session): void;
  /** Server side: what else a centre is asked, on a bind that may send; answer with respond. Without it the peer is told that the command is not known. */
  onRequest?(pdu: CentreRequestPdu, session: Session): void;
  /** Client side: a deliver_sm or data_sm; answer with respondDeliver. Server side: a data_sm, also while unbinding; answer with respond. */
  onDeliver?(pdu: DeliverSmPdu, session: Session): void;
  /**
   * Client side: so many requests are about to leave, at the end of the turn in which they were given. False means they
   * must not, since a process that stood still in between may have lost the right to send them. They are handed back.
   */
  onLeaving?(requests: number): boolean;
  /**
   * A request that had ended as `timeout` has been answered after all. `context`: what was given with it. Also counted as an
   * anomaly.
   */
  onLateResponse?(result: ResponseResult, context: unknown): void;
  /** A request was refused for lack of room, and there is room again. */
  onCapacity?(session: Session): void;
  onAnomaly?(anomaly: Anomaly, session: Session): void;
  /**
   * The peer wants to go. No new requests are taken. Client side: the session ends when those under way are answered or too late. Server
   * side: it ends when the owner, who has answers to give, calls letPeerGo; without this handler at once.
   */
  onPeerUnbind?(session: Session): void;
  /** The session is over. Called once, after every unanswered request has been handed back. */
  onClose(reason: CloseReason, session: Session): void;
}

/** `open`: connected, not bound. `unbinding`: no new requests, responses still come. */
export type SessionState = "open" | "bound" | "unbinding" | "closed";
