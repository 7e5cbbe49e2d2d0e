/** One provider that misbehaves for a while under traffic of all lanes: what it did, when it was left, when it was used again. */
import { until } from "../audit.ts";
import { behave, type Installation } from "../installation.ts";
import { Traffic, type TrafficOptions } from "../traffic.ts";

export type ProviderId = "smsc-a" | "smsc-b" | "http-c";

/** The counts of a simulator, `GET /stats`; smsc or http-provider. */
export interface ProviderStats {
  readonly submits: Readonly<Record<string, number>>;
  readonly receipts: Readonly<Record<string, number>>;
  readonly responses?: Readonly<Record<string, number>>;
  readonly links?: Readonly<Record<string, number>>;
}

export async function statsOf({ simulators }: Installation, provider: ProviderId): Promise<ProviderStats> {
  return (await (await fetch(`${simulators[provider]}/stats`)).json()) as ProviderStats;
}

/** A word to a simulator's control port: `/cut`, `/unbind`. */
export async function tell({ simulators }: Installation, provider: ProviderId, path: string): Promise<void> {
  const response = await fetch(`${simulators[provider]}${path}`, { method: "POST" });
  if (!response.ok) throw new Error(`${provider} ${path}: ${response.status} ${await response.text()}`);
}

/** closed, half_open or open, as the sender's metrics have it. */
export async function circuitOf({ adminUrls }: Installation, provider: ProviderId): Promise<string> {
  const text = await (await fetch(`${adminUrls.sender}/metrics`)).text();
  const line = text.split("\n").find((l) => l.startsWith("sender_circuit{") && l.includes(`provider="${provider}"`));
  return /circuit="(\w+)"/.exec(line ?? "")?.[1] ?? "none";
}

export interface Misbehaviour {
  readonly provider: ProviderId;
  /** Settings of the simulator that make the fault, and those that end it. */
  readonly fault: object;
  readonly cure: object;
  /** What is done besides, when the fault has begun. */
  readonly during?: () => Promise<void>;
  /** Whether it has happened often enough; `before` and `now` are the provider's counts. */
  readonly happened: (now: ProviderStats, before: ProviderStats) => boolean;
  /** The circuit must open while the fault lasts. */
  readonly left: boolean;
  /** Most time from the cure until it is used as before, ms. Where it is longer than usual the case does not wait for that. */
  readonly backWithinMs?: number;
}

export interface CaseRecord {
  readonly name: string;
  readonly provider: ProviderId;
  /** Message ids that were accepted for it. */
  readonly ids: ReadonlySet<string>;
  /** From the fault's begin until the circuit opened; undefined where it does not have to. */
  readonly leftMs: number | undefined;
  /** From the fault's end until the provider took messages and its circuit was closed, ms. */
  readonly back: Promise<number>;
  /** What the provider counted during the case. */
  readonly counts: Readonly<Record<string, number>>;
}

const PROVIDERS: readonly ProviderId[] = ["smsc-a", "smsc-b", "http-c"];
const BACK_WITHIN_MS = 20_000;
/** Until a fault has happened often enough, and until the others have taken enough meanwhile. */
const HAPPENS_WITHIN_MS = 30_000;
/** Until a provider has to have taken what a case needs before it begins; it may still be left since an earlier case. */
const FLOWING_WITHIN_MS = 70_000;

export interface CaseLoad extends TrafficOptions {
  /** Messages that the provider takes before and after the fault, and the others together meanwhile. */
  readonly enough: number;
  /** Until the provider is left, ms. */
  readonly leftWithinMs: number;
}

/** Runs one case from the first message to the last; how its messages end is reckoned later. */
export async function runCase(
  sluice: Installation,
  name: string,
  fault: Misbehaviour,
  load: CaseLoad,
): Promise<CaseRecord> {
  const { provider, backWithinMs = BACK_WITHIN_MS } = fault;
  const traffic = new Traffic(sluice, load);
  await traffic.start();
  try {
    await take(sluice, [provider], load.enough, FLOWING_WITHIN_MS, `before ${name}`);
    const before = await statsOf(sluice, provider);
    const began = performance.now();
    await behave(sluice, provider, fault.fault);
    await fault.during?.();
    let leftMs: number | undefined;
    if (fault.left) {
      await untilCircuit(sluice, provider, "open", load.leftWithinMs, `${name} goes on`);
      leftMs = Math.round(performance.now() - began);
    }
    const now = await happened(sluice, name, fault, before);
    const others = PROVIDERS.filter((id) => id !== provider);
    await take(sluice, others, load.enough, HAPPENS_WITHIN_MS, `while ${name} goes on`);
    await behave(sluice, provider, fault.cure);
    const back = usedAgain(sluice, provider, load.enough, backWithinMs, `after ${name}`);
    if (backWithinMs <= BACK_WITHIN_MS) await back;
    return {
      name,
      provider,

      ids: traffic.accepted,
      leftMs,
      back,
      counts: grown(now, before),
    };
  } finally {
    await traffic.stop();
  }
}

async function usedAgain(
  sluice: Installation,
  provider: ProviderId,
  enough: number,
  withinMs: number,
  when: string,
): Promise<number> {
  const cured = performance.now();
  await take(sluice, [provider], enough, withinMs, when);
  await untilCircuit(sluice, provider, "closed", withinMs, when);
  return Math.round(performance.now() - cured);
}

/** Waits until these providers, together, have accepted so many more submissions. */
async function take(
  sluice: Installation,
  providers: readonly ProviderId[],
  enough: number,
  withinMs: number,
  when: string,
): Promise<void> {
  const accepted = async () => {
    const stats = await Promise.all(providers.map((provider) => statsOf(sluice, provider)));
    return stats.reduce((total, { submits }) => total + (submits.accepted ?? 0), 0);
  };
  const from = await accepted();
  await until(
    () => `${providers.join(" and ")} take ${enough} ${when}`,
    async () => (await accepted()) >= from + enough,
    withinMs,
  );
}

function untilCircuit(
  sluice: Installation,
  provider: ProviderId,
  state: "open" | "closed",
  withinMs: number,
  when: string,
): Promise<void> {
  return until(
    () => `the circuit of ${provider} is ${state} ${when}`,
    async () => (await circuitOf(sluice, provider)) === state,
    withinMs,
  );
}

async function happened(
  sluice: Installation,
  name: string,
  fault: Misbehaviour,
  before: ProviderStats,
): Promise<ProviderStats> {
  let now = before;
  await until(
    () => `${name} happens often enough: ${JSON.stringify(grown(now, before))}`,
    async () => {
      now = await statsOf(sluice, fault.provider);
      return fault.happened(now, before);
    },
    HAPPENS_WITHIN_MS,
  );
  return now;
}

/** Counts that have grown, by group and name. */
function grown(now: ProviderStats, before: ProviderStats): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const group of ["submits", "receipts", "responses", "links"] as const)
    for (const [name, count] of Object.entries(now[group] ?? {}))
      if (typeof count === "number" && count > (before[group]?.[name] ?? 0))
        counts[`${group}.${name}`] = count - (before[group]?.[name] ?? 0);
  return counts;
}
