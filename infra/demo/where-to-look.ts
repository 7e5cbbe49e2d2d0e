import { netrcFile } from "../local/clickhouse-access.ts";
import { type ClusterConfig, clusterEndpoints } from "../local/cluster-config.ts";
import { sluiceEndpoints } from "../local/sluice-processes.ts";

/** What to try on the cluster that the demo leaves running. */
export function whereToLook(config: ClusterConfig, run: string): string {
  const { clickhouseUrl } = clusterEndpoints(config);
  const { ingestUrl, adminUrls } = sluiceEndpoints(config);
  const netrc = netrcFile(config, "reader");
  const sql = (query: string) =>
    `  curl -s --netrc-file ${netrc} '${clickhouseUrl}/?database=sluice' --data-binary "${query}"`;
  return [
    "The cluster stays up. To look around:",
    `  curl -s -H 'authorization: Bearer acme-demo-key' -H 'content-type: application/json' ${ingestUrl}/v1/messages -d '{"to":"+491711234567","text":"hello"}'`,
    `  curl -s ${ingestUrl}/openapi.json          the HTTP interface`,
    `  curl -s ${adminUrls.router}/metrics          metrics of the router; each service has its own (make status)`,
    sql(
      `SELECT country, lane, count() AS messages, countIf(state = 'delivered') AS delivered, sumMap(costs) AS costs FROM messages_latest WHERE metadata['run'] = '${run}' GROUP BY country, lane ORDER BY messages DESC LIMIT 10 FORMAT PrettyCompact`,
    ),
    sql(
      "SELECT minute, provider, submitted, returned, delivered, delivery_rate, submit_p95_ms FROM provider_minutes ORDER BY minute DESC, provider LIMIT 12 FORMAT PrettyCompact",
    ),
    sql(
      `SELECT at, type, provider, reason, error_code, resubmitted FROM events WHERE message_id = (SELECT message_id FROM events WHERE resubmitted != '' AND metadata['run'] = '${run}' LIMIT 1) ORDER BY at FORMAT PrettyCompact`,
    ),
    "  make status, make logs NAME=sender, make audit, and when you are done: make down",
  ].join("\n");
}
