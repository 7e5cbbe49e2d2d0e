/** Why a session ended. `detail` is for people. */
export interface CloseReason {
  readonly code:
    | "peer_closed"
    | "socket_error"
    | "unbound"
    | "peer_unbound"
    | "bind_refused"
    | "bind_timeout"
    | "connect_timeout"
    | "enquire_link_timeout"
    | "framing_lost"
    | "withdrawn"
    | "fault"
    | "closed_here";
  readonly detail: string;
}

/** The peer answered. `messageId` is empty unless a submit_sm was accepted; a generic_nack gives its own status. */
export interface ResponseResult {
  readonly kind: "response";
  readonly commandStatus: number;
  readonly messageId: string;
}

/** No response within the response time-out: whether the peer took the request is not known. */
export interface TimeoutResult {
  readonly kind: "timeout";
}

/**
 * Nothing is known of the request itself. `sent` is `never` when the session ended before an octet of it was handed to the
 * socket, and `refused` when it met a peer that had begun to unbind, and said so (ESME_RINVBNDSTS): it has certainly had no
 * effect. With `maybe` the session ended before the response came, and the peer may or may not have taken it.
 */
export interface UnansweredResult {
  readonly kind: "unanswered";
  readonly reason: CloseReason;
  readonly sent: "maybe" | "never" | "refused";
}

/** How a request ended. Every admitted request ends in exactly one of these. */
export type RequestResult = ResponseResult | TimeoutResult | UnansweredResult;

/**
 * Whether a request was taken:
 * - `accepted`: its result will come, exactly once;
 * - `window_full`: as many requests as the window holds are unanswered;
 * - `blocked`: the socket does not take more octets just now;
 * - `not_bound`: there is no bind that may send this.
 * After `window_full` and `blocked` the session calls `onCapacity` once it can go on.
 */
export type Admission = "accepted" | "window_full" | "blocked" | "not_bound";

/** Something the peer did that the protocol does not foresee. Counted and reported, never fatal by itself. */
export interface Anomaly {
  readonly kind:
    | "late_response"
    | "duplicate_response"
    | "unknown_response"
    | "mismatched_response"
    | "malformed_pdu"
    | "unknown_command";
  readonly sequence: number;
  readonly detail: string;
}

/** How often each anomaly has been seen in a session. */
export type AnomalyCounts = Record<Anomaly["kind"], number>;

/** All counts at zero. */
export function noAnomalies(): AnomalyCounts {
  return {
    late_response: 0,
    duplicate_response: 0,
    unknown_response: 0,
    mismatched_response: 0,
    malformed_pdu: 0,
    unknown_command: 0,
  };
}
