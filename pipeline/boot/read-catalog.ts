import { loadCatalog } from "../../domain/catalog/load-catalog.ts";
import type { Reveal } from "../../domain/catalog/secret-references.ts";
import { configFolder } from "../../platform/config/yaml-file.ts";

export interface CatalogConfig {
  /** Folder with the catalog's files. */
  readonly catalogDir: string;
  /** Of the message topics. */
  readonly partitions: number;
}

/** The whole catalog from its files, with what is doubtful about it. @throws CatalogError */
export function readCatalog({ catalogDir, partitions }: CatalogConfig, reveal?: Reveal) {
  return loadCatalog(configFolder(catalogDir), partitions, reveal === undefined ? {} : { reveal });
}
