import fc from "fast-check";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import type { ProviderUse } from "../../../../domain/catalog/provider.ts";
import { type Lane, lanes } from "../../../../domain/message/lane.ts";
import type { MessageFacts } from "../../../../domain/routing/message-facts.ts";

/** What decisions are compared on: catalogs and moments, drawn at random and written down as plainly as can be. */

export interface PlainVolume {
  readonly committed?: number | undefined;
  /** Cents of the provider's currency. */
  readonly committedSpend?: number | undefined;
  readonly tiers: readonly { readonly from: number; readonly percent?: number; readonly cents?: number }[];
}
export interface PlainProvider {
  readonly id: string;
  readonly currency: string;
  readonly rate: number;
  readonly lanes: readonly Lane[];
  readonly use: ProviderUse;
  readonly kind: "smpp" | "http-twilio";
  /** By country; "" is everywhere else. Cents. */
  readonly prices: Readonly<Record<string, number>>;
  readonly charged: "submit" | "delivery";
  readonly volume?: PlainVolume | undefined;
}
export interface PlainMember {
  readonly id: string;
  readonly weight: number;
  readonly priority?: number | undefined;
}
export interface PlainDelivery {
  readonly measure: "deliveries" | "conversions";
  readonly floor: number;
  readonly otpWithinSeconds?: number | undefined;
}
export interface PlainRoute {
  readonly id: string;
  readonly when: Readonly<Partial<Record<"countries" | "lanes" | "accounts" | "prefixes", readonly string[]>>>;
  readonly strategy: string;
  readonly delivery?: PlainDelivery | undefined;
  readonly providers: readonly PlainMember[];
}
/** What account globex may pay, cents of a euro, and whether it waits for it. */
export interface PlainPriceCap {
  readonly cents: number;
  readonly wait: boolean;
}
export interface PlainSenderRule {
  readonly id: string;
  /** Without: for everywhere else. */
  readonly countries?: readonly string[] | undefined;
  readonly allowed?: readonly string[] | undefined;
  readonly registered?:
    | readonly (string | { readonly sender: string; readonly providers: readonly string[] })[]
    | undefined;
  readonly ignoreCase: boolean;
  readonly replaceBy?: readonly string[] | undefined;
}
export interface PlainCap {
  readonly id: string;
  readonly of: "sender" | "campaign";
  readonly only?: readonly string[] | undefined;
  readonly countries?: readonly string[] | undefined;
  readonly maxPerHour?: number | undefined;
  readonly maxPerDay?: number | undefined;
  readonly count: "messages" | "segments";
  readonly whenReached?: "next" | "wait" | "refuse" | undefined;
}
export interface PlainCatalog {
  readonly providers: readonly PlainProvider[];
  readonly routes: readonly PlainRoute[];
  readonly priceCap: PlainPriceCap;
  readonly senders: readonly PlainSenderRule[];
  readonly caps: readonly PlainCap[];
}
export interface PlainHealth {
  readonly open: boolean;
  readonly backlogSeconds: number;
  readonly rate: number;
  readonly segmentsThisMonth: number;
  /** Micro-units. */
  readonly spentThisMonth: number;
  readonly monthEnd: number;
}
interface PlainTrials {
  readonly trials: number;
  readonly successes: number;
}
export interface PlainQuality {
  readonly alpha: number;
  readonly beta: number;
  readonly share: number;
  readonly p95Ms: number | undefined;
  readonly tries: boolean;
  /** Of its country and of its network there; undefined: nobody tells. */
  readonly told: { readonly country: PlainTrials; readonly network: PlainTrials } | undefined;
}
export interface Situation {
  readonly health: Readonly<Record<string, PlainHealth>>;
  readonly quality: Readonly<Record<string, PlainQuality>>;
  /** Counted this hour and day, by `<cap> <value>`. */
  readonly counts: Readonly<Record<string, { readonly hour: number; readonly day: number }>>;
  readonly tried: readonly string[];
  readonly refused: readonly string[];
  readonly draw: number;
  /** The route may spend on exploring. */
  readonly money: boolean;
}

export const IDS = ["a", "b", "c", "d"];
/** Senders that are written in the place of others. */
export const POOL = ["12345", "20002"];
const RATES = { base: "EUR", date: "2026-01-31", rates: { USD: "2", GBP: "0.5" } };

/** A value in most cases, so that not everything is refused for something else. */
const mostly = <T>(value: T, rarely: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rarely });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const cents = fc.constantFrom(1, 2, 4);

const volume: fc.Arbitrary<PlainVolume> = fc.record({
  committed: optional(fc.constantFrom(100, 200)),
  committedSpend: fc.constant(undefined),
  tiers: fc.constantFrom<PlainVolume["tiers"]>(
    [],
    [{ from: 100, percent: 50 }],
    [
      { from: 100, percent: 200 },
      { from: 200, cents: 1 },
    ],
  ),
});
const spendVolume = fc
  .tuple(volume, fc.constantFrom(100, 200))
  .map(([{ tiers }, committedSpend]): PlainVolume => ({ tiers, committedSpend }));

// Whole and binary numbers only: sums and products of them are exact, so a draw is never on the edge by rounding.
const provider = fc.record({
  currency: fc.constantFrom("EUR", "USD", "GBP"),
  rate: fc.constantFrom(64, 128),
  lanes: mostly([...lanes], fc.subarray([...lanes], { minLength: 1 })),
  kind: fc.constantFrom("smpp" as const, "http-twilio" as const),
  use: mostly<ProviderUse>("normal", fc.constantFrom("drain", "none")),
  charged: fc.constantFrom("submit" as const, "delivery" as const),
  volume: fc.oneof(fc.constant(undefined), volume, spendVolume),
  prices: fc
    .tuple(fc.dictionary(fc.constantFrom("DE", "FR"), cents, { minKeys: 1 }), optional(cents))
    .map(([named, elsewhere]) => (elsewhere === undefined ? named : { ...named, "": elsewhere })),
});
const delivery = fc.record({
  measure: fc.constantFrom("deliveries" as const, "conversions" as const),
  floor: fc.constantFrom(0, 0.5),
  otpWithinSeconds: optional(fc.constantFrom(20)),
});
const route = fc
  .record({
    when: fc.record(
      {
        countries: fc.subarray(["DE", "FR"], { minLength: 1 }),
        lanes: fc.subarray<string>([...lanes], { minLength: 1 }),
        accounts: fc.constant(["acme"]),
        prefixes: fc.subarray(["49", "4917", "33"], { minLength: 1 }),
      },
      { requiredKeys: [] },
    ),
    strategy: fc.constantFrom(
      ...["priority", "weighted", "balanced", "least-cost", "least-cost-per-delivered", "least-cost-per-delivered"],
    ),
    delivery,
    members: fc.uniqueArray(
      fc.record({ place: fc.nat(3), weight: fc.constantFrom(1, 2, 4), priority: fc.constantFrom(undefined, 0, 1) }),
      { minLength: 1, maxLength: 4, selector: ({ place }) => place },
    ),
  })
  .map(({ when, strategy, delivery: asked, members }) => ({
    when,
    strategy,
    delivery: strategy === "least-cost-per-delivered" ? asked : undefined,
    members: members.map(({ priority, ...rest }) =>
      priority === undefined || !["priority", "balanced"].includes(strategy) ? rest : { ...rest, priority },
    ),
  }));

const registeredAt = (sender: string) =>
  fc.oneof(
    fc.constant(sender),
    fc.subarray(IDS, { minLength: 1 }).map((providers) => ({ sender, providers })),
  );
const registered = fc
  .tuple(registeredAt(POOL[0]!), registeredAt(POOL[1]!), optional(registeredAt("Acme")))
  .map((all) => all.filter((one) => one !== undefined));
const senderRule = fc
  .record({
    allowed: optional(
      fc.constantFrom<string[]>(["short-code"], ["short-code", "alphanumeric"], ["short-code", "long-number"]),
    ),
    registered: optional(registered),
    ignoreCase: fc.boolean(),
    replaceBy: optional(fc.subarray(POOL, { minLength: 1 })),
  })
  // Otherwise it forbids nothing, which is refused; and names that are not carried cannot be registered.
  .map((rule) => {
    if (rule.allowed === undefined && rule.registered === undefined) return { ...rule, allowed: ["short-code"] };
    const names = rule.allowed?.includes("alphanumeric") !== false;
    return { ...rule, registered: names ? rule.registered : rule.registered?.filter((one) => nameOf(one) !== "Acme") };
  });
const nameOf = (one: string | { sender: string }) => (typeof one === "string" ? one : one.sender);
const senders = fc
  .tuple(optional(senderRule), optional(senderRule), optional(senderRule))
  .map(([german, french, elsewhere]): PlainSenderRule[] =>
    [
      german && { id: "german", countries: ["DE"], ...german },
      french && { id: "french", countries: ["FR"], ...french },
      elsewhere && { id: "elsewhere", ...elsewhere },
    ].filter((one) => one !== undefined),
  );
const cap = fc
  .record({
    of: fc.constantFrom("sender" as const, "campaign" as const),
    limited: fc.boolean(),
    countries: optional(fc.constantFrom(["DE"], ["FR"])),
    maxPerHour: optional(fc.constantFrom(1, 2)),
    maxPerDay: fc.constantFrom(undefined, 2, 4),
    count: fc.constantFrom("messages" as const, "segments" as const),
    whenReached: fc.constantFrom(undefined, "next" as const, "wait" as const, "refuse" as const),
  })
  .map(({ limited, maxPerHour, whenReached, ...rest }) => ({
    ...rest,
    only: limited ? (rest.of === "sender" ? ["12345", "ACME"] : ["may"]) : undefined,
    maxPerHour: maxPerHour === undefined && rest.maxPerDay === undefined ? 1 : maxPerHour,
    whenReached: rest.of === "campaign" && whenReached === "next" ? undefined : whenReached,
  }));
const caps = fc.array(cap, { maxLength: 3 }).map((list): PlainCap[] => list.map((one, n) => ({ id: `c${n}`, ...one })));

/** Catalogs of four providers and up to five routes, of which the last one is for everything: behind it there could be no other. */
export const catalog: fc.Arbitrary<PlainCatalog> = fc
  .record({
    given: fc.tuple(provider, provider, provider, provider),
    list: fc.array(route, { minLength: 1, maxLength: 5 }),
    priceCap: fc.record({ cents: fc.constantFrom(0, 1, 2, 4), wait: fc.boolean() }),
    senders: fc.oneof(fc.constant([]), senders),
    caps: fc.oneof(fc.constant([]), caps),
  })
  .map(({ given, list, ...rest }) => ({
    ...rest,
    providers: given.map((one, place) => ({ id: IDS[place]!, ...one })),
    routes: list.map(({ members, ...one }, place) => ({
      ...one,
      ...{ id: `r${place}`, when: place === list.length - 1 ? {} : one.when },
      providers: members.map(({ place: which, ...member }) => ({ id: IDS[which]!, ...member })),
    })),
  }));

export const message = fc
  .record({
    country: fc.constantFrom("DE", "FR"),
    lane: fc.constantFrom(...lanes),
    account: fc.constantFrom("acme", "globex"),
    from: fc.constantFrom(undefined, "ACME", "Acme", "1&1", "12345", "+491711111111"),
    campaign: fc.constantFrom(undefined, "may", "june"),
    segments: fc.constantFrom(undefined, 1, 2),
  })
  .map(({ segments, campaign, ...rest }): MessageFacts => {
    const destination = rest.country === "DE" ? "491711234567" : "33612345678";
    const labels: Record<string, string> = campaign === undefined ? {} : { campaign };
    return { ...rest, ...(segments === undefined ? {} : { segments }), destination, mccMnc: undefined, labels, at: 0 };
  });

const trials = (most: number) =>
  fc.constantFrom(
    { trials: 0, successes: 0 },
    { trials: most, successes: most / 2 },
    { trials: most, successes: most / 8 },
  );
/** Parts are within their wholes. */
const told = fc.tuple(trials(64), trials(16), fc.boolean()).map(([network, elsewhere, little]) => {
  const own = little ? { trials: 8, successes: 4 } : network;
  const country = { trials: own.trials + elsewhere.trials, successes: own.successes + elsewhere.successes };
  return { country, network: own };
});
const quality = fc.record({
  alpha: fc.constantFrom(1, 4, 32),
  beta: fc.constantFrom(1, 4),
  share: mostly(1, fc.constantFrom(0, 0.5)),
  p95Ms: fc.constantFrom(undefined, 10_000, 30_000),
  tries: mostly(false, fc.boolean()),
  told: optional(told),
});
const VALUES = ["12345", "20002", "acme", "1&1", "+491711111111", "acme/may", "acme/june", "globex/may", "globex/june"];

export const situation: fc.Arbitrary<Situation> = fc.record({
  health: fc.dictionary(
    fc.constantFrom(...IDS),
    fc.record({
      open: mostly(false, fc.boolean()),
      backlogSeconds: fc.constantFrom(0, 0.5, 4, 8, 50, 70, 4_000),
      rate: fc.constantFrom(32, 64),
      segmentsThisMonth: fc.constantFrom(0, 99, 100, 199, 200),
      spentThisMonth: fc.constantFrom(0, 999_999, 1_000_000, 2_000_000),
      monthEnd: mostly(1, fc.constant(0)),
    }),
  ),
  quality: fc
    .tuple(...IDS.map(() => optional(quality)))
    .map((all) => Object.fromEntries(all.flatMap((one, n) => (one === undefined ? [] : [[IDS[n]!, one]])))),
  counts: fc.dictionary(
    fc.constantFrom(...["c0", "c1", "c2"].flatMap((id) => VALUES.map((value) => `${id} ${value}`))),
    fc.record({ hour: fc.constantFrom(0, 1, 2), day: fc.constantFrom(0, 2, 3, 4) }),
    { maxKeys: 12 },
  ),
  tried: mostly<string[]>([], fc.subarray(IDS)),
  refused: mostly<string[]>([], fc.subarray(IDS)),
  // A tenth of the messages may go to whom little was told of.
  draw: fc.oneof({ weight: 3, arbitrary: fc.nat(15).map((n) => n / 16) }, { weight: 1, arbitrary: fc.constant(0) }),
  money: fc.boolean(),
});

/** The same catalog as an operator would write it. */
export function parsedFrom({ providers, routes, priceCap, senders: rules, caps: counted }: PlainCatalog) {
  const smpp = { host: "h", port: 1, systemId: "s", password: "p" };
  const http = { baseUrl: "http://127.0.0.1", accountSid: "AC1", authToken: "t", from: "12345" };
  const money = (amount: number) => (amount / 100).toFixed(2);
  const plain = providers.map(({ prices, kind, charged, volume: terms, ...rest }) => ({
    ...rest,
    kind,
    ...(kind === "smpp" ? { smpp } : { http: { ...http, statusCallbackUrl: `https://us/webhooks/twilio/${rest.id}` } }),
    prices: Object.entries(prices).map(([country, amount]) => ({
      ...(country === "" ? {} : { country }),
      price: money(amount),
      charged,
    })),
    ...(terms === undefined ? {} : { volume: volumeFrom(terms, money) }),
  }));
  const maxPrice = { currency: "EUR", amount: money(priceCap.cents), wait: priceCap.wait };
  const accounts = [
    { id: "acme", name: "Acme" },
    { id: "globex", name: "Globex", maxPrice },
  ];
  const list = routes.map(({ delivery: asked, ...one }) =>
    asked === undefined ? one : { ...one, delivery: { ...asked, explorePerHour: "0" } },
  );
  return parseCatalog({ accounts, providers: plain, routes: list, rates: RATES, senders: rules, caps: counted }, 6);
}

function volumeFrom({ committed, committedSpend, tiers }: PlainVolume, money: (amount: number) => string) {
  return {
    ...(committed === undefined ? {} : { committed }),
    ...(committedSpend === undefined ? {} : { committedSpend: money(committedSpend) }),
    tiers: tiers.map(({ from, percent, cents: amount }) =>
      amount === undefined ? { from, percent } : { from, price: money(amount) },
    ),
  };
}
