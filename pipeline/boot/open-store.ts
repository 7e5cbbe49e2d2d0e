import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { text } from "../../platform/config/settings.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import type { Scope } from "../../platform/lifecycle/run-service.ts";
import { PartitionStore } from "../../platform/store/partition-store.ts";

/** The settings of services that keep a store. */
export const storeSettings = {
  storeDir: text()
    .optional()
    .describe(
      "Folder on this machine's disk for copies of what Kafka remembers by recipient; each process takes a part of it. Nothing rests on it: what is missing is read anew. Default: one among the machine's temporary files",
    ),
};
const shape = z.object(storeSettings);

export interface StorePlaceConfig extends z.output<typeof shape> {
  readonly kafkaBrokers: readonly string[];
}

export interface OpenStoreOptions {
  readonly service: string;
  readonly config: StorePlaceConfig;
  readonly tables: readonly string[];
  /** Blocks of the files that are kept in memory, octets. */
  readonly cacheOctets: number;
}

/** Instances of a service on one machine, at the most. */
const MOST_PARTS = 256;

/**
 * Opens the store of this process: the first part of the folder that no other one has. So an instance that comes back goes on with what one has left, under
 * whatever name it runs. A store that fails ends the process. @throws SluiceError STORE_NO_SPACE, STORE_FAULT, STORE_LOCKED
 */
export async function openStore(
  scope: Scope,
  { service, config, tables, cacheOctets }: OpenStoreOptions,
): Promise<PartitionStore> {
  const folder = config.storeDir ?? temporary(config.kafkaBrokers);
  const store = await scope.add("store", {
    start: async () => {
      for (let part = 1; ; part++)
        try {
          return await PartitionStore.open({
            folder: join(folder, `${service}-${part}`),
            setting: "SLUICE_STORE_DIR",
            tables,
            cacheOctets,
            log: scope.log,
            onFault: (error) => scope.fail(error),
          });
        } catch (error) {
          if (part < MOST_PARTS && error instanceof SluiceError && error.code === "STORE_LOCKED") continue;
          throw error;
        }
    },
    stop: (it) => it.close(),
  });
  scope.metrics.observe("store_disk_bytes", "gauge", "Size of this process's store on disk, in bytes", () =>
    store.octetsOnDisk(),
  );
  scope.metrics.observe(
    "store_waiting_bytes",
    "gauge",
    "Changes of the store in memory that are not on disk yet, in bytes",
    () => store.overlayOctets,
  );
  return store;
}

/** Of each installation another one: a copy of one is of no use to the next. */
function temporary(brokers: readonly string[]): string {
  const installation = createHash("sha256")
    .update([...brokers].sort().join(","))
    .digest("hex")
    .slice(0, 12);
  return join(tmpdir(), `sluice-store-${installation}`);
}
