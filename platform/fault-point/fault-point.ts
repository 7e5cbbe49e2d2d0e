/**
 * The moments at which a process is killed, frozen or has its clock moved by test/invariants. Each step of the runtime has
 * one before and one after it: `before:…` nothing of the step has happened, `after:…` all of it has.
 *
 * `#fault-point` (package.json, "imports") is none.ts; only under the condition `fault-points` it is test/faults/hooks/armed.ts.
 */
export type FaultPoint = `${"before" | "after"}:${FaultStep}`;

export type FaultStep =
  /** Transform: decisions written to the event log and acknowledged. */
  | "decision-recorded"
  /** Transform and dispatcher: the commit that must stand before an effect. */
  | "horizon-committed"
  /** Transform: effects (the router's dispatches) written and acknowledged. */
  | "effects-produced"
  /** Sender: a request given to the socket. */
  | "submit-written"
  /** Sender: the provider's answer taken in. */
  | "response-read"
  /** Dispatcher: outcomes written to the event log and acknowledged. */
  | "outcome-recorded"
  /** Any loop: the commit by which records are done. */
  | "offset-committed"
  /** Dispatcher: what follows from outcomes (hand-backs to the router) written and acknowledged. */
  | "hand-back-produced"
  /** Correlator: what it must know again written to its changelog. Sink: a block inserted. */
  | "state-written";
