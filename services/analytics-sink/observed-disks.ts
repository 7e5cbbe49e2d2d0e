import type { LifecycleScope } from "../../platform/lifecycle/lifecycle.ts";
import type { Labels, MetricRegistry } from "../../platform/telemetry/metric-registry.ts";

/** What has been told of a disk. Bytes. */
export interface DiskSpace {
  readonly labels: Labels;
  readonly free: number;
  readonly total: number;
}

export interface ObservedDisks {
  /** Whose they are, for people. */
  readonly whose: string;
  /** Names of the metrics. */
  readonly free: string;
  readonly size: string;
  readonly ask: () => Promise<readonly DiskSpace[]>;
}

/** Disks fill in hours, not in seconds. */
const EVERY_MS = 30_000;
/** What a disk's owner said last holds for so long: whose disk is full may not answer any more, and its alert must not end with that. */
const HOLDS_MS = 3_600_000;
/** A disk without a bound, such as an object store, says that it has about all that a number can hold. */
const BOUNDED_BYTES = 1e18;

/** Shows the space on others' disks, asked for now and then. */
export async function observeDisks(
  scope: Pick<LifecycleScope, "add" | "log"> & { readonly metrics: MetricRegistry },
  { whose, free, size, ask }: ObservedDisks,
): Promise<void> {
  const known = new Map<string, { readonly disk: DiskSpace; readonly at: number }>();
  let asking = false;
  const look = async () => {
    if (asking) return;
    asking = true;
    try {
      const at = performance.now();
      for (const disk of await ask())
        if (disk.total < BOUNDED_BYTES) known.set(JSON.stringify(disk.labels), { disk, at });
    } catch (error) {
      scope.log.debug({ err: error }, `it is not known how full ${whose} disks are`);
    } finally {
      asking = false;
      for (const [name, { at }] of known) if (performance.now() - at > HOLDS_MS) known.delete(name);
    }
  };
  const gauge = (name: string, help: string, value: (disk: DiskSpace) => number) =>
    scope.metrics.observe(name, "gauge", help, () =>
      [...known.values()].map(({ disk }) => ({ value: value(disk), labels: disk.labels })),
    );
  gauge(free, `Free space on ${whose} disks, in bytes`, (disk) => disk.free);
  gauge(size, `Size of ${whose} disks, in bytes`, (disk) => disk.total);
  await scope.add(`watch of ${whose} disks`, {
    start: () => {
      void look();
      return setInterval(() => void look(), EVERY_MS);
    },
    stop: async (timer) => clearInterval(timer),
  });
}
