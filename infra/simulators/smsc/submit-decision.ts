import { type CommandStatusName, commandStatus } from "../../../domain/smpp/command-status.ts";
import { hasUserDataHeader } from "../../../domain/smpp/esm-class.ts";
import type { ShortMessage } from "../../../domain/smpp/pdu.ts";
import { findTlv, tlvTag } from "../../../domain/smpp/tlv.ts";
import { drawDelay } from "../behaviour/delay.ts";
import { chance, pick, pickWeighted, type Random } from "../behaviour/random-source.ts";
import type { FinalState, SmscBehaviour } from "./settings.ts";

type Rule = SmscBehaviour["rules"][number];

/** Why a submit gets its status. */
export interface SubmitDecision {
  readonly status: number;
  readonly cause: "accepted" | "throttled" | "permanent" | "temporary" | "rule";
}

const accepted: SubmitDecision = { status: 0, cause: "accepted" };

/** The rule for a destination, or undefined. */
export function ruleFor(rules: readonly Rule[], destination: string): Rule | undefined {
  for (const rule of rules) if (destination.startsWith(rule.prefix)) return rule;
  return undefined;
}

/**
 * The status of a submit of `segments`, when `lastSecond` segments have been accepted in the second before. The limit comes first:
 * an SMSC throttles before it looks at a message.
 */
export function decideSubmit(
  behaviour: SmscBehaviour,
  rule: Rule | undefined,
  segments: number,
  lastSecond: number,
  random: Random,
): SubmitDecision {
  const { rate, errors } = behaviour;
  const limit = Math.floor(rate.segmentsPerSecond * (1 + rate.tolerance));
  if (rate.segmentsPerSecond > 0 && lastSecond + segments > limit) {
    return { status: commandStatus[rate.status], cause: "throttled" };
  }
  if (chance(errors.throttledShare, random)) return refused("throttled", errors.throttledStatuses, random);
  if (rule?.status !== undefined) {
    return rule.status === "ESME_ROK" ? accepted : { status: commandStatus[rule.status], cause: "rule" };
  }
  if (chance(errors.permanentShare, random)) return refused("permanent", errors.permanentStatuses, random);
  if (chance(errors.temporaryShare, random)) return refused("temporary", errors.temporaryStatuses, random);
  return accepted;
}

function refused(
  cause: "permanent" | "temporary" | "throttled",
  names: readonly CommandStatusName[],
  random: Random,
): SubmitDecision {
  return { status: commandStatus[pick(names, random) ?? "ESME_RSYSERR"], cause };
}

/** A receipt to come, counted from the submit. */
export interface PlannedReceipt {
  readonly state: FinalState | "ENROUTE";
  readonly delayMs: number;
}

/** What will be told about an accepted message. */
export interface ReceiptPlan {
  readonly receipts: readonly PlannedReceipt[];
  /** The first of `receipts` leaves before the submit's response. */
  readonly beforeResponse: boolean;
  readonly onOtherBind: boolean;
  /** The final receipt says nothing that could be used. */
  readonly malformed: boolean;
  /** The final receipt is one of those that get lost. */
  readonly lost: boolean;
}

const nothing: ReceiptPlan = { receipts: [], beforeResponse: false, onOtherBind: false, malformed: false, lost: false };

/** Which receipts an accepted message gets. `registeredDelivery`: 1 asks for all, 2 for failures only (5.2.17). */
export function planReceipts(
  behaviour: SmscBehaviour,
  rule: Rule | undefined,
  registeredDelivery: number,
  random: Random,
): ReceiptPlan {
  const wanted = registeredDelivery & 0x03;
  if (wanted === 0) return nothing;
  const { receipts: settings } = behaviour;
  const state = rule?.state ?? pickWeighted(settings.states, random) ?? "DELIVRD";
  if (wanted === 2 && state === "DELIVRD") return nothing;
  const delayMs = drawDelay(settings.delay, random);
  const beforeResponse = chance(settings.beforeResponseShare, random);
  const lost = rule?.loseReceipt ?? chance(settings.lossShare, random);
  const receipts: PlannedReceipt[] = lost ? [] : [{ state, delayMs: beforeResponse ? 0 : delayMs }];
  if (!lost && chance(settings.duplicateShare, random)) {
    receipts.push({ state, delayMs: delayMs + drawDelay(settings.delay, random) });
  }
  if (chance(settings.intermediateShare, random)) {
    const late = chance(settings.disorderShare, random);
    receipts.push({ state: "ENROUTE", delayMs: late ? delayMs * 1.5 + 50 : delayMs / 2 });
  }
  const onOtherBind = chance(settings.otherBindShare, random);
  const malformed = chance(settings.malformedShare, random);
  return { receipts, beforeResponse: beforeResponse && !lost, onOtherBind, malformed, lost };
}

/** Segments that a submit_sm counts for: 1, unless its content comes whole in message_payload. */
export function segmentsOf(message: ShortMessage): number {
  if (message.shortMessage.length > 0 || message.tlvs.length === 0) return 1;
  const payload = findTlv(message.tlvs, tlvTag.message_payload);
  if (payload === undefined || hasUserDataHeader(message.esmClass)) return 1;
  const ucs2 = (message.dataCoding & 0x0c) === 0x08;
  const units = ucs2 ? payload.length / 2 : payload.length;
  return units <= (ucs2 ? 70 : 160) ? 1 : Math.ceil(units / (ucs2 ? 67 : 153));
}
