import { type Lane, lanes } from "../message/lane.ts";
import { countriesOfMobileCode } from "../numbers/mobile-country-codes.ts";
import { countriesByCallingCode } from "../numbers/number-prefix.ts";
import { alikeRoutes } from "../routing/alike-routes.ts";
import { type PlainConditions, splitLabel } from "../routing/conditions.ts";
import { RouteIndex } from "../routing/route-index.ts";
import { plainConditions } from "../routing/route-table.ts";
import type { Region } from "./region.ts";
import type { Route } from "./route.ts";
import { windowsCover } from "./time-window.ts";

/** A route that no message reaches, or an entry of its conditions by which none does, since other routes take all of that. */
export interface ShadowedRoute {
  readonly index: number;
  /** The entry, where it is not the whole route. */
  readonly entry?: { readonly condition: Narrowed; readonly place: number };
  /** Ids of the routes that take it, in order. */
  readonly by: readonly string[];
}

/** Conditions whose entries are looked at one by one: in them people list what the route is to take. */
const NARROWED = ["countries", "mccMncs", "prefixes"] as const;
type Narrowed = (typeof NARROWED)[number];

/**
 * Routes and entries of which every message is taken by another route; those behind a route without any condition are left
 * out, which is an error already. It looks lane by lane, and country by country where the route names some, or its networks or
 * prefixes lie in some: other ways in which several routes together take everything are not found.
 */
export function shadowedRoutes(routes: readonly Route[], regions: readonly Region[]): ShadowedRoute[] {
  const open = routes.findIndex(({ when }) => Object.values(when).every((entries) => entries === undefined));
  const asked = open < 0 ? routes : routes.slice(0, open + 1);
  const others = new OtherRoutes(asked.map(({ when }) => plainConditions(when, regions)));
  return asked
    .flatMap(({ when }, index) => {
      const plain = plainConditions(when, regions);
      const by = others.taking(plain, index);
      return by === undefined ? ofEntries(when, plain, index, others) : [{ index, by }];
    })
    .map(({ by, ...found }) => ({ ...found, by: by.map((place) => asked[place]!.id) }));
}

/** Of a route by its place, and a lane: whether earlier routes leave it any message of that lane. */
export function reached(routes: readonly Route[], regions: readonly Region[]): (place: number, lane: Lane) => boolean {
  const whens = routes.map(({ when }) => plainConditions(when, regions));
  const others = new OtherRoutes(whens);
  return (place, lane) => others.taking({ ...whens[place]!, lanes: [lane] }, place) === undefined;
}

type Found = Omit<ShadowedRoute, "by"> & { readonly by: readonly number[] };

/** Entries as the route has them: what a region brings along is not meant one by one. */
function ofEntries(when: Route["when"], plain: PlainConditions, index: number, others: OtherRoutes): Found[] {
  return NARROWED.flatMap((condition) => {
    const entries: readonly string[] = when[condition] ?? [];
    if (entries.length < 2) return [];
    return entries.flatMap((entry, place) => {
      // Outside of the route's regions.
      if (condition === "countries" && !plain.countries?.includes(entry)) return [];
      const by = others.taking({ ...plain, [condition]: [entry] }, index);
      return by === undefined ? [] : [{ index, entry: { condition, place }, by }];
    });
  });
}

/** Countries in one of which every message lies for which the conditions hold; undefined: in any. */
function countriesIn({ countries, mccMncs, prefixes }: PlainConditions): readonly string[] | undefined {
  if (countries !== undefined) return countries;
  const places =
    mccMncs?.map((network) => countriesOfMobileCode(network.slice(0, 3)) ?? []) ??
    prefixes?.map(countriesByCallingCode);
  return places === undefined ? undefined : [...new Set(places.flat())];
}

/** Finds routes that take all of another one: those are among the ones that take any one of its messages. */
class OtherRoutes {
  private readonly whens: readonly PlainConditions[];
  private readonly index: RouteIndex;
  private readonly alike: ReadonlyMap<number, number>;

  constructor(whens: readonly PlainConditions[]) {
    this.whens = whens;
    this.index = new RouteIndex(whens);
    this.alike = alikeRoutes(whens);
  }

  /** Places of the routes that take all that the route at a place takes by these conditions; undefined when they leave something. */
  taking(when: PlainConditions, place: number): number[] | undefined {
    const by = new Set<number>();
    for (const lane of when.lanes ?? lanes) {
      for (const country of countriesIn(when) ?? [undefined]) {
        const first = this.first(when, place, lane, country);
        if (first === undefined) return undefined;
        by.add(first);
      }
    }
    return by.size === 0 ? undefined : [...by];
  }

  /** The place of the first one that takes all of a lane and a country; `country` undefined: of all countries. */
  private first(when: PlainConditions, place: number, lane: Lane, country: string | undefined): number | undefined {
    const sample = {
      destination: when.prefixes?.[0] ?? "",
      country: country ?? "",
      mccMnc: when.mccMncs?.[0],
      account: when.accounts?.[0] ?? "",
      lane,
      from: when.senders?.[0],
      labels: Object.fromEntries((when.labels ?? []).slice(0, 1).map(splitLabel)),
      at: 0,
    };
    const before = this.index.possible(sample).filter((other) => other < place);
    return before.sort((a, b) => a - b).find((other) => this.takes(other, when, place, lane, country));
  }

  /** Whether the route at an earlier place takes every message of a lane and country for which these conditions hold. */
  private takes(other: number, when: PlainConditions, place: number, lane: Lane, country: string | undefined): boolean {
    const earlier = this.whens[other]!;
    const { alike } = this;
    // Among those that are alike only the same prefix goes before.
    const covers = alike.has(other) && alike.get(other) === alike.get(place) ? isSame : startsWith;
    return (
      (earlier.lanes?.includes(lane) ?? true) &&
      (earlier.countries === undefined || (country !== undefined && earlier.countries.includes(country))) &&
      holds(earlier.mccMncs, when.mccMncs) &&
      holds(earlier.accounts, when.accounts) &&
      holds(earlier.senders, when.senders) &&
      holds(earlier.labels, when.labels) &&
      (earlier.times === undefined || windowsCover(earlier.times, when.times)) &&
      holds(earlier.prefixes, when.prefixes, covers)
    );
  }
}

/** Whether each of the later entries, of which there must be some, is covered by one of the earlier ones. */
function holds(
  earlier: readonly string[] | undefined,
  later: readonly string[] | undefined,
  covers: (entry: string, wider: string) => boolean = isSame,
): boolean {
  return earlier === undefined || (later?.every((entry) => earlier.some((wider) => covers(entry, wider))) ?? false);
}

const isSame = (entry: string, other: string): boolean => entry === other;
const startsWith = (entry: string, prefix: string): boolean => entry.startsWith(prefix);
