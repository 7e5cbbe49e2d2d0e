import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";

/** How long messages take, and how they end, over the last minutes. */
export interface StageFigures {
  /** Over how long, minutes. */
  readonly minutes: number;
  /** Acceptance to submission, and submission to the deciding receipt, ms; null where nothing happened. */
  readonly submitMs: Spread | null;
  readonly receiptMs: Spread | null;
  /** Messages that ended, by how. */
  readonly ended: Readonly<Record<string, number>>;
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

const MINUTES = 5;
export const ENDS = ["delivered", "undelivered", "failed", "expired", "rejected", "unknown"] as const;

const QUERY = `
  SELECT quantilesTDigestMerge(0.5, 0.95, 0.99)(submit_ms) AS submit, quantilesTDigestMerge(0.5, 0.95, 0.99)(receipt_ms) AS receipt,
    ${ENDS.map((end) => `toFloat64(sum(${end})) AS ${end}`).join(", ")}
  FROM minutes
  WHERE minute >= now() - INTERVAL ${MINUTES} MINUTE`;

type Row = { readonly submit: readonly (number | null)[]; readonly receipt: readonly (number | null)[] } & {
  readonly [End in (typeof ENDS)[number]]: number;
};

/** Asks for them. @throws SluiceError of class transient or throttled */
export function stageFigures(reader: ClickhouseReader): Promise<StageFigures> {
  return reader.lookUp(async (rows) => {
    const [row] = await rows<Row>(QUERY, {});
    return {
      minutes: MINUTES,
      submitMs: row === undefined ? null : spreadOf(row.submit),
      receiptMs: row === undefined ? null : spreadOf(row.receipt),
      ended: Object.fromEntries(ENDS.map((end) => [end, Number(row?.[end] ?? 0)])),
    };
  });
}

/** ClickHouse answers NaN, as null in JSON, where there was nothing. */
export function spreadOf([p50, p95]: readonly (number | null)[]): Spread | null {
  return typeof p50 === "number" && typeof p95 === "number" ? { p50: Math.round(p50), p95: Math.round(p95) } : null;
}
