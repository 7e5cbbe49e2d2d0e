import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const onClusters = { testTimeout: 90_000, hookTimeout: 180_000, fileParallelism: false } as const;

/** Files of the end-to-end project share one installation; this one looks on as its first catalog is applied. */
const FIRST = "/live-catalog.test.ts";

/**
 * Promises that wait for what is to happen and judge what has; what they measure in seconds has seconds of room. `make test`
 * runs them beside integration and e2e, whose time is mostly waiting as well.
 */
const PATIENT = [
  // With a cluster of its own, like the promises.
  "test/integration/clickhouse/crashed-blocks.test.ts",
  "test/upgrade/upgrade-in-place.test.ts",
  "test/invariants/bad-records.test.ts",
  "test/invariants/bounded-memory.test.ts",
  "test/invariants/catalog-changes.test.ts",
  "test/invariants/clickhouse-fails.test.ts",
  "test/invariants/kafka-is-not-there.test.ts",
  "test/invariants/late-answers.test.ts",
  "test/invariants/no-service-is-special.test.ts",
  "test/invariants/providers-misbehave.test.ts",
  "test/invariants/said-stop.test.ts",
  "test/invariants/takeover-reads-the-log.test.ts",
  "test/invariants/within-budget.test.ts",
];

/** Integration tests that read and write whole days: beside the other ones they make two rows of the same length. */
const STORED = [
  "test/integration/cli/row-audit.test.ts",
  "test/integration/clickhouse/archive.test.ts",
  "test/integration/clickhouse/upgrade.test.ts",
];

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
 * unit: no process outside. integration and stored: real Kafka, registry and ClickHouse, one cluster for all files. e2e: every
 * service and provider simulator as well. invariants and patient: the promises under injected faults, and the upgrade in
 * place, each with a cluster of its own. In each but unit one file runs at a time; test/run.ts says which projects run
 * beside each other.
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
          exclude: [...PATIENT, ...STORED],
          globalSetup: ["test/fixture/global-setup.ts"],
          ...onClusters,
        },
      },
      { test: { name: "stored", include: STORED, globalSetup: ["test/fixture/global-setup.ts"], ...onClusters } },
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
          exclude: PATIENT,
          ...onClusters,
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: "patient",
          include: PATIENT,
          ...onClusters,
          testTimeout: 600_000,
          // Clusters of projects that run beside each other start at the same moments: none may take another's ports.
          env: { SLUICE_TEST_PORTS: "upper" },
        },
      },
    ],
  },
});
