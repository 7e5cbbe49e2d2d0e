/** What the lab's simulated providers do, and when they begin to do something else. */

export type LabProvider = "smsc-a" | "smsc-b" | "http-c";

/** How a provider delivers. */
export interface Behaviour {
  /** Share of the messages that reach the handset; for the others there is a receipt that says so. */
  readonly delivery: number;
  /** Share of the messages of which no receipt comes at all, whatever became of them. */
  readonly lost?: number;
  /** Time from submission to receipt, seconds: half of them, and 95 of 100. */
  readonly medianSeconds: number;
  readonly p95Seconds: number;
}

export interface Phase {
  readonly seconds: number;
  /** Messages a second. */
  readonly rate: number;
  readonly behaviour: Readonly<Record<LabProvider, Behaviour>>;
}

/** Of a segment, as in catalog/providers.yaml. */
export const PRICES: Readonly<Record<LabProvider, number>> = { "smsc-a": 0.01, "smsc-b": 0.013, "http-c": 0.018 };

const good: Behaviour = { delivery: 0.95, medianSeconds: 4, p95Seconds: 10 };

/** Who is cheapest by delivery: smsc-a, then smsc-b. */
export const PHASES: readonly Phase[] = [
  { seconds: 120, rate: 50, behaviour: { "smsc-a": good, "smsc-b": good, "http-c": good } },
  {
    seconds: 150,
    rate: 50,
    behaviour: {
      "smsc-a": { ...good, delivery: 0.5, medianSeconds: 6, p95Seconds: 15 },
      "smsc-b": good,
      "http-c": good,
    },
  },
];

/** The provider that has the traffic after the last phase, and whose receipts collapse; messages a second meanwhile. */
export const COLLAPSING: LabProvider = "smsc-b";
export const COLLAPSE_RATE = 200;
/** Of its receipts one in ten is left. */
export const COLLAPSED: Behaviour = { ...good, lost: 0.9 };
/** Traffic at that rate before it, and how long it is waited for that the provider is left, seconds. */
export const BEFORE_COLLAPSE_SECONDS = 20;
export const COLLAPSE_SECONDS = 40;

/** Then the link of whoever has the traffic is lost, for so long: fewer seconds than until its circuit tries it again. */
export const DARK_SECONDS = 9;

/** As the simulators' control ports take it (infra/simulators/README.md). */
export function settingsOf(
  provider: LabProvider,
  { delivery, lost = 0, medianSeconds, p95Seconds }: Behaviour,
): object {
  const delay = { kind: "lognormal", medianMs: medianSeconds * 1_000, p95Ms: p95Seconds * 1_000, maxMs: 25_000 };
  if (provider === "http-c")
    return { callbacks: { delay, states: { delivered: delivery, undelivered: 1 - delivery }, lossShare: lost } };
  return { receipts: { delay, states: { DELIVRD: delivery, UNDELIV: 1 - delivery }, lossShare: lost } };
}
