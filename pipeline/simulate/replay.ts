import type { Snapshot } from "../../domain/catalog/snapshot.ts";
import { chooseProvider } from "../../domain/routing/choose-provider.ts";
import { refusalCode, senderCodes } from "../../domain/routing/refusal-code.ts";
import { IdRing } from "../../platform/kafka/id-ring.ts";
import type { Event } from "../../schemas/generated/types.ts";
import { hashOf } from "../records/id-hash.ts";
import { routeFacts } from "../records/route-facts.ts";
import type { SeenDeliveries } from "./seen-deliveries.ts";
import { Tally } from "./tally.ts";

/** Decisions that are remembered, since a log may hold one twice. */
const REMEMBERED = 100_000;

/** Decides the messages of a time once more, by several catalogs, and counts what comes of it. */
export class Replay {
  /** As it was decided then. */
  readonly recorded = new Tally();
  /** As each of the catalogs would decide. */
  readonly simulated: readonly Tally[];
  /** Messages by how their network was known then: as on their event, or `prefix`. */
  readonly networkSources = new Map<string, number>();
  /** Epoch ms of the first and the last decision. */
  first: number | undefined;
  last: number | undefined;
  private readonly catalogs: readonly Snapshot[];
  private readonly seen: SeenDeliveries;
  private readonly known = new IdRing(REMEMBERED);

  constructor(catalogs: readonly Snapshot[], seen: SeenDeliveries) {
    this.catalogs = catalogs;
    this.seen = seen;
    this.simulated = catalogs.map(() => new Tally());
  }

  /** Takes a `routed` or `closed` event, in the log's order: the first decision on a message counts. */
  decided({ type, facts, provider, price, currency, onDelivery, errorCode, errorClass, at }: Event): void {
    // What is wrong in itself stays so with any catalog.
    if (type === "closed" && errorClass !== "unroutable" && !senderCodes.has(errorCode ?? "")) return;
    if (!this.known.add(`${facts.messageId}/${facts.to}`)) return;
    this.first = Math.min(this.first ?? at, at);
    this.last = Math.max(this.last ?? at, at);
    const { country, network, networkSource, segments } = facts;
    const source = networkSource ?? "prefix";
    this.networkSources.set(source, (this.networkSources.get(source) ?? 0) + 1);
    const share = (id: string) => this.seen.share(id, country, network);
    if (type === "closed") this.recorded.refuse(errorCode ?? "unroutable");
    else {
      const recorded = { price: price ?? 0, currency: currency ?? "", onDelivery };
      this.recorded.give(provider ?? "", segments, recorded, share(provider ?? ""));
    }
    const seed = hashOf(facts.messageId);
    this.catalogs.forEach((catalog, i) => {
      const choice = chooseProvider(catalog.routes, {
        facts: routeFacts(facts, at),
        tried: [],
        health: () => undefined,
        delivery: this.seen.view,
        random: draws(seed),
      });
      if (!choice.ok) this.simulated[i]!.refuse(refusalCode(choice));
      else {
        const { id, currency: unit } = choice.provider;
        const { price: each, onDelivery: later } = choice;
        this.simulated[i]!.give(id, segments, { price: each, currency: unit, onDelivery: later }, share(id));
      }
    });
  }
}

/** Uniform in [0, 1), the same for a message whatever the catalog, so that what differs is the catalog's doing (mulberry32). */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
