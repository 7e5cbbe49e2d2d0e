import { countsAgainstCircuit } from "../../domain/message/submit-outcome.ts";
import type { Circuit } from "../../platform/flow/circuit.ts";
import type { SegmentRate } from "../../platform/flow/segment-rate.ts";
import type { Link } from "./link.ts";
import type { NetworkShares } from "./network-shares.ts";
import type { Pending } from "./pending.ts";
import type { SlotTimer } from "./slot-timer.ts";
import { LINK_LOST, RESPONSE_TIMEOUT, type Unit, type UnitResult } from "./unit-result.ts";

export interface AnswerJudgementOptions<U extends Unit> {
  readonly link: Pick<Link<U>, "inFlight">;
  readonly circuit: Circuit;
  readonly rate: SegmentRate;
  readonly networks: NetworkShares<Pending<U>>;
  readonly slot: SlotTimer;
  /** Counts what the provider throttles. */
  readonly throttles: { add(): void };
}

/** What a result of a request says of the provider as a whole, or of one of its networks. */
export class AnswerJudgement<U extends Unit> {
  private readonly options: AnswerJudgementOptions<U>;

  constructor(options: AnswerJudgementOptions<U>) {
    this.options = options;
  }

  /** `sentAt`: when the request went out; `now`: monotonic, ms. The circuit may have changed. */
  note(network: string, sentAt: number, { outcome, code, pauseMs = 0, stayed, fault }: UnitResult, now: number): void {
    const { link, circuit, rate, networks, slot, throttles } = this.options;
    const decides = circuit.ended(sentAt);
    // Whoever lost the link did not get an answer, and the circuit knows of the link already.
    if (outcome === "unsent" || code === LINK_LOST) {
      circuit.unanswered(link.inFlight);
      if (outcome === "in-doubt") circuit.lost(now);
      else if (stayed === false) circuit.departed(now);
      return;
    }
    if (fault) circuit.unanswered(link.inFlight);
    else if (code !== RESPONSE_TIMEOUT) circuit.answered(link.inFlight, now, now - sentAt);
    const failure = outcome === "throttled" || countsAgainstCircuit(outcome);
    if (!failure) networks.answered(network, now);
    const ofNetwork = failure && networks.failed(network, now);
    if (outcome === "accepted") circuit.succeeded();
    else if (outcome === "throttled") {
      throttles.add();
      if (ofNetwork) {
        networks.throttled(network, now, pauseMs);
        slot.arm(pauseMs, now);
      } else {
        rate.throttled(now, pauseMs, link.inFlight);
        if (decides) circuit.throttled(now, pauseMs);
      }
    } else if (failure && !ofNetwork && decides) circuit.failed(code, now);
  }
}
