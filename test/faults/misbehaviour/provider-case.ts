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
}

export interface CaseRecord {
  readonly name: string;
  readonly provider: ProviderId;
  /** Message ids that were accepted for it. */
  readonly ids: ReadonlySet<string>;
  /** From the fault's begin until the circuit opened; undefined where it does not have to. */
  readonly leftMs: number | undefined;
  /** From the fault's end until the provider took messages and its circuit was closed. */
  readonly backMs: number;
  /** What the provider counted during the case. */
  readonly counts: Readonly<Record<string, number>>;
}

const OTHERS: Readonly<Record<ProviderId, readonly ProviderId[]>> = {
  "smsc-a": ["smsc-b", "http-c"],
  "smsc-b": ["smsc-a", "http-c"],
  "http-c": ["smsc-a", "smsc-b"],
};

/** Runs one case from the first message to the last; all in doubt and all repeats are reckoned later. */
export async function runCase(
  sluice: Installation,
  name: string,
  fault: Misbehaviour,
  load: TrafficOptions & { readonly enough: number; readonly withinMs: number },
): Promise<CaseRecord> {
  const { provider } = fault;
  const accepted = async (id: ProviderId) => (await statsOf(sluice, id)).submits.accepted ?? 0;
  const grows = async (id: ProviderId, what: string) => {
    const from = await accepted(id);
    await until(
      () => `${id} takes ${load.enough} more ${what}`,
      async () => (await accepted(id)) >= from + load.enough,
      20_000,
    );
  };
  const traffic = new Traffic(sluice, load);
  await traffic.start();
  try {
    await grows(provider, `before ${name}`);
    const before = await statsOf(sluice, provider);
    const began = performance.now();
    await behave(sluice, provider, fault.fault);
    await fault.during?.();
    let leftMs: number | undefined;
    if (fault.left) {
      await until(
        () => `${provider} is left: ${name}`,
        async () => (await circuitOf(sluice, provider)) === "open",
        load.withinMs,
      );
      leftMs = Math.round(performance.now() - began);
    }
    let now = before;
    await until(
      () => `${name} has happened: ${JSON.stringify(now)}`,
      async () => {
        now = await statsOf(sluice, provider);
        return fault.happened(now, before);
      },
      load.withinMs,
    );
    await Promise.all(OTHERS[provider].map((id) => grows(id, `during ${name}`)));
    now = await statsOf(sluice, provider);
    await behave(sluice, provider, fault.cure);
    const cured = performance.now();
    await grows(provider, `after ${name}`);
    await until(
      () => `${provider} is used as before: ${name}`,
      async () => (await circuitOf(sluice, provider)) === "closed",
      20_000,
    );
    const backMs = Math.round(performance.now() - cured);
    return { name, provider, ids: traffic.accepted, leftMs, backMs, counts: grown(now, before) };
  } finally {
    await traffic.stop();
  }
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
