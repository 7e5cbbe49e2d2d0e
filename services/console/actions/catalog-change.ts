import { type ProviderUse, providerUses } from "../../../domain/catalog/provider.ts";
import { filesOf } from "../../../pipeline/control/apply-version.ts";
import type { AppliedVersion } from "../../../pipeline/control/catalog-log.ts";
import type { CatalogSource } from "../../../pipeline/control/catalog-version.ts";
import { ProblemError } from "../../../platform/http/problem.ts";

/** What somebody wants to change of the catalog. */
export type CatalogChange =
  | { readonly kind: "use"; readonly provider: string; readonly use: ProviderUse }
  | { readonly kind: "rollback"; readonly restores: number };

type Plain = Readonly<Record<string, unknown>>;

/** The files as they would be, before what follows from the version at work is added. `base`: those at work. @throws ProblemError 404 */
export function changedFiles(
  change: CatalogChange,
  base: CatalogSource,
  versions: readonly AppliedVersion[],
): CatalogSource {
  if (change.kind === "use") return withUse(base, change.provider, change.use);
  const wanted = versions.find(({ version }) => version === change.restores);
  if (wanted !== undefined) return filesOf(wanted);
  const kept = versions.map(({ version }) => version).join(", ") || "none";
  throw unknown(
    "VERSION_UNKNOWN",
    "There is no such version",
    `version ${change.restores} is not kept; these are: ${kept}`,
  );
}

/** The same catalog with a provider used otherwise: nothing else of it is another. @throws ProblemError 404 */
export function withUse(source: CatalogSource, id: string, use: ProviderUse): CatalogSource {
  const providers = listOf(source.providers);
  if (!providers.some((provider) => provider.id === id))
    throw unknown("PROVIDER_UNKNOWN", "There is no such provider", `the catalog has no provider ${id}`);
  const changed = providers.map((provider) => {
    if (provider.id !== id) return provider;
    const { use: _, ...others } = provider;
    return use === "normal" ? others : { ...others, use };
  });
  return { ...source, providers: changed };
}

/** Routes that have nobody left: their messages wait. In the order of the catalog. */
export function idleRoutes(source: CatalogSource): string[] {
  const used = new Set(
    listOf(source.providers)
      .filter(({ use = "normal" }) => use === "normal")
      .map(({ id }) => id),
  );
  return listOf(source.routes)
    .filter(({ providers }) => !listOf(providers).some(({ id }) => used.has(id)))
    .map(({ id }) => String(id));
}

export function isUse(value: unknown): value is ProviderUse {
  return providerUses.includes(value as ProviderUse);
}

function listOf(value: unknown): readonly Plain[] {
  return Array.isArray(value) ? (value as Plain[]) : [];
}

function unknown(code: string, title: string, detail: string): ProblemError {
  return new ProblemError({ status: 404, code, title, detail });
}
