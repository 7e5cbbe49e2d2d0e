import type { RouteStrategy } from "../../domain/catalog/route.ts";
import { chooseProvider } from "../../domain/routing/choose-provider.ts";
import { seededRandom } from "../../infra/simulators/behaviour/random-source.ts";
import { Circuit } from "../../platform/flow/circuit.ts";
import { exponential, normal } from "./distributions.ts";
import { factsOf, tableOf } from "./route-of-lab.ts";
import { type DarkTrial, P999_DEVIATIONS } from "./trials.ts";
import { NETWORKS } from "./world.ts";

/** What a sender says of a change reaches the routers after so long, ms; and how often it looks at its circuit. */
const HEALTH_MS = 50;
const TICK_MS = 250;
/** Until it goes dark, ms: some thousands of answers. */
const DARK_MS = 300_000;
/** How long decisions are counted, ms: until the circuit may try the provider again. */
const COUNTED_MS = 10_000;
/** Submissions that wait for their answer at the most. */
const WINDOW = 100;

/**
 * The cheaper of two providers goes dark. The circuit is the sender's own, on a link that is modelled. @returns its share of
 * decisions from 2 s later on; of a silent one from four times what 99.9 of 100 of its answers take, if that is longer
 */
export function darkShare(trial: DarkTrial, strategy: RouteStrategy): number {
  const random = seededRandom(trial.seed * 17 + 3);
  const prices = [10_000, 13_000].map((price) => NETWORKS.map(() => price));
  const providers = ["dark", "other"].map((id, n) => ({ id, prices: prices[n]!, latencyMs: 0, truth: [] }));
  const table = tableOf({ providers, networks: NETWORKS }, strategy, "0");
  const link = new ModelledLink(trial, random);
  const fromMs = DARK_MS + Math.max(2_000, trial.kind === "silent" ? 4 * trial.p999Ms : 0);
  const counted = { all: 0, dark: 0 };
  for (let at = 0; at < fromMs + COUNTED_MS; at += exponential(random, trial.rate / 1_000)) {
    link.advanceTo(at);
    const open = link.knownOpen;
    const choice = chooseProvider(table, {
      facts: factsOf(0, at),
      tried: [],
      health: (id) => ({ open: id === "dark" && open, backlogSeconds: 0 }),
      random,
    });
    if (!choice.ok) throw new Error(choice.reason);
    const dark = choice.provider.id === "dark";
    if (dark) link.submit(at);
    if (at < fromMs) continue;
    counted.all++;
    if (dark) counted.dark++;
  }
  return counted.dark / counted.all;
}

/** A link that answers until it goes dark, and the circuit that watches it. */
class ModelledLink {
  /** What the routers have heard. */
  knownOpen = false;
  private readonly trial: DarkTrial;
  private readonly random: () => number;
  private readonly circuit = new Circuit({ failures: 10, openMs: 10_000, silenceMs: 5_000 });
  private readonly answers: { at: number; tookMs: number }[] = [];
  private readonly sigma: number;
  private inFlight = 0;
  private tickAt = 0;
  private openedAt: number | undefined;

  constructor(trial: DarkTrial, random: () => number) {
    this.trial = trial;
    this.random = random;
    this.sigma = Math.log(trial.p999Ms / trial.medianMs) / P999_DEVIATIONS;
  }

  submit(at: number): void {
    const lost = this.trial.kind === "lost" && at >= DARK_MS;
    if (lost || this.circuit.state !== "closed" || this.inFlight >= WINDOW) return;
    this.circuit.sent(this.inFlight++, at);
    if (at >= DARK_MS) return;
    const tookMs = this.trial.medianMs * Math.exp(this.sigma * normal(this.random));
    let place = this.answers.length;
    while (place > 0 && this.answers[place - 1]!.at > at + tookMs) place--;
    this.answers.splice(place, 0, { at: at + tookMs, tookMs });
  }

  advanceTo(at: number): void {
    while (this.tickAt + TICK_MS <= at) {
      this.tickAt += TICK_MS;
      while (this.answers.length > 0 && this.answers[0]!.at <= this.tickAt) this.answer();
      if (this.trial.kind === "lost" && this.tickAt >= DARK_MS) this.circuit.linkDown("lost", DARK_MS);
      this.circuit.tick(this.tickAt);
      if (this.circuit.state === "open") this.openedAt ??= this.tickAt;
    }
    this.knownOpen = this.openedAt !== undefined && at >= this.openedAt + HEALTH_MS;
  }

  private answer(): void {
    const { at, tookMs } = this.answers.shift()!;
    // The link takes them away when it is lost; a silent provider answers nothing from one moment to the next.
    if (at < DARK_MS) this.circuit.answered(--this.inFlight, at, tookMs);
  }
}
