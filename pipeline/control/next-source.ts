import type { CatalogSource } from "./catalog-version.ts";

type Plain = Readonly<Record<string, unknown>>;

/** A provider that was removed, as far as it is known from its topics. */
export interface RetiredState {
  /** Messages in its topics that its sender has not taken back yet. */
  readonly waiting: number;
}

/**
 * The version that follows when these files are applied: what they hold, and the providers that they do not hold any more for as
 * long as something of theirs may come. `retired` tells of those that were removed before; `now`: epoch ms.
 */
export function nextSource(
  files: CatalogSource,
  current: CatalogSource | undefined,
  retired: (id: string) => RetiredState,
  now: number,
): CatalogSource {
  const ids = new Set(entriesOf(files.providers).map(({ id }) => String(id)));
  const since = { ...(current?.retiredSince as Record<string, number> | undefined) };
  // They get no message any more, so nobody asks for their prices.
  const leaving = entriesOf(current?.providers)
    .filter(({ id }) => !ids.has(String(id)))
    .map((entry): Plain => ({ ...entry, prices: [] }));
  const left = entriesOf(current?.retired).filter(
    (entry) => !ids.has(String(entry.id)) && !isOver(entry, since, retired, now),
  );
  const kept = [...left, ...leaving];
  const retiredSince = Object.fromEntries(kept.map(({ id }) => [String(id), since[String(id)] ?? now]));
  return kept.length === 0 ? { ...files } : { ...files, retired: kept, retiredSince };
}

/** Nothing waits for it, and no receipt of it is waited for. */
function isOver(
  entry: Plain,
  since: Readonly<Record<string, number>>,
  retired: (id: string) => RetiredState,
  now: number,
): boolean {
  const id = String(entry.id);
  const seconds = Number(entry.receiptDeadlineSeconds ?? DEADLINE_SECONDS);
  return retired(id).waiting === 0 && now - (since[id] ?? now) > seconds * 1_000;
}

/** The default of `receiptDeadlineSeconds`. */
const DEADLINE_SECONDS = 259_200;

function entriesOf(list: unknown): Plain[] {
  return Array.isArray(list) ? (list as Plain[]) : [];
}
