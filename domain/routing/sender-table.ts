import type { Region } from "../catalog/region.ts";
import { type CatalogSenderKind, catalogKindOf, type SenderPlace, senderKey } from "../catalog/sender-place.ts";
import type { MessageFacts } from "./message-facts.ts";
import { rendezvous } from "./rendezvous.ts";

/** A sender that a message may go out with. */
export interface SenderOption {
  readonly sender: string;
  /** Ids of the providers at which it is registered; undefined: wherever it is carried. */
  readonly providers: ReadonlySet<string> | undefined;
}

/** What the rule of a place says of a message's sender. */
export type SenderJudgement =
  | {
      readonly ok: true;
      /** Id of the rule. */
      readonly rule: string;
      /** With whom it may go out, the preferred one first. At least one. */
      readonly options: readonly SenderOption[];
    }
  | {
      readonly ok: false;
      readonly rule: string;
      /** Why it cannot go from this sender, for people, without repeating it. */
      readonly reason: string;
    };

/** Kinds of sender, for people. */
const NAMES: Readonly<Record<CatalogSenderKind, string>> = {
  alphanumeric: "names",
  "short-code": "short codes",
  "long-number": "full numbers",
};

interface CompiledPlace {
  readonly id: string;
  readonly allowed: ReadonlySet<CatalogSenderKind> | undefined;
  /** By key; undefined: any sender. */
  readonly registered: ReadonlyMap<string, SenderOption> | undefined;
  readonly ignoreCase: boolean;
  readonly pool: readonly SenderOption[];
  readonly poolOf: ReadonlyMap<string, readonly SenderOption[]>;
}

/** The sender rules of a catalog, by place: a network's goes before its country's, and that before its region's. */
export class SenderTable {
  private readonly byNetwork = new Map<string, CompiledPlace>();
  private readonly byCountry = new Map<string, CompiledPlace>();
  private readonly byRegion = new Map<string, CompiledPlace>();
  private readonly elsewhere: CompiledPlace | undefined;

  /** `places`: checked (see catalog.ts), so no two of them say the same place. */
  constructor(places: readonly SenderPlace[], regions: readonly Region[]) {
    for (const place of places) {
      const compiled = compile(place);
      for (const network of place.mccMncs ?? []) this.byNetwork.set(network, compiled);
      for (const country of place.countries ?? []) this.byCountry.set(country, compiled);
      for (const { id, countries } of regions)
        if (place.regions?.includes(id)) for (const country of countries) this.byRegion.set(country, compiled);
      if (isElsewhere(place)) this.elsewhere = compiled;
    }
  }

  /** Undefined where no rule holds, or the message names no sender: the provider's own is not judged. */
  judge(facts: MessageFacts): SenderJudgement | undefined {
    const { from, country, mccMnc } = facts;
    if (from === undefined) return undefined;
    const place =
      (mccMnc === undefined ? undefined : this.byNetwork.get(mccMnc)) ??
      this.byCountry.get(country) ??
      this.byRegion.get(country) ??
      this.elsewhere;
    return place && judgeIn(place, from, facts);
  }
}

/** The table of these rules; undefined where there are none, so that nothing is looked up for them. */
export function senderTable(
  places: readonly SenderPlace[] | undefined,
  regions: readonly Region[],
): SenderTable | undefined {
  return places === undefined || places.length === 0 ? undefined : new SenderTable(places, regions);
}

/** Whether a rule holds wherever no other one does. */
export function isElsewhere({ countries, regions, mccMncs }: SenderPlace): boolean {
  return countries === undefined && regions === undefined && mccMncs === undefined;
}

function compile(place: SenderPlace): CompiledPlace {
  const { id, allowed, ignoreCase, replaceBy = [], replaceByAccount } = place;
  const registered =
    place.registered &&
    new Map(
      place.registered.map(({ sender, providers }): [string, SenderOption] => [
        senderKey(sender, ignoreCase),
        { sender, providers: providers && new Set(providers) },
      ]),
    );
  const optionOf = (sender: string): SenderOption =>
    registered?.get(senderKey(sender, ignoreCase)) ?? { sender, providers: undefined };
  return {
    id,
    allowed: allowed && new Set(allowed),
    registered,
    ignoreCase,
    pool: replaceBy.map(optionOf),
    poolOf: new Map(Object.entries(replaceByAccount).map(([account, senders]) => [account, senders.map(optionOf)])),
  };
}

function judgeIn(place: CompiledPlace, from: string, { account, country, destination }: MessageFacts): SenderJudgement {
  const { id: rule, registered, ignoreCase } = place;
  const kind = catalogKindOf(from);
  const ofKind = place.allowed === undefined || (kind !== undefined && place.allowed.has(kind));
  const known = registered?.get(senderKey(from, ignoreCase));
  if (ofKind && (registered === undefined || known !== undefined))
    return { ok: true, rule, options: [{ sender: from, providers: known?.providers }] };
  const pool = place.poolOf.get(account) ?? place.pool;
  if (pool.length > 0) return { ok: true, rule, options: ordered(pool, destination) };
  return { ok: false, rule, reason: ofKind ? notRegistered(place, from, country) : notAllowed(place, kind, country) };
}

/** Each destination has its own order, so that a recipient knows the sender. */
function ordered(pool: readonly SenderOption[], destination: string): readonly SenderOption[] {
  if (pool.length === 1) return pool;
  const score = new Map(pool.map((option) => [option, rendezvous(option.sender, destination)]));
  return [...pool].sort((a, b) => score.get(b)! - score.get(a)!);
}

function notAllowed({ id, allowed }: CompiledPlace, kind: CatalogSenderKind | undefined, country: string): string {
  const what = kind === undefined ? "this sender is" : `${NAMES[kind]} are`;
  const instead = [...allowed!].map((one) => NAMES[one]).join(" and ");
  return `${what} not carried in ${country} as senders, ${instead} are (sender rule ${id})`;
}

function notRegistered({ id, registered, ignoreCase }: CompiledPlace, from: string, country: string): string {
  const other = from.toLowerCase();
  const inCapitals = !ignoreCase && [...registered!.keys()].some((key) => key.toLowerCase() === other);
  const hint = inCapitals ? "; it is registered in other capitals, which count" : "";
  return `this sender is not registered in ${country} (sender rule ${id})${hint}`;
}
