import { createClient } from "@clickhouse/client";
import { clickhouseOptions } from "../fixture/cluster-handle.ts";
import type { CatalogFiles, CommandResult, LiveCatalogFiles, ProviderEntry } from "../fixture/live-catalog.ts";
import type { Installation } from "./installation.ts";

/** Every provider's price in the version that was applied as number n is so many micro-units and n: a decision's price names its version. */
const BASE_MICROS = 50_000;

/** A version that was published. */
export interface PublishedVersion {
  /** Named by its prices; not the number that the command gives. */
  readonly number: number;
  /** What each of its providers is used for, by id. */
  readonly uses: ReadonlyMap<string, string>;
  /** Between these it was published, epoch ms. */
  readonly from: number;
  readonly until: number;
}

/** What the decisions in the log say of the versions that they were made by. */
export interface DecisionsOfVersions {
  readonly decisions: number;
  /** How many versions made at least one. */
  readonly versions: number;
  /** Decisions by no version that was published, or by one that came later, or for a provider that it does not have or has out of use. */
  readonly wrong: readonly string[];
  /** The latest decision by a version after the next one had been published, ms. */
  readonly latestMs: number;
}

/** Versions of a catalog, applied one after the other, each with prices of its own. */
export class CatalogVersions {
  readonly published: PublishedVersion[] = [];
  private readonly files: LiveCatalogFiles;
  private count = 0;

  constructor(files: LiveCatalogFiles) {
    this.files = files;
  }

  /** Applies these files with the next version's prices. `operator`: whose folder they are written to; `wait`: for all instances, seconds. */
  async apply(files: CatalogFiles, { operator = this.files, wait = 30 } = {}): Promise<CommandResult> {
    const number = ++this.count;
    const price = ((BASE_MICROS + number) / 1_000_000).toFixed(6);
    const providers = files.providers.map((provider): ProviderEntry => ({ ...provider, prices: [{ price }] }));
    const from = Date.now();
    const result = await operator.apply({ ...files, providers }, "--use-again", "--wait", String(wait));
    const { publishedAt } = result;
    const uses = new Map(providers.map(({ id, use = "normal" }) => [id, use]));
    if (publishedAt !== undefined) this.published.push({ number, uses, from, until: publishedAt });
    return result;
  }

  /** How many versions were published that have a provider out of use in this way. */
  with(use: "drain" | "none"): number {
    return this.published.filter(({ uses }) => [...uses.values()].includes(use)).length;
  }

  /** Looks at every decision in ClickHouse. */
  async decisions(installation: Installation): Promise<DecisionsOfVersions> {
    return judgeDecisions(this.published, await routed(installation));
  }
}

/** A decision for a provider. */
export interface Routed {
  /** Of the message, with its attempt. */
  readonly id: string;
  readonly provider: string;
  /** Price of one segment, by which it names its version. */
  readonly micros: number;
  /** Epoch ms. */
  readonly at: number;
}

/** What decisions show beside the versions that were published, in any order. */
export function judgeDecisions(
  versions: readonly PublishedVersion[],
  decisions: readonly Routed[],
): DecisionsOfVersions {
  const published = versions.toSorted((a, b) => a.until - b.until);
  const places = new Map(published.map((version, place) => [version.number, { version, place }]));
  const seen = new Set<number>();
  const wrong: string[] = [];
  let latestMs = 0;
  for (const { id, provider, micros, at } of decisions) {
    const of = places.get(micros - BASE_MICROS);
    if (of === undefined) {
      wrong.push(`${id}: ${provider} at ${micros} micro-units: no version has this price`);
      continue;
    }
    const { version, place } = of;
    seen.add(version.number);
    if (at < version.from) wrong.push(`${id}: decided ${version.from - at} ms before its version was published`);
    const use = version.uses.get(provider);
    if (use === undefined) wrong.push(`${id}: ${provider} is not in the version that decided`);
    else if (use !== "normal") wrong.push(`${id}: ${provider} is out of use (${use}) in the version that decided`);
    const next = published[place + 1];
    if (next !== undefined) latestMs = Math.max(latestMs, at - next.until);
  }
  return { decisions: decisions.length, versions: seen.size, wrong, latestMs };
}

async function routed(installation: Installation): Promise<Routed[]> {
  const clickhouse = createClient({ ...clickhouseOptions(installation.infra), database: "sluice" });
  try {
    const query = `SELECT concat(message_id, '/', toString(attempt)), provider, toUInt32(round(price * 1000000)), toUnixTimestamp64Milli(at)
      FROM events WHERE type = 'routed'`;
    const result = await clickhouse.query({ query, format: "JSONCompactEachRow" });
    const rows = await result.json<[string, string, number, string]>();
    return rows.map(([id, provider, micros, at]) => ({ id, provider, micros, at: Number(at) }));
  } finally {
    await clickhouse.close();
  }
}
