import { atOnce } from "../prices/compile-list.ts";
import { type RouteTable, routesInSteps } from "../routing/route-table.ts";
import type { Account } from "./account.ts";
import type { Catalog } from "./catalog-schema.ts";
import type { Provider } from "./provider.ts";

/**
 * The whole catalog at one moment, ready for use. It never changes: whoever works with it takes it once for a batch, so
 * that all that is decided together is decided by one version.
 */
export interface Snapshot {
  /** What it was made of. */
  readonly catalog: Catalog;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Those that get messages. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** And those that were removed, which may have some and owe receipts. */
  readonly known: ReadonlyMap<string, Provider>;
  readonly routes: RouteTable;
  /** 0: the files of this process; else the version that was applied. */
  readonly version: number;
}

/** Where the newest one is found. */
export interface SnapshotSource {
  readonly current: Snapshot;
}

/** Whether a provider gets messages by the later one that did not by the earlier: it was drained, of no use, or not there. */
export function comesIntoUse(before: Snapshot, after: Snapshot): boolean {
  if (before === after) return false;
  return [...after.providers.values()].some(
    ({ id, use }) => use === "normal" && before.providers.get(id)?.use !== "normal",
  );
}

/** `catalog`: checked (see catalog.ts). */
export function snapshotOf(catalog: Catalog, version = 0): Snapshot {
  return atOnce(snapshotInSteps(catalog, version));
}

/** As {@link snapshotOf}, and yields every now and then. */
export function* snapshotInSteps(catalog: Catalog, version = 0): Generator<void, Snapshot> {
  const { accounts, providers, routes, retired, regions, rates, senders, caps } = catalog;
  return {
    catalog,
    version,
    known: new Map([...retired, ...providers].map((provider) => [provider.id, provider])),
    accounts: new Map(accounts.map((account) => [account.id, account])),
    providers: new Map(providers.map((provider) => [provider.id, provider])),
    routes: yield* routesInSteps(routes, providers, { regions, rates, accounts, senders, caps }),
  };
}
