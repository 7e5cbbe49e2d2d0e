import type { AuditReport } from "../../services/cli/audit-report.ts";
import { runAudit } from "../../services/cli/run-audit.ts";
import { type Installation, PARTITIONS } from "./installation.ts";

export { until } from "./until.ts";

/** The audit from the topics with the providers' own ledgers; waits up to `waitMs` for what is under way. */
export function auditAll({ infra, simulators }: Installation, waitMs: number): Promise<AuditReport> {
  return runAudit({
    connection: { brokers: infra.brokers, clientId: "audit", log: { debug() {}, info() {}, warn() {}, error() {} } },
    registry: infra.registryUrl,
    partitions: PARTITIONS,
    ledgers: Object.values(simulators),
    waitMs,
  });
}
