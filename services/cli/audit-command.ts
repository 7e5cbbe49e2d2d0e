import { parseArgs } from "node:util";
import { z } from "zod";
import { readConfig } from "../../platform/config/load-config.ts";
import { kafkaConnection } from "../../platform/kafka/connection-settings.ts";
import { kafkaSettings } from "../../platform/kafka/settings.ts";
import { readLabel, readTime, understood } from "./arguments.ts";
import { MAX_MESSAGES } from "./audit.ts";
import { MAX_LISTED } from "./audit-counts.ts";
import { auditHolds, auditLine, auditTable } from "./audit-report.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./command.ts";
import { runRowAudit } from "./rows/row-audit-command.ts";
import { runAudit } from "./run-audit.ts";

const HELP = `usage: sluice audit [options]
       sluice audit --clickhouse [--since <time>] [--until <time>] [--json]
Compares what was accepted with what ended, from the topics alone: accepted, terminal by state, missing (the first ${MAX_LISTED} by
name), submitted again with the reasons, receipts without a message. Exit code 1 when a message is missing, duplicated, or has ended in
two ways; 2 when the audit could not be made, 64 for arguments that it does not understand.
  --since <time>      only messages accepted at or after this time, by the time at which Kafka stored the request: a date (UTC), or a
                      date and time with its zone, such as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00+01:00
  --until <time>      only messages accepted before this time. What became of them is read from --since up to now
                      Nothing that was stored before --since is read, so the last hour of a year takes no longer than an hour's.
                      With --since, --until or --label, receipts without a message are not looked for.
  --label <name=value>  only messages with this metadata; may be given several times
  --ledger <url>      control port of a provider simulator: compare with what it accepted; may be given several times
  --wait <duration>   wait so long for messages still under way, e.g. 60s
  --max-messages <n>  messages held in memory at once, about 150 octets each; default ${MAX_MESSAGES}. A partition with more is read
                      several times, and the result is the same
  --json              the report as JSON before the last line
--clickhouse compares ClickHouse's rows with sms.events instead, once through the log, by counts and hashes of stretches of it, and
names what is missing, doubled, differing or there without an event; then every figure of every roll-up with the rows. Events that the
sink has not confirmed are still arriving: they are counted and not compared; where retention has deleted events, what both have is. Exit
code 1 for a difference.
  --since, --until    (or --from, --to) only events that Kafka stored in this time, and the roll-ups' minutes and messages of it
Kafka, the registry and ClickHouse are found by SLUICE_KAFKA_BROKERS, SLUICE_REGISTRY_URL, SLUICE_PARTITIONS and SLUICE_CLICKHOUSE_URL,
_USER, _PASSWORD, _DATABASE.`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const settings = z.object({ ...kafkaSettings });
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** `sluice audit`. */
export const auditCommand: Command = {
  summary:
    "accepted against terminal, from the topics: missing, duplicated, resubmitted, unknown; --clickhouse: rows against events",
  help: HELP,
  async run(args, host) {
    const { env, print, tell } = host;
    const { clickhouse, ...options } = readAuditArguments(args);
    if (clickhouse) return runRowAudit(options, host);
    const config = readConfig("sluice", settings, env, ["SLUICE_*"]);
    const report = await runAudit({
      connection: kafkaConnection(config, `sluice-audit-${process.pid}`, quiet),
      registry: config,
      partitions: config.partitions,
      ...options,
      progress: tell,
    });
    print(options.json ? JSON.stringify(report) : auditTable(report));
    if (!report.whole && report.accepted === 0)
      tell("No message is within --since, --until and --label: nothing has been compared");
    print(auditLine(report));
    return auditHolds(report) ? 0 : 1;
  },
};

/** Reads the arguments of `audit`. @throws UsageError naming the argument. */
export function readAuditArguments(args: readonly string[]) {
  const values = understood(() => parse(args));
  const labels = (values.label ?? []).map(readLabel);
  const clickhouse = values.clickhouse ?? false;
  const foreign = ["label", "ledger", "wait", "max-messages"].filter((name) => name in values);
  if (clickhouse && foreign.length > 0) throw new UsageError(`--${foreign[0]} has no meaning with --clickhouse`);
  const [since, until] = [readBound(values, "since", "from"), readBound(values, "until", "to")];
  if (since !== undefined && until !== undefined && since >= until)
    throw new UsageError(`--since ${values.since ?? values.from} is not before --until ${values.until ?? values.to}`);
  return {
    clickhouse,
    since,
    until,
    ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}),
    ledgers: (values.ledger ?? []).map(readUrl),
    waitMs: readDuration(values.wait),
    maxMessages: readCount("--max-messages", values["max-messages"]),
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      since: { type: "string" },
      until: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      clickhouse: { type: "boolean" },
      label: { type: "string", multiple: true },
      ledger: { type: "string", multiple: true },
      wait: { type: "string" },
      "max-messages": { type: "string" },
      json: { type: "boolean" },
    },
  }).values;
}

/** A time that has two names. */
function readBound(values: ReturnType<typeof parse>, name: "since" | "until", other: "from" | "to") {
  if (values[name] !== undefined && values[other] !== undefined)
    throw new UsageError(`--${name} and --${other} are the same: one is needed`);
  return readTime(`--${name}`, values[name]) ?? readTime(`--${other}`, values[other]);
}

function readCount(name: string, text: string | undefined): number {
  if (text === undefined) return MAX_MESSAGES;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`${name} ${text}: a whole number from 1 to 999999999 is needed`);
  return Number(text);
}

function readUrl(text: string): string {
  if (!URL.canParse(text)) throw new UsageError(`--ledger ${text}: a URL such as http://127.0.0.1:12785 is needed`);
  return text.replace(/\/$/, "");
}

function readDuration(text: string | undefined): number {
  if (text === undefined) return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new UsageError(`--wait ${text}: a duration such as 60s or 5m is needed`);
  return Number(match[1]) * UNITS[match[2]!]!;
}
