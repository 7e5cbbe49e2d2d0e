import { z } from "zod";
import { compileList } from "../prices/compile-list.ts";
import type { Cell } from "../prices/list-problem.ts";
import { read, unreadable } from "../prices/list-problem.ts";
import { isZone, midnightOf } from "../prices/zone.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import { charged, PriceList } from "./price-list.ts";

const publishedSchema = z.object({
  list: z.string(),
  next: z.object({ list: z.string(), from: z.iso.date() }).optional(),
  zone: z.string().refine(isZone).optional(),
  charged: charged.optional(),
});

/** A provider's prices as they stand in a version of the catalog: its lists in their normal form. */
export type PublishedPrices = z.output<typeof publishedSchema>;

type Plain = Readonly<Record<string, unknown>>;

export type WithPrices =
  | { readonly ok: true; readonly value: Plain }
  | { readonly ok: false; readonly problems: CatalogProblem[] };

/**
 * A catalog as plain data with every published price list compiled. Lists may be long: it yields every now and then, so that who
 * has other things to do can do them in between. Written prices stay as they are.
 */
export function* compilePrices(input: Plain): Generator<void, WithPrices> {
  const { providers } = input;
  if (!Array.isArray(providers)) return { ok: true, value: input };
  const problems: CatalogProblem[] = [];
  const compiled: unknown[] = [];
  for (const [index, provider] of (providers as (Plain | null)[]).entries()) {
    const prices = provider?.prices;
    if (typeof prices !== "object" || prices === null || Array.isArray(prices)) {
      compiled.push(provider);
      continue;
    }
    const list = yield* compile(prices, provider?.currency);
    if (list.ok) compiled.push({ ...provider, prices: list.value });
    else problems.push(problemAt(["providers", index, "prices"], list.message));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...input, providers: compiled } };
}

/** Amounts of two currencies are never taken for each other: without a rate between them a list in another one is of no use. */
function* compile(prices: object, currency: unknown): Generator<void, Cell<PriceList>> {
  const parsed = publishedSchema.safeParse(prices);
  if (!parsed.success) return unreadable("are neither a list of prices nor a price list that was published");
  const { list, next, zone = "UTC", charged: when } = parsed.data;
  const first = yield* compileList(list, zone, when);
  if (!first.ok) return first;
  const following = next === undefined ? undefined : yield* compileList(next.list, zone, when);
  if (following?.ok === false) return following;
  for (const one of [first, following])
    if (one !== undefined && typeof currency === "string" && one.value.currency !== currency)
      return unreadable(`the list is in ${one.value.currency}, and the provider's currency is ${currency}`);
  const later =
    next === undefined || following === undefined
      ? undefined
      : { from: midnightOf(next.from, zone), table: following.value.table };
  return read(new PriceList(first.value.table, true, later));
}
