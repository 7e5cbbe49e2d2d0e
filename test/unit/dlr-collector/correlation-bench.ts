import type { Event, Inbound, NumberNetwork, Receipt } from "../../../schemas/generated/types.ts";
import { Correlation } from "../../../services/dlr-collector/correlator/correlation.ts";
import { newCounters } from "../../../services/dlr-collector/correlator/correlation-counters.ts";
import {
  type CorrelationLimits,
  type CorrelationOutputs,
  DEFAULT_LIMITS,
} from "../../../services/dlr-collector/correlator/correlation-terms.ts";
import type { EventPacking } from "../../../services/dlr-collector/correlator/kept-messages.ts";
import type { RerouteTerms } from "../../../services/dlr-collector/correlator/reroute-terms.ts";
import { NO_ROUTES } from "./reroutes.ts";

/** From submission to giving up, and from a request to its answer, in these tests. */
export const DEADLINE_MS = 60_000;
export const ANSWER_MS = 10_000;

/** A correlation with everything it gives out at hand. */
export function bench(
  limits: Partial<CorrelationLimits> = {},
  packing: EventPacking = { pack: JSON.stringify, unpack: JSON.parse },
  reroute: RerouteTerms = NO_ROUTES,
) {
  const counters = newCounters();
  const events: { id: string; event: Event; trace: string | undefined }[] = [];
  const kept = new Map<string, Event>();
  const orphans: Receipt[] = [];
  const inbound: Inbound[] = [];
  const indexed: string[][] = [];
  const learned: NumberNetwork[] = [];
  const out: CorrelationOutputs = {
    emit: (id, event, trace) => void events.push({ id, event, trace }),
    keep: (key, event) => void kept.set(key, event),
    forget: (key) => void kept.delete(key),
    putAside: (orphan) => void orphans.push(orphan.receipt),
    inbound: (message) => void inbound.push(message),
    learned: (known) => void learned.push(known),
    index: (provider, id, to) => void indexed.push([provider, id, to]),
  };
  const correlation = new Correlation({
    terms: (provider) => ({
      receiptDeadlineMs: DEADLINE_MS,
      receiptPerPart: provider.startsWith("smsc"),
      indexed: provider === "smsc-hex" ? "hex" : provider.startsWith("smsc") ? "as-is" : undefined,
      answerMs: ANSWER_MS,
    }),
    reroute: () => reroute,
    limits: { ...DEFAULT_LIMITS, ...limits },
    counters,
    packing,
    learns: () => true,
  });
  let offset = 0;
  return {
    correlation,
    counters,
    events,
    kept,
    orphans,
    inbound,
    indexed,
    learned,
    out,
    event: (one: Event, timestamp = one.at, trace?: string) =>
      correlation.event(one, { offset: offset++, timestamp, trace }, out, 5_000),
    receipt: (one: Receipt, timestamp = one.receivedAt) => correlation.receipt(one, offset++, timestamp, out, 5_000),
    pass: (readUpTo: number, claimedUpTo?: number) => correlation.pass(readUpTo, out, 5_000, claimedUpTo),
    needsCopy: (messageId: string, attempt = 1, to = "491701234567") =>
      correlation.needsCopy(messageId, to, attempt, out, 5_000),
    finals: () => events.filter((one) => one.event.type === "final").map((one) => [one.id, one.event.state]),
  };
}
