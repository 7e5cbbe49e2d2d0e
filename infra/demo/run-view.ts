import type { Circuit, Event, Health } from "../../schemas/generated/types.ts";

/** A provider as the progress line shows it. */
export interface ProviderView {
  readonly id: string;
  readonly submitted: number;
  /** Messages a second over the last interval. */
  readonly rate: number;
  readonly circuit: Circuit | "silent";
}

/** What is known of a run at one moment. Rates are messages a second since the last look. */
export interface RunSnapshot {
  readonly total: number;
  readonly accepted: number;
  readonly submitted: number;
  readonly ended: number;
  readonly acceptedRate: number;
  readonly submittedRate: number;
  readonly endedRate: number;
  readonly providers: readonly ProviderView[];
}

/** A sender says how it is every second. */
const SILENT_MS = 8_000;

/** Follows one run by its events: how far it is, and how its providers do. No I/O. */
export class RunView {
  readonly #total: number;
  readonly #providers: Map<string, { submitted: number; before: number; health: Map<number, Health> }>;
  readonly #submitted = new Set<string>();
  readonly #ended = new Set<string>();
  #accepted = 0;
  #before = { at: 0, accepted: 0, submitted: 0, ended: 0 };

  constructor(total: number, providers: readonly string[]) {
    this.#total = total;
    this.#providers = new Map(providers.map((id) => [id, { submitted: 0, before: 0, health: new Map() }]));
  }

  get accepted(): number {
    return this.#accepted;
  }

  /** Messages that a provider has taken. */
  get submitted(): number {
    return this.#submitted.size;
  }

  /** Messages with a terminal state. */
  get ended(): number {
    return this.#ended.size;
  }

  accept(count: number): void {
    this.#accepted += count;
  }

  /** An event of this run; repeats change nothing. */
  event({ type, facts, provider }: Pick<Event, "type" | "facts" | "provider">): void {
    if (type === "final") this.#ended.add(facts.messageId);
    if (type !== "submitted" || this.#submitted.has(facts.messageId)) return;
    this.#submitted.add(facts.messageId);
    const view = this.#providers.get(provider ?? "");
    if (view !== undefined) view.submitted++;
  }

  health(health: Health): void {
    this.#providers.get(health.provider)?.health.set(health.partition, health);
  }

  /** The state now, and the rates since the last call. Both clocks in ms: monotonic for rates, wall for health. */
  look(monotonic: number, wall: number): RunSnapshot {
    const seconds = Math.max((monotonic - this.#before.at) / 1_000, 0.001);
    const rate = (now: number, before: number) => (this.#before.at === 0 ? 0 : Math.round((now - before) / seconds));
    const counts = { accepted: this.accepted, submitted: this.submitted, ended: this.ended };
    const providers = [...this.#providers].map(([id, view]) => {
      const shown = { id, submitted: view.submitted, rate: rate(view.submitted, view.before) };
      view.before = view.submitted;
      return { ...shown, circuit: circuitOf([...view.health.values()], wall) };
    });
    const snapshot = {
      total: this.#total,
      ...counts,
      acceptedRate: rate(counts.accepted, this.#before.accepted),
      submittedRate: rate(counts.submitted, this.#before.submitted),
      endedRate: rate(counts.ended, this.#before.ended),
      providers,
    };
    this.#before = { at: monotonic, ...counts };
    return snapshot;
  }
}

/** The best of its partitions: one that submits carries the provider. */
function circuitOf(health: readonly Health[], wall: number): ProviderView["circuit"] {
  const fresh = health.filter(({ at }) => wall - at < SILENT_MS);
  for (const circuit of ["closed", "half_open", "open"] as const)
    if (fresh.some((one) => one.circuit === circuit)) return circuit;
  return "silent";
}
