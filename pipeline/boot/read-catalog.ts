import { loadCatalog } from "../../domain/catalog/load-catalog.ts";
import { type Snapshot, snapshotOf } from "../../domain/catalog/snapshot.ts";
import { yamlFolder } from "../../platform/config/yaml-file.ts";
import type { Log } from "../../platform/log/log.ts";

export interface CatalogConfig {
  /** Folder with accounts.yaml, providers.yaml and routes.yaml. */
  readonly catalogDir: string;
  /** Of the message topics. */
  readonly partitions: number;
}

/** The whole catalog from its files, with what is doubtful about it. @throws CatalogError */
export function readCatalog({ catalogDir, partitions }: CatalogConfig) {
  return loadCatalog(yamlFolder(catalogDir), partitions);
}

/** What a service works with; what is doubtful goes to the log. @throws CatalogError */
export function openCatalog(config: CatalogConfig, log: Log): Snapshot {
  const catalog = readCatalog(config);
  for (const warning of catalog.warnings) log.warn({ warning }, "the catalog holds what is probably not meant");
  return snapshotOf(catalog);
}
