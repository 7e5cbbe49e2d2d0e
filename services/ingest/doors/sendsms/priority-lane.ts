import type { Lane } from "../../../../domain/message/lane.ts";
import type { Account } from "../../access/api-keys.ts";

/** Lanes by SMPP's priority (SMPP 3.4, 5.2.14), which both gateways hand through: 0 is the lowest. */
const LANES: readonly Lane[] = ["marketing", "transactional", "otp", "otp"];

/** The lane of a priority from 0 to 3; undefined for what is no such number. */
export function laneOfPriority(text: string): Lane | undefined {
  return /^[0-3]$/.test(text) ? LANES[Number(text)] : undefined;
}

/** Where nothing is said: the usual lane, or the first that the account has. */
export function usualLane({ lanes }: Account): Lane {
  return lanes === undefined || lanes.includes("transactional") ? "transactional" : (lanes[0] as Lane);
}
