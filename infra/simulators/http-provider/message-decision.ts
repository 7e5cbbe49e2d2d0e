import { drawDelay } from "../behaviour/delay.ts";
import { chance, pick, pickWeighted, type Random } from "../behaviour/random-source.ts";
import type { TwilioError } from "./message-request.ts";
import type { FinalState, HttpBehaviour } from "./settings.ts";

type Rule = HttpBehaviour["rules"][number];

/** The rule for a destination (E.164 with plus), or undefined. */
export function ruleFor(rules: readonly Rule[], to: string): Rule | undefined {
  for (const rule of rules) if (to.startsWith(rule.prefix, 1)) return rule;
  return undefined;
}

/**
 * The error that a valid request for `segments` gets, or undefined when it is accepted; `lastSecond` segments have been accepted in the
 * second before. The limit comes first.
 */
export function decideMessage(
  behaviour: HttpBehaviour,
  rule: Rule | undefined,
  segments: number,
  lastSecond: number,
  random: Random,
): TwilioError | undefined {
  const { rate, errors } = behaviour;
  const limit = Math.floor(rate.segmentsPerSecond * (1 + rate.tolerance));
  const tooFast = rate.segmentsPerSecond > 0 && lastSecond + segments > limit;
  if (tooFast || chance(errors.throttledShare, random)) {
    return { status: 429, code: 20_429, message: "Too Many Requests" };
  }
  if (rule?.code !== undefined) return { status: 400, code: rule.code, message: "Refused by a rule of the simulator" };
  if (chance(errors.permanentShare, random)) {
    return { status: 400, code: pick(errors.permanentCodes, random) ?? 21_211, message: "Refused by the simulator" };
  }
  if (chance(errors.temporaryShare, random)) {
    const status = pick(errors.temporaryStatuses, random) ?? 503;
    return { status, code: status === 503 ? 20_503 : 20_500, message: "Out of order by the simulator's choice" };
  }
  return undefined;
}

/** A status callback to come, counted from the request. */
export interface PlannedCallback {
  readonly status: FinalState | "sent";
  readonly errorCode: number | undefined;
  readonly delayMs: number;
}

/** What will be told about an accepted message. */
export interface CallbackPlan {
  readonly callbacks: readonly PlannedCallback[];
  /** The first of `callbacks` is posted before the request is answered. */
  readonly beforeResponse: boolean;
  readonly lost: boolean;
}

/** Which callbacks an accepted message gets. */
export function planCallbacks(behaviour: HttpBehaviour, rule: Rule | undefined, random: Random): CallbackPlan {
  const { callbacks: settings } = behaviour;
  const status = rule?.state ?? pickWeighted(settings.states, random) ?? "delivered";
  const errorCode = status === "delivered" ? undefined : pick(settings.errorCodes, random);
  const delayMs = drawDelay(settings.delay, random);
  const lost = rule?.loseCallback ?? chance(settings.lossShare, random);
  const beforeResponse = !lost && chance(settings.beforeResponseShare, random);
  const callbacks: PlannedCallback[] = lost ? [] : [{ status, errorCode, delayMs: beforeResponse ? 0 : delayMs }];
  if (!lost && chance(settings.duplicateShare, random)) {
    callbacks.push({ status, errorCode, delayMs: delayMs + drawDelay(settings.delay, random) });
  }
  if (chance(settings.intermediateShare, random)) {
    const late = chance(settings.disorderShare, random);
    callbacks.push({ status: "sent", errorCode: undefined, delayMs: late ? delayMs * 1.5 + 50 : delayMs / 2 });
  }
  return { callbacks, beforeResponse, lost };
}
