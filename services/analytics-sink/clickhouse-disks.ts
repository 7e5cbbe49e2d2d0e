import type { LifecycleScope } from "../../platform/lifecycle/lifecycle.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

export interface DiskSpace {
  readonly name: string;
  /** Bytes. */
  readonly free: number;
  readonly total: number;
}

/** Disks fill in hours, not in seconds. */
const EVERY_MS = 30_000;
/** A disk without a bound, such as an object store, says that it has about all that a number can hold. */
const BOUNDED_BYTES = 1e18;

/** Shows the space on ClickHouse's disks, asked for now and then; what it said last, where it does not answer. */
export async function observeClickhouseDisks(
  scope: LifecycleScope & { readonly metrics: MetricRegistry },
  ask: () => Promise<readonly DiskSpace[]>,
): Promise<void> {
  let disks: readonly DiskSpace[] = [];
  let asking = false;
  const look = async () => {
    if (asking) return;
    asking = true;
    try {
      disks = (await ask()).filter(({ total }) => total < BOUNDED_BYTES);
    } catch (error) {
      scope.log.debug({ err: error }, "ClickHouse does not say how full its disks are");
    } finally {
      asking = false;
    }
  };
  const gauge = (name: string, help: string, value: (disk: DiskSpace) => number) =>
    scope.metrics.observe(name, "gauge", help, () =>
      disks.map((disk) => ({ value: value(disk), labels: { disk: disk.name } })),
    );
  gauge("clickhouse_disk_free_bytes", "Free space on ClickHouse's disk, in bytes", ({ free }) => free);
  gauge("clickhouse_disk_size_bytes", "Size of ClickHouse's disk, in bytes", ({ total }) => total);
  await scope.add("clickhouse disks", {
    start: () => {
      void look();
      return setInterval(() => void look(), EVERY_MS);
    },
    stop: async (timer) => clearInterval(timer),
  });
}
