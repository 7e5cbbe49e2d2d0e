import type { SubmitOutcome } from "../../domain/message/submit-outcome.ts";

/** Codes of results that are no answers: the connection ended first, or the time-out passed. */
export const LINK_LOST = "link-lost";
/** It was not written at once, and when it could have been, its partitions had gone. */
export const WITHDRAWN = "withdrawn";
export const RESPONSE_TIMEOUT = "response-timeout";

/** One request to the provider; a message is one or several. */
export interface Unit {
  /** Segments that it counts for. */
  readonly weight: number;
}

/** How one request ended. `unsent`: it certainly did not leave, or met a provider that was taking its leave; it may go again at once when there is a link. */
export interface UnitResult {
  readonly outcome: SubmitOutcome | "unsent";
  /** The provider's own code, or Sluice's. */
  readonly code: string;
  /** The provider's id, when accepted, as it wrote it. */
  readonly id?: string;
  /** It has not left, so nothing was announced to `onLeaving` or that was refused. False: it met a provider that was taking its leave. */
  readonly stayed?: boolean;
  /** It ended by a fault of its connection: the provider has answered nothing. */
  readonly fault?: true;
  /** How long the provider asks to be left alone, ms. */
  readonly pauseMs?: number;
}
