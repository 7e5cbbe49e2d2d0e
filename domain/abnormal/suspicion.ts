/** What may be wrong with traffic. */
export const ABNORMALITIES = ["pumping", "burst", "stolen-key", "grey-route", "forged-receipts"] as const;
export type Abnormality = (typeof ABNORMALITIES)[number];

/** How sure and how dear: `notice` is for a list, `warning` for a person, `critical` for a guard that acts. */
export const LEVELS = ["notice", "warning", "critical"] as const;
export type Level = (typeof LEVELS)[number];

/** What of the traffic is meant; what is not named is not meant in particular. */
export interface Subject {
  readonly account?: string | undefined;
  readonly country?: string | undefined;
  /** E.164 digits without the last four. */
  readonly range?: string | undefined;
  readonly sender?: string | undefined;
  readonly provider?: string | undefined;
}

/** What a watch has found in a minute. */
export interface Finding {
  readonly kind: Abnormality;
  readonly subject: Subject;
  /** What is compared, for people: "messages a minute". */
  readonly measure: string;
  readonly expected: number;
  readonly seen: number;
  /** How surprising it is, nats: e to this is how much likelier it is under another rate than under the expected one. */
  readonly surprise: number;
  /** What goes on being spent in an hour, micro-units by currency. */
  readonly hourly: Readonly<Record<string, number>>;
}

/** Something abnormal, from its first finding on. */
export interface Suspicion extends Finding {
  /** The same for as long as it lasts. */
  readonly id: string;
  readonly level: Level;
  /** Minutes since 1970: of the first finding, and of the newest. */
  readonly since: number;
  readonly minute: number;
  readonly over: boolean;
}

/** Whether what is told in a minute is told for the first time. What was found once only is told again with the minute of that. */
export function begins({ since, over }: Pick<Suspicion, "since" | "over">, minute: number): boolean {
  return !over && since === minute;
}

const WARNING_NATS = 30;
const CRITICAL_NATS = 60;

export function levelOf({ surprise }: Pick<Finding, "surprise">): Level {
  if (surprise >= CRITICAL_NATS) return "critical";
  return surprise >= WARNING_NATS ? "warning" : "notice";
}
