import type { CatalogSource } from "./catalog-version.ts";

/** A provider that was out of use, and how. */
export interface UsedAgain {
  readonly id: string;
  /** `drain` or `none`. */
  readonly was: string;
}

/** The providers that the earlier catalog has out of use, and the later one does not. */
export function usedAgain(before: CatalogSource, after: CatalogSource): UsedAgain[] {
  const uses = usesOf(before);
  return [...usesOf(after)].flatMap(([id, use]) => {
    const was = uses.get(id) ?? NORMAL;
    return use === NORMAL && was !== NORMAL ? [{ id, was }] : [];
  });
}

const NORMAL = "normal";

function usesOf({ providers }: CatalogSource): Map<string, string> {
  const list: readonly { readonly id: unknown; readonly use?: unknown }[] = Array.isArray(providers) ? providers : [];
  return new Map(list.map(({ id, use }) => [String(id), String(use ?? NORMAL)]));
}
