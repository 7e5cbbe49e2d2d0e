import { NOTHING_SEEN } from "../../domain/quality/delivery-node.ts";
import type { DeliveryView } from "../../domain/routing/delivery-view.ts";
import type { Event } from "../../schemas/generated/types.ts";

interface Ends {
  ended: number;
  delivered: number;
}

/** So many messages of its own weigh as much as what is known of the wider place: the network's country, the country's provider. */
const WEIGHT = 20;
/** Countries and networks of all providers that are told apart; those beyond count with their provider. */
const MOST = 50_000;

/** How the messages of a time ended, by provider, country and network. */
export class SeenDeliveries {
  /** Messages that ended after a provider had taken them. */
  readonly all: Ends = { ended: 0, delivered: 0 };
  private readonly places = new Map<string, Ends>();

  /** Takes a terminal event. */
  ended({ provider, submittedAt, state, facts }: Event): void {
    if (provider === null || submittedAt === null) return;
    const delivered = state === "delivered" ? 1 : 0;
    const { country, network } = facts;
    for (const key of placesOf(provider, country, network)) {
      let ends = this.places.get(key);
      if (ends === undefined) {
        if (this.places.size >= MOST) continue;
        ends = { ended: 0, delivered: 0 };
        this.places.set(key, ends);
      }
      ends.ended++;
      ends.delivered += delivered;
    }
    this.all.ended++;
    this.all.delivered += delivered;
  }

  /** For routes by delivery. */
  readonly view: DeliveryView = {
    of: (provider, country, network) => ({ ...NOTHING_SEEN, delivery: this.share(provider, country, network ?? null) }),
    spend: () => false,
  };

  /** Whether the provider had anything to deliver. */
  knows(provider: string): boolean {
    return this.places.has(provider);
  }

  /** Probability that the provider delivers: the wider place counts where the narrower one had few messages. 1 while nothing has ended. */
  share(provider: string, country: string, network: string | null): number {
    let share = this.all.ended === 0 ? 1 : this.all.delivered / this.all.ended;
    for (const key of placesOf(provider, country, network)) {
      const ends = this.places.get(key);
      if (ends !== undefined) share = (ends.delivered + WEIGHT * share) / (ends.ended + WEIGHT);
    }
    return share;
  }
}

/** The widest first. */
function placesOf(provider: string, country: string, network: string | null): string[] {
  const ofCountry = `${provider}/${country}`;
  return network === null ? [provider, ofCountry] : [provider, ofCountry, `${ofCountry}/${network}`];
}
