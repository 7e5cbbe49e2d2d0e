import type { Dispatch } from "../../schemas/generated/types.ts";
import type { Submission } from "./submission.ts";
import type { Unit, UnitResult } from "./unit-result.ts";

/** What a link reports; all are called synchronously, never from within `send`. */
export interface LinkEvents<U extends Unit> {
  onUp(): void;
  /** There is no connection any more, or still none; `reason` is for people. */
  onDown(reason: string): void;
  /**
   * So many segments given to `send` are about to leave, and count against the provider's rate from this moment. False:
   * they do not leave and end as not sent, since a process that stood still in between may have lost its partitions.
   * `submission`: whose they are, where the link knows.
   */
  onLeaving(segments: number, submission?: Submission<U>): boolean;
  /** A `send` was refused with `full`, and there is room again. */
  onRoom(): void;
  onResult(submission: Submission<U>, unit: number, result: UnitResult): void;
  /** A request whose result was that no answer had come in time has been answered after all. At most once a request. */
  onLate(submission: Submission<U>, unit: number, answer: UnitResult): void;
}

/** The way to a provider: connections, and requests with one answer each. */
export interface Link<U extends Unit> {
  readonly up: boolean;
  /** Requests that may be sent now. */
  readonly room: number;
  /** Requests without an answer. */
  readonly inFlight: number;
  start(events: LinkEvents<U>): void;
  /** Waits up to `drainMs` for what is under way, then closes. May be started again. */
  stop(drainMs: number): Promise<void>;
  /** The requests that a message takes, in order; or a code that says why the provider cannot carry it. `now`: epoch ms. */
  prepare(dispatch: Dispatch, now: number): readonly U[] | string;
  /** Sends one request; when `sent`, its result comes exactly once. `invalid`: the link cannot express it. */
  send(submission: Submission<U>, unit: number): "sent" | "full" | "invalid";
}
