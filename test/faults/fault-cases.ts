import type { Random } from "../../infra/simulators/behaviour/random-source.ts";
import type { FaultPoint, FaultStep } from "../../platform/fault-point/fault-point.ts";
import { until } from "./audit.ts";
import type { PointFault } from "./hooks.ts";
import type { Installation } from "./installation.ts";
import { shuffled } from "./kill.ts";
import { metric } from "./rebalance.ts";

/** The services whose instances share partitions. */
export const GROUPS = ["router", "sender", "dlr-collector", "analytics-sink"] as const;
export type FaultKind = "kill" | "freeze" | "clock";
export type Group = (typeof GROUPS)[number];

/** The steps that each service comes to. */
const STEPS: Readonly<Record<Group, readonly FaultStep[]>> = {
  router: ["decision-recorded", "horizon-committed", "effects-produced", "offset-committed"],
  sender: [
    "horizon-committed",
    "submit-written",
    "response-read",
    "outcome-recorded",
    "offset-committed",
    "hand-back-produced",
  ],
  "dlr-collector": ["decision-recorded", "horizon-committed", "effects-produced", "offset-committed"],
  "analytics-sink": ["horizon-committed", "state-written", "offset-committed"],
};

/** What happens at one time: one point a service. */
export type Round = Partial<Record<Group, FaultPoint>>;

/** One fault that has happened. */
export interface FaultCase {
  readonly kind: FaultKind;
  readonly instance: string;
  readonly point: FaultPoint;
  /** Epoch ms. */
  readonly at: number;
}

const INSTANCES = [1, 2] as const;
const INSTANCE_NAMES = Object.keys(STEPS).flatMap((service) => [service, `${service}-2`]);
const HIT_MS = 90_000;
const READY_MS = 120_000;

/**
 * Rounds in a drawn order that come to every step of every service: before and after it, or one of the two (drawn). A
 * service with fewer points than another comes to some of them again.
 */
export function roundsOf(random: Random, both: boolean): Round[] {
  const points = Object.entries(STEPS).map(([service, steps]) => {
    const own = steps.flatMap((step): FaultPoint[] => {
      const drawn = random() < 0.5 ? ("before" as const) : ("after" as const);
      return both ? [`before:${step}`, `after:${step}`] : [`${drawn}:${step}`];
    });
    return [service, shuffled(own, random)] as const;
  });
  const most = Math.max(...points.map(([, own]) => own.length));
  return Array.from({ length: most }, (_, n) =>
    Object.fromEntries(points.map(([service, own]) => [service, own[n % own.length]!])),
  );
}

/** Does to an installation with two instances of each service what rounds say, and keeps an account of it. */
export class FaultCases {
  readonly done: FaultCase[] = [];
  private readonly sluice: Installation;
  /** How far each instance's wall clock is off, ms. */
  private readonly clocks = new Map<string, number>();

  constructor(sluice: Installation) {
    this.sluice = sluice;
  }

  /** Arms one round, on instances that own partitions, and waits until all of it has happened; resolves to whom. */
  private async strike(
    kind: FaultKind,
    round: Round,
    fault: (instance: string) => PointFault,
    onHit?: (service: Group, instance: string) => Promise<void>,
  ): Promise<string[]> {
    const { hooks } = this.sluice;
    const struck = Object.entries(round) as [Group, FaultPoint][];
    return Promise.all(
      struck.map(async ([service, point]) => {
        const instance = await this.ownerOf(service);
        hooks.arm(instance, point, fault(instance));
        await hooks.untilHit(instance, point, HIT_MS);
        this.done.push({ kind, instance, point, at: Date.now() });
        await onHit?.(service, instance);
        return instance;
      }),
    );
  }

  /** Each dies at its point; resolves when new ones are in their groups. */
  async kill(round: Round): Promise<void> {
    const killed = await this.strike("kill", round, () => "kill");
    await Promise.all(killed.map((instance) => this.sluice.control.start(instance)));
    await this.ready();
  }

  /** Each stands still at its point for at least `frozenMs`; `onFrozen` is called as soon as one does, with its name. */
  async freeze(
    round: Round,
    frozenMs: number,
    onFrozen: (service: Group, instance: string) => Promise<void>,
  ): Promise<void> {
    try {
      await this.strike("freeze", round, () => "freeze", onFrozen);
      await new Promise((resolve) => setTimeout(resolve, frozenMs));
    } finally {
      // All of them: what was frozen must not stay so when something else fails.
      await Promise.all(INSTANCE_NAMES.map((name) => this.sluice.control.signal(name, "SIGCONT").catch(() => {})));
    }
    await this.ready();
  }

  /** Each instance's clock jumps by `ms` one way or the other, or back to where it was. */
  async jump(round: Round, ms: number, random: Random): Promise<void> {
    const drawn = new Map(Object.keys(round).map((service) => [service, random() < 0.5 ? ms : -ms]));
    await this.strike("clock", round, (instance) => {
      const off = this.clocks.get(instance) ?? 0;
      const by = off === 0 ? drawn.get(instance.replace(/-2$/, ""))! : -off;
      this.clocks.set(instance, off + by);
      return `clock ${by}`;
    });
    await this.ready();
  }

  /** Instances whose clocks are off get new processes. */
  async setClocksRight(): Promise<void> {
    const off = [...this.clocks].filter(([, ms]) => ms !== 0).map(([instance]) => instance);
    this.clocks.clear();
    await Promise.all(off.map((instance) => this.sluice.control.restart(instance)));
    await this.ready();
  }

  /** An admin port. */
  adminOf(service: string, index: number): string {
    const url = new URL(this.sluice.adminUrls[service]!);
    url.port = String(Number(url.port) + index - 1);
    return url.origin;
  }

  /** The instance that owns most partitions; when both own as many, the first. */
  async ownerOf(service: Group): Promise<string> {
    const name = service === "sender" ? "sender_partitions" : "consumer_partitions";
    let owned: number[] = [];
    await until(
      () => `an instance of ${service} owns partitions; they own ${owned}`,
      async () => {
        owned = await Promise.all(INSTANCES.map((index) => metric(this.adminOf(service, index), name).catch(() => 0)));
        return owned.some((count) => count > 0);
      },
      READY_MS,
    );
    return owned[1]! > owned[0]! ? `${service}-2` : service;
  }

  /** As a table, one line a case. */
  table(): string {
    const line = ({ kind, instance, point, at }: FaultCase) =>
      `  ${new Date(at).toISOString().slice(11, 23)}  ${kind.padEnd(6)}  ${instance.padEnd(16)} ${point}`;
    return this.done.map(line).join("\n");
  }

  /** Each instance has been ready since; a machine under load does not answer all probes in time at once. */
  private ready(): Promise<void> {
    const missing = new Set(INSTANCE_NAMES);
    return until(
      () => `ready: ${[...missing]}`,
      async () => {
        for (const { name, healthy } of await this.sluice.control.status({ probe: true }))
          if (healthy) missing.delete(name);
        return missing.size === 0;
      },
      READY_MS,
    );
  }
}
