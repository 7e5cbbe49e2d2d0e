import { isDeepStrictEqual } from "node:util";
import { isAskedFor, type Lookup } from "../../../domain/catalog/lookup.ts";
import type { Snapshot, SnapshotSource } from "../../../domain/catalog/snapshot.ts";
import type { Lane } from "../../../domain/message/lane.ts";
import { type KnownNetwork, KnownNetworks, learnedNetwork } from "../../../domain/portability/known-networks.ts";
import { readLookupAnswer } from "../../../domain/portability/lookup-answer.ts";
import type { LookupBudget } from "../../../domain/portability/lookup-budget.ts";
import { LookupCircuit } from "../../../domain/portability/lookup-circuit.ts";
import { networkCountries } from "../../../domain/portability/network-dependence.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { LookupClient, LookupReply } from "./http-lookup.ts";
import type { LookupMetrics, LookupRefusal, LookupResult } from "./lookup-metrics.ts";

/** A number whose network is being asked for. */
export interface Question {
  readonly number: string;
  /** When those who wait for it go on without, by the monotonic clock. */
  readonly deadline: number;
  settled: boolean;
  /** Called when it has been settled. */
  readonly wake: Set<() => void>;
}

export interface NumberNetworksOptions {
  readonly catalog: SnapshotSource;
  readonly client: (lookup: Lookup) => LookupClient;
  readonly metrics: LookupMetrics;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly monotonic: () => number;
}

/** One look-up service at work. */
interface Service {
  readonly lookup: Lookup;
  readonly client: LookupClient;
  readonly circuit: LookupCircuit;
  inFlight: number;
  /** Questions that wait for one of those under way, oldest first. */
  waiting: Asking[];
}

interface Asking extends Question {
  readonly country: string;
  readonly budget: LookupBudget;
}

/**
 * The networks of ported numbers, for all partitions of a router: what look-up services have said of them, and the
 * questions under way, one for each number. Without a portability.yaml it is not `active`: nothing is asked for or learned, and what was known before stays, as many numbers as there were.
 */
export class NumberNetworks {
  private readonly options: NumberNetworksOptions;
  private readonly known = new KnownNetworks(0);
  private readonly asked = new Map<string, Asking>();
  private snapshot: Snapshot | undefined;
  private services: Service[] = [];
  private depending: ReadonlySet<string> = new Set();

  constructor(options: NumberNetworksOptions) {
    this.options = options;
  }

  /** Whether the catalog of this moment wants other networks than those by prefix. */
  get active(): boolean {
    const { current } = this.options.catalog;
    if (current !== this.snapshot) this.takeOver(current);
    return current.catalog.portability !== undefined;
  }

  /** Numbers whose network is remembered. */
  get size(): number {
    return this.known.size;
  }

  /** Questions that are under way or wait for one that is. */
  get pending(): number {
    return this.asked.size;
  }

  /** Takes what a receipt has said, where the catalog wants it. `at`: when that was, epoch ms. */
  learn(number: string, mccMnc: string, at: number): void {
    const { portability } = this.active ? this.snapshot!.catalog : {};
    const known = learnedNetwork(portability, mccMnc, at, this.options.now());
    if (known !== undefined) this.known.set(number, known);
  }

  /** What is known of a number; undefined: its prefix counts. */
  of(number: string): KnownNetwork | undefined {
    return this.known.get(number, this.options.now());
  }

  /**
   * Asks for a number's network where the catalog says so and it is not known; `budget`: of the partition that asks. Undefined
   * when there is nothing to wait for.
   */
  ask(number: string, country: string, lane: Lane, budget: LookupBudget): Question | undefined {
    if (!this.active || !this.depending.has(country)) return undefined;
    const service = this.services.find(({ lookup }) => isAskedFor(lookup, country, lane));
    if (service === undefined) return undefined;
    const known = this.of(number);
    if (known !== undefined) {
      this.options.metrics.cached(known.mccMnc === undefined ? "unknown" : known.source).add();
      return undefined;
    }
    const under = this.asked.get(number);
    if (under !== undefined) return under;
    const at = this.options.monotonic();
    const { timeoutMs } = service.lookup;
    const asking = { number, country, budget, deadline: at + timeoutMs, settled: false, wake: new Set<() => void>() };
    this.asked.set(number, asking);
    this.begin(service, asking);
    return asking.settled ? undefined : asking;
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await Promise.all(this.services.map(({ client }) => client.close()));
  }

  private begin(service: Service, asking: Asking): void {
    const { lookup, circuit } = service;
    const at = this.options.monotonic();
    // As many may wait as are asked at one time: more would only be late.
    const full = service.inFlight >= lookup.maxInFlight;
    const late = asking.deadline <= at || (full && service.waiting.length >= lookup.maxInFlight);
    if (circuit.refuses(at)) this.refuse(service, asking, "circuit-open");
    else if (late) this.refuse(service, asking, "busy");
    else if (full) service.waiting.push(asking);
    else if (!asking.budget.take(lookup, this.options.now())) this.refuse(service, asking, "budget");
    else this.send(service, asking, at);
  }

  private send(service: Service, asking: Asking, at: number): void {
    const { lookup, circuit } = service;
    // It may be the one that tries an open circuit.
    circuit.may(at);
    service.inFlight++;
    const { metrics } = this.options;
    metrics.asked(lookup.id).add();
    if (lookup.currency !== undefined) metrics.spent(lookup.id, lookup.currency).add(lookup.price);
    void service.client.ask(asking.number).then((reply) => {
      service.inFlight--;
      this.conclude(service, asking, reply);
      this.next(service);
    });
  }

  /** What waits takes the place that has become free; what has waited too long, or would be refused, ends at once. */
  private next(service: Service): void {
    while (service.waiting.length > 0 && service.inFlight < service.lookup.maxInFlight)
      this.begin(service, service.waiting.shift()!);
  }

  private conclude(service: Service, asking: Asking, reply: LookupReply): void {
    const { lookup, circuit } = service;
    const { metrics, log } = this.options;
    const { result, detail, pauseMs } = this.read(lookup, asking, reply);
    metrics.result(lookup.id, result).add();
    if (result === "answered" || result === "unknown") circuit.succeeded();
    else {
      circuit.failed(this.options.monotonic(), pauseMs);
      log
        .every(`lookup-${lookup.id}`, 10_000)
        .warn({ lookup: lookup.id, result, detail }, "a look-up of a number's network failed; its prefix counts");
    }
    this.settle(asking);
  }

  private read(
    lookup: Lookup,
    { number, country }: Asking,
    reply: LookupReply,
  ): { readonly result: LookupResult; readonly detail?: string; readonly pauseMs?: number } {
    if (reply.kind === "timed-out") return { result: "timed-out" };
    if (reply.kind === "failed") return { result: "failed", detail: reply.reason };
    const { status, text, pauseMs } = reply;
    const answer = readLookupAnswer(lookup, status, text, country);
    if (answer.kind === "unusable")
      return { result: pauseMs > 0 ? "throttled" : "unusable", detail: answer.reason, pauseMs };
    const now = this.options.now();
    if (answer.kind === "network") {
      const until = now + lookup.keepSeconds * 1_000;
      this.known.set(number, { mccMnc: answer.mccMnc, source: "lookup", until });
      return { result: "answered" };
    }
    // A receipt may have said it meanwhile.
    if (this.of(number) === undefined) {
      const until = now + lookup.keepUnknownSeconds * 1_000;
      this.known.set(number, { mccMnc: undefined, source: "lookup", until });
    }
    return { result: "unknown" };
  }

  private refuse({ lookup }: Service, asking: Asking, reason: LookupRefusal): void {
    this.options.metrics.refused(lookup.id, reason).add();
    this.settle(asking);
  }

  private settle(asking: Asking): void {
    asking.settled = true;
    this.asked.delete(asking.number);
    for (const wake of asking.wake) wake();
  }

  /** A look-up that has not changed keeps its connections and what is known of its health. */
  private takeOver(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    const { portability } = snapshot.catalog;
    const before = this.services;
    // What is known has been paid for, and it counts again when a version without look-ups is taken back.
    if (portability !== undefined) this.known.resize(portability.remembered);
    this.depending = portability === undefined ? new Set() : networkCountries(snapshot.catalog);
    this.services = (portability?.lookups ?? []).map(
      (lookup) =>
        before.find((service) => isDeepStrictEqual(service.lookup, lookup)) ?? {
          lookup,
          client: this.options.client(lookup),
          circuit: new LookupCircuit(lookup.circuit),
          inFlight: 0,
          waiting: [],
        },
    );
    // The alert is by increase(), which misses all that a series begins with when it is not there before.
    for (const { lookup } of this.services) this.options.metrics.refused(lookup.id, "budget");
    for (const service of before) {
      if (this.services.includes(service)) continue;
      // Its questions under way fail, and those that wait are settled after them.
      for (const asking of service.waiting.splice(0)) this.refuse(service, asking, "busy");
      void service.client.close();
    }
  }
}
