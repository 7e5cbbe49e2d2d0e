import { withoutFormulas } from "../../../domain/prices/normal-form.ts";
import { isPublished } from "../../../pipeline/control/prices-diff.ts";

type Plain = Readonly<Record<string, unknown>>;

/** A file beside providers.yaml. */
export interface ListFile {
  /** `prices/smsc-a.csv` */
  readonly file: string;
  readonly text: string;
}

/** Providers as providers.yaml has them, with each published price list in a file of its own, which is read as the same. */
export function withListFiles(providers: unknown): {
  readonly providers: unknown;
  readonly lists: readonly ListFile[];
} {
  if (!Array.isArray(providers)) return { providers, lists: [] };
  const lists: ListFile[] = [];
  const fileOf = (name: string, text: unknown): string => {
    const file = `prices/${name}.csv`;
    lists.push({ file, text: withoutFormulas(String(text)) });
    return file;
  };
  const written = (providers as Plain[]).map((provider) => {
    if (!isPublished(provider.prices)) return provider;
    const { list, next, ...rest } = provider.prices as Plain & { next?: Plain };
    const file = fileOf(String(provider.id), list);
    if (next === undefined) return { ...provider, prices: { file, ...rest } };
    // Ids have no points, so this is no other provider's.
    const following = { file: fileOf(`${provider.id}.next`, next.list), from: next.from };
    return { ...provider, prices: { file, next: following, ...rest } };
  });
  return { providers: written, lists };
}
