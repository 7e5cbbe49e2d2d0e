import { type ClickhouseLogin, loginHeaders } from "../../infra/local/clickhouse-access.ts";

/** What the benchmark asks ClickHouse. */
export class BenchAnalytics {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, login: ClickhouseLogin) {
    this.#url = url;
    this.#headers = loginHeaders(login);
  }

  /** Rows of all events so far. */
  async rows(): Promise<number> {
    return Number((await this.#query<{ n: string }>("SELECT count() AS n FROM events")).n);
  }

  /** Terminal events so far. */
  async ended(): Promise<number> {
    return Number((await this.#query<{ n: string }>("SELECT countIf(type = 'final') AS n FROM events")).n);
  }

  /** Latencies of what was submitted, and of what ended, between two moments (epoch ms): quantiles in ms. */
  async latencies(from: number, to: number) {
    const row = await this.#query<{ submit: string[]; receipt: string[] }>(`
      SELECT
        quantilesExactIf(0.5, 0.95, 0.99)(dateDiff('millisecond', accepted_at, submitted_at), type = 'submitted') AS submit,
        quantilesExactIf(0.5, 0.95, 0.99)(dateDiff('millisecond', submitted_at, receipt_at),
          type = 'final' AND isNotNull(receipt_at)) AS receipt
      FROM events
      WHERE at >= fromUnixTimestamp64Milli(${from}) AND at < fromUnixTimestamp64Milli(${to}) AND isNotNull(submitted_at)`);
    return { acceptToSubmitMs: quantiles(row.submit), submitToReceiptMs: quantiles(row.receipt) };
  }

  /** From acceptance to submission of the otp messages that were accepted between two moments (epoch ms), ms, in ascending order. */
  async otpWaits(from: number, to: number): Promise<number[]> {
    const { waits } = await this.#query<{ waits: string[] }>(`
      SELECT arraySort(groupArray(dateDiff('millisecond', accepted_at, submitted_at))) AS waits FROM events
      WHERE type = 'submitted' AND lane = 'otp'
        AND accepted_at >= fromUnixTimestamp64Milli(${from}) AND accepted_at < fromUnixTimestamp64Milli(${to})`);
    return waits.map(Number);
  }

  async #query<Row>(sql: string): Promise<Row> {
    const response = await fetch(`${this.#url}/?database=sluice`, {
      method: "POST",
      headers: this.#headers,
      body: `${sql} FORMAT JSONEachRow`,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`ClickHouse answers ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text) as Row;
  }
}

function quantiles([p50, p95, p99]: readonly string[]) {
  return { p50: Number(p50), p95: Number(p95), p99: Number(p99) };
}
