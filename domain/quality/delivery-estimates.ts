import type { Lane } from "../message/lane.ts";
import { AgeCounts } from "./age-counts.ts";
import { watchReceipts } from "./collapse-watch.ts";
import { DeliveryCell } from "./delivery-cell.ts";
import { type DeliveryEstimate, DeliveryNode, NOTHING_SEEN } from "./delivery-node.ts";
import { DeliveryShape } from "./delivery-shape.ts";
import { PRIOR_SHAPE } from "./prior-delivery.ts";
import type { QualitySummary } from "./quality-cell.ts";

/** Cells of all providers; of more, the one longest not heard of is forgotten. */
const CELLS = 5_000;
/** What was not heard of for so long is forgotten, ms: what it said has decayed to nothing. */
const FORGOTTEN_MS = 86_400_000;

interface KnownProvider {
  readonly node: DeliveryNode;
  readonly shape: DeliveryShape;
  cells: DeliveryCell[];
}

/**
 * How likely each provider delivers, by country, network and lane, from what all partitions say in `sms.quality`: the
 * reading half. Give it every summary as it comes, and call `refresh` about twice a second; in between nothing changes, and
 * it may be asked for each message. It begins with the newest summaries that the topic holds and needs no other state.
 */
export class DeliveryEstimates {
  private readonly providers = new Map<string, KnownProvider>();
  private readonly most: number;
  private size = 0;

  /** `most`: cells that are held. */
  constructor(most = CELLS) {
    this.most = most;
  }

  /** Takes what a partition says. Those of different partitions may come in any order, and each more than once. */
  fold(summary: QualitySummary): void {
    // Before anything is looked up: the provider itself is forgotten with its last cell.
    if (this.size >= this.most && !this.holds(summary)) this.forgetOldest();
    const known = this.known(summary.provider);
    const node = known.node.part(summary.lane).part(summary.country).part(summary.network);
    if (node.cell === undefined) {
      node.cell = new DeliveryCell(summary);
      known.cells.push(node.cell);
      this.size++;
    }
    node.cell.fold(summary);
  }

  /** Works out what was told. `at`: epoch ms by the brokers' clock. */
  refresh(at: number): void {
    this.forget((cell) => at - cell.heardAt > FORGOTTEN_MS);
    for (const { node, shape, cells } of this.providers.values()) {
      const usual = new AgeCounts();
      for (const cell of cells) usual.add(cell.history.usual);
      shape.learn(usual, PRIOR_SHAPE);
      for (const cell of cells) {
        cell.learn(at, shape);
        if (cell.guard.judge(at, cell.history)) cell.restartSince(cell.guard.triedSince);
      }
      watchReceipts(cells, at);
      node.sum();
      node.judge();
    }
  }

  /** `network`: undefined or null when it is not known. Where nothing is known of a network its country speaks, then the provider. */
  of(provider: string, country: string, network: string | null | undefined, lane: Lane): DeliveryEstimate {
    const known = this.providers.get(provider);
    if (known === undefined) return NOTHING_SEEN;
    const ofLane = known.node.parts.get(lane);
    if (ofLane === undefined) return known.node.estimate;
    const ofCountry = ofLane.parts.get(country);
    if (ofCountry === undefined) return ofLane.estimate;
    return (ofCountry.parts.get(network ?? null) ?? ofCountry).estimate;
  }

  /** Cells of which something is known. */
  cells(): readonly DeliveryCell[] {
    return [...this.providers.values()].flatMap(({ cells }) => cells);
  }

  private holds({ provider, lane, country, network }: QualitySummary): boolean {
    const ofLane = this.providers.get(provider)?.node.parts.get(lane);
    return ofLane?.parts.get(country)?.parts.get(network)?.cell !== undefined;
  }

  private known(provider: string): KnownProvider {
    let known = this.providers.get(provider);
    if (known === undefined) {
      known = { node: new DeliveryNode(), shape: new DeliveryShape(), cells: [] };
      this.providers.set(provider, known);
    }
    return known;
  }

  private forgetOldest(): void {
    const oldest = this.cells().reduce((least, cell) => (cell.heardAt < least.heardAt ? cell : least));
    this.forget((cell) => cell === oldest);
  }

  private forget(which: (cell: DeliveryCell) => boolean): void {
    for (const [provider, known] of this.providers) {
      const gone = known.cells.filter(which);
      if (gone.length === 0) continue;
      known.cells = known.cells.filter((cell) => !which(cell));
      this.size -= gone.length;
      for (const { cell } of gone) known.node.part(cell.lane).part(cell.country).parts.delete(cell.network);
      if (known.cells.length === 0) this.providers.delete(provider);
    }
  }
}
