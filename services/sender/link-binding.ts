import type { Circuit } from "../../platform/flow/circuit.ts";
import type { Link, LinkEvents } from "./link.ts";
import type { Unit } from "./unit-result.ts";

/** A process that owns nothing keeps its binds for so long: partitions often come back after a rebalance. */
const UNBIND_AFTER_MS = 5_000;
const STOP_DRAIN_MS = 1_500;

/** Binds a provider's link while a partition is owned, and unbinds some time after the last one has gone. Times are monotonic, ms. */
export class LinkBinding<U extends Unit> {
  private readonly link: Link<U>;
  private readonly circuit: Circuit;
  private readonly events: LinkEvents<U>;
  private linked = false;
  private unlinking: Promise<void> | undefined;
  private idleSince = 0;
  /** How often it was bound or unbound. */
  private turns = 0;

  constructor(link: Link<U>, circuit: Circuit, events: LinkEvents<U>) {
    this.link = link;
    this.circuit = circuit;
    this.events = events;
  }

  /** A partition has come. `now`: when the link is begun with. */
  async bind(now: () => number): Promise<void> {
    if (this.linked) return;
    this.linked = true;
    const turn = ++this.turns;
    await this.unlinking;
    // Told otherwise meanwhile: a link that was begun now would have nobody who ends it.
    if (turn !== this.turns) return;
    this.circuit.linkDown("not connected yet", now());
    this.link.start(this.events);
  }

  /** The last partition has gone. */
  idle(now: number): void {
    this.idleSince = now;
  }

  /** Called now and then while no partition is owned. */
  tick(now: number): void {
    if (this.linked && now - this.idleSince >= UNBIND_AFTER_MS) void this.unbind();
  }

  /** What is still unanswered after a short wait is in doubt. */
  async unbind(): Promise<void> {
    if (!this.linked) return this.unlinking;
    this.linked = false;
    this.turns++;
    this.unlinking = this.link.stop(STOP_DRAIN_MS);
    await this.unlinking;
  }
}
