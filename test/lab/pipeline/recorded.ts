import { type ClickhouseLogin, loginHeaders } from "../../../infra/local/clickhouse-access.ts";

/** What was bought of a provider. */
export interface Bought {
  readonly provider: string;
  /** In the catalog's currency. */
  readonly cost: number;
  readonly delivered: number;
}

/** Decisions of one second. */
export interface Second {
  /** From the moment asked about. */
  readonly second: number;
  readonly all: number;
  /** For the provider asked about. */
  readonly own: number;
}

/** What the real events say, as ClickHouse has them. Moments are epoch ms. */
export class Recorded {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, login: ClickhouseLogin) {
    this.#url = url;
    this.#headers = loginHeaders(login);
  }

  /** Messages that have ended. */
  async ended(): Promise<number> {
    const [row] = await this.#query<{ n: string }>("SELECT countIf(type = 'final') AS n FROM events");
    return Number(row!.n);
  }

  /** What was submitted between two moments. */
  async bought(from: number, until: number): Promise<Bought[]> {
    const rows = await this.#query<{ provider: string; paid: string; delivered: string }>(`
      SELECT provider, toString(sumIf(cost, type = 'submitted')) AS paid,
        countIf(type = 'final' AND state = 'delivered') AS delivered
      FROM events WHERE type IN ('submitted', 'final') AND ${between("submitted_at", from, until)} GROUP BY provider`);
    return rows.map(({ provider, paid, delivered }) => ({
      provider,
      cost: Number(paid),
      delivered: Number(delivered),
    }));
  }

  /** Decisions between two moments, second by second. */
  async decisions(provider: string, from: number, until: number): Promise<Second[]> {
    const rows = await this.#query<{ second: string; all: string; own: string }>(`
      SELECT intDiv(toUnixTimestamp64Milli(at) - ${from}, 1000) AS second, count() AS all,
        countIf(provider = '${provider}') AS own
      FROM events WHERE type = 'routed' AND ${between("at", from, until)} GROUP BY second ORDER BY second`);
    return rows.map(({ second, all, own }) => ({ second: Number(second), all: Number(all), own: Number(own) }));
  }

  /** Half of the receipts of a provider's messages came within so many seconds. */
  async medianReceiptSeconds(provider: string, from: number, until: number): Promise<number> {
    const [row] = await this.#query<{ ms: number }>(`
      SELECT quantileExact(0.5)(dateDiff('millisecond', submitted_at, receipt_at)) AS ms
      FROM events WHERE type = 'final' AND state = 'delivered' AND provider = '${provider}' AND isNotNull(receipt_at)
        AND ${between("submitted_at", from, until)}`);
    return Number(row!.ms) / 1_000;
  }

  async #query<Row>(sql: string): Promise<Row[]> {
    const response = await fetch(`${this.#url}/?database=sluice`, {
      method: "POST",
      headers: this.#headers,
      body: `${sql} FORMAT JSONEachRow`,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`ClickHouse answers ${response.status}: ${text.slice(0, 500)}`);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row);
  }
}

function between(column: string, from: number, until: number): string {
  return `${column} >= fromUnixTimestamp64Milli(${Math.round(from)}) AND ${column} < fromUnixTimestamp64Milli(${Math.round(until)})`;
}
