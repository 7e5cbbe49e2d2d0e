import { statfsSync } from "node:fs";
import type { MetricRegistry } from "./metric-registry.ts";

/** Shows the space of the file systems that these folders are on, by what they are for; one that cannot be read is left out. */
export function observeDisk(registry: MetricRegistry, folders: Readonly<Record<string, string>>): void {
  const gauge = (name: string, help: string, blocks: "bavail" | "blocks") =>
    registry.observe(name, "gauge", help, () =>
      Object.entries(folders).flatMap(([purpose, folder]) => {
        try {
          const { bsize, [blocks]: count } = statfsSync(folder);
          return [{ value: bsize * count, labels: { purpose } }];
        } catch {
          // It may not be there yet.
          return [];
        }
      }),
    );
  gauge("filesystem_free_bytes", "Space that a process may still use where this folder is, in bytes", "bavail");
  gauge("filesystem_size_bytes", "Size of the file system where this folder is, in bytes", "blocks");
}
