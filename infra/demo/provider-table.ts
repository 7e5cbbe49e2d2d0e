import { type ClickhouseLogin, loginHeaders } from "../local/clickhouse-access.ts";
import { formatTable } from "../local/status-table.ts";

/** Median and 95th percentile, whole ms as text; null when there is nothing to measure. */
type Quantiles = readonly (string | null)[];

/** One provider's part in a run, as ClickHouse has it. Times in ms. */
interface ProviderRow {
  readonly provider: string;
  readonly submitted: string;
  readonly delivered: string;
  readonly failed: string;
  readonly submit: Quantiles;
  readonly receipt: Quantiles;
  readonly segments: string;
  /** Amounts by currency. */
  readonly costs: Readonly<Record<string, string>>;
}

/** Sluice may write an event twice, with the same content; each counts once. */
const EVENTS_OF_RUN = `
  SELECT * FROM events
  WHERE metadata['run'] = {run:String} AND at >= fromUnixTimestamp64Milli({since:Int64}) AND type IN ('submitted', 'final')
  LIMIT 1 BY message_id, destination, type, if(type = 'final', 0, attempt), resubmitted`;

const BY_PROVIDER = `
  SELECT
    if(provider = '', '(none)', provider) AS provider,
    countIf(type = 'submitted') AS submitted,
    countIf(type = 'final' AND state = 'delivered') AS delivered,
    countIf(type = 'final' AND state != 'delivered') AS failed,
    quantilesExactIf(0.5, 0.95)(dateDiff('millisecond', accepted_at, ifNull(submitted_at, at)), type = 'submitted') AS submit,
    quantilesExactIf(0.5, 0.95)(dateDiff('millisecond', ifNull(submitted_at, at), ifNull(receipt_at, at)),
      type = 'final' AND isNotNull(submitted_at) AND isNotNull(receipt_at)) AS receipt,
    sumIf(segments, type = 'submitted') AS segments,
    sumMapIf(map(toString(currency), toDecimal128(cost, 6)), type = 'submitted' AND currency != '') AS costs
  FROM (${EVENTS_OF_RUN})
  GROUP BY provider ORDER BY provider`;

/** The analytics of one run. */
export class RunAnalytics {
  readonly #url: string;
  readonly #database: string;
  readonly #headers: Record<string, string>;
  readonly #run: string;
  readonly #since: number;

  /** `since`: epoch ms of the run's start. */
  constructor(clickhouse: { url: string; database: string; login: ClickhouseLogin }, run: string, since: number) {
    this.#url = clickhouse.url;
    this.#headers = loginHeaders(clickhouse.login);
    this.#database = clickhouse.database;
    this.#run = run;
    this.#since = since;
  }

  /** Messages of the run that ended, as far as the rows have arrived. */
  async ended(): Promise<number> {
    const sql = `SELECT uniqExact(message_id, destination) AS n FROM (${EVENTS_OF_RUN}) WHERE type = 'final'`;
    const [row] = await this.#query<{ n: string }>(sql);
    return Number(row?.n ?? 0);
  }

  /** What each provider did, as a table. */
  async table(): Promise<string> {
    const rows = await this.#query<ProviderRow>(BY_PROVIDER);
    const header = ["PROVIDER", "SUBMITTED", "DELIVERED", "FAILED", "ACCEPT-SUBMIT P50/P95", "SUBMIT-RECEIPT P50/P95"];
    return formatTable([...header, "SEGMENTS", "COST", "PER DELIVERED"], rows.map(cells));
  }

  async #query<Row>(sql: string): Promise<Row[]> {
    const parameters = new URLSearchParams({
      database: this.#database,
      param_run: this.#run,
      param_since: String(this.#since),
      output_format_json_quote_64bit_integers: "1",
      output_format_json_quote_decimals: "1",
    });
    const response = await fetch(`${this.#url}/?${parameters}`, {
      method: "POST",
      headers: this.#headers,
      body: `${sql}\nFORMAT JSON`,
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`ClickHouse answers ${response.status}: ${text.slice(0, 500)}`);
    return (JSON.parse(text) as { data: Row[] }).data;
  }
}

function cells(row: ProviderRow): string[] {
  const delivered = Number(row.delivered);
  return [
    row.provider,
    row.submitted,
    row.delivered,
    row.failed,
    times(row.submit),
    times(row.receipt),
    row.segments,
    amounts(row.costs, (amount) => amount.toFixed(2)),
    delivered === 0 ? "-" : amounts(row.costs, (amount) => (amount / delivered).toFixed(4)),
  ];
}

/** Each currency's amount; they are never added. */
function amounts(costs: ProviderRow["costs"], text: (amount: number) => string): string {
  const each = Object.entries(costs).map(([currency, amount]) => `${text(Number(amount))} ${currency}`);
  return each.length === 0 ? "-" : each.join(" + ");
}

function times([p50, p95]: Quantiles): string {
  return p50 && p95 ? `${duration(Number(p50))} / ${duration(Number(p95))}` : "-";
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
