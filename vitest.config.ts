import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const onClusters = { testTimeout: 90_000, hookTimeout: 180_000, fileParallelism: false } as const;

/** Files of the end-to-end project share one installation; this one looks on as its first catalog is applied. */
const FIRST = "/live-catalog.test.ts";

/** End-to-end files in a fixed order: that one, then by their names. */
class EndToEndInOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    if (sorted.some(({ project }) => project.name !== "e2e")) return sorted;
    const place = ({ moduleId }: TestSpecification) => (moduleId.endsWith(FIRST) ? "" : moduleId);
    return sorted.sort((a, b) => (place(a) < place(b) ? -1 : 1));
  }
}

/**
 * unit: no process outside. integration: real Kafka, registry and ClickHouse, one cluster for all files. e2e: every
 * service and provider simulator as well. invariants: the promises under injected
 * faults, and the upgrade in place, each with a cluster of its own.
 * `make test` runs them one after the other (test/run.ts): they would disturb each other's timing.
 */
export default defineConfig({
  test: {
    // Vitest leaves one core idle; the unit tests take half the time with all. The other projects run one file at a time.
    maxWorkers: "100%",
    sequence: { sequencer: EndToEndInOrder },
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "integration",
          include: ["test/{contract,integration}/**/*.test.ts"],
          globalSetup: ["test/fixture/global-setup.ts"],
          ...onClusters,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/global-setup.ts"],
          ...onClusters,
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: "invariants",
          include: ["test/{invariants,upgrade}/**/*.test.ts"],
          ...onClusters,
          testTimeout: 600_000,
        },
      },
    ],
  },
});
