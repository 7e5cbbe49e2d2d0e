/**
 * The moments at which a process is killed, frozen or has its clock moved by test/invariants. Each step of the runtime has
 * one before and one after it: `before:…` nothing of the step has happened, `after:…` all of it has.
 *
 * `#fault-point` (package.json, "imports") is none.ts; only under the condition `fault-points` it is test/faults/hooks/armed.ts.
 */
export type FaultPoint = `${"before" | "after"}:${FaultStep}`;

export type FaultStep =
  /** Transform: decisions (and what must be known again: a changelog) written and acknowledged. */
  | "decision-recorded"
  /** Any loop: the commit that must stand before an effect. A sink's is its intent. */
  | "horizon-committed"
  /** Transform: effects written and acknowledged. */
  | "effects-produced"
  /** Whoever a dispatcher hands works to: a request given to its connection, which writes at the end of the turn. */
  | "submit-written"
  /** The same: the answer taken in. */
  | "response-read"
  /** Dispatcher: outcomes written to their log and acknowledged. */
  | "outcome-recorded"
  /** Any loop: the commit by which records are done. */
  | "offset-committed"
  /** Dispatcher: what follows from outcomes (works handed back) written and acknowledged. */
  | "hand-back-produced"
  /** Sink: a block inserted into the store. */
  | "state-written";
