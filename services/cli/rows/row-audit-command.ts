import { z } from "zod";
import { clickhouseSettings } from "../../../platform/clickhouse/settings.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import { kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { kafkaSettings, repeatSettings } from "../../../platform/kafka/settings.ts";
import type { CommandHost } from "../command.ts";
import { auditRows } from "./audit-rows.ts";
import { rowAuditLine, rowAuditTable, rowsHold } from "./report.ts";

const settings = z.object({ ...kafkaSettings, ...clickhouseSettings, ...repeatSettings });
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export interface RowAuditArguments {
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly json: boolean;
}

/** `sluice audit --clickhouse`; gives the exit code. */
export async function runRowAudit({ since, until, json }: RowAuditArguments, host: CommandHost): Promise<number> {
  const config = readConfig("sluice", settings, host.env, ["SLUICE_*"]);
  const report = await auditRows({
    connection: kafkaConnection(config, `sluice-audit-${process.pid}`, quiet),
    registry: config,
    partitions: config.partitions,
    repeatSpan: config.sinkRepeatSpan,
    clickhouse: config,
    since,
    until,
    progress: host.tell,
  });
  host.print(json ? JSON.stringify(report) : rowAuditTable(report));
  host.print(rowAuditLine(report));
  return rowsHold(report) ? 0 : 1;
}
