/** The lanes of traffic, most urgent first. A lane is a message's class of service, chosen by its sender. */
export const lanes = ["otp", "transactional", "marketing"] as const;

export type Lane = (typeof lanes)[number];

export const DEFAULT_LANE: Lane = "transactional";

/** 0 is served first. */
export const lanePriority: Readonly<Record<Lane, number>> = { otp: 0, transactional: 1, marketing: 2 };

export function isLane(value: unknown): value is Lane {
  return value === "otp" || value === "transactional" || value === "marketing";
}

/**
 * What happens to a submission whose outcome is unknown (a lost response, an owner that died): `resend` accepts that the
 * recipient may get it twice, `hold` accepts that they may not get it at all.
 */
export type InDoubtRule = "resend" | "hold";

export const defaultInDoubtRule: Readonly<Record<Lane, InDoubtRule>> = {
  otp: "resend",
  transactional: "resend",
  marketing: "hold",
};
