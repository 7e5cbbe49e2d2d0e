import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { ENDS, type Spread, spreadOf } from "./stage-figures.ts";

/** Stretches of time that can be asked for, and the step of their curves: at most some hundred points each, minutes. */
export const SPANS = {
  "1h": { minutes: 60, step: 1 },
  "6h": { minutes: 360, step: 5 },
  "24h": { minutes: 1_440, step: 10 },
  "7d": { minutes: 10_080, step: 60 },
} as const;
export type Span = keyof typeof SPANS;

/** Whoever is asked for by which column of the roll-ups. */
const BY = { provider: "provider", account: "account", country: "country", lane: "lane" } as const;
export type FiguresBy = keyof typeof BY;

/** What the roll-ups say of one provider, account, country or lane. */
export interface Figures {
  readonly name: string;
  readonly submitted: number;
  readonly returned: number;
  readonly throttled: number;
  readonly segments: number;
  readonly ended: Readonly<Record<string, number>>;
  /** Amounts by currency, decimal texts; currencies are never added. */
  readonly costs: Readonly<Record<string, string>>;
  readonly submitMs: Spread | null;
  readonly receiptMs: Spread | null;
}

/** One step of the curves. `at`: epoch seconds. */
export interface Step {
  readonly at: number;
  readonly submitted: number;
  readonly delivered: number;
  readonly ended: number;
}

/** Rows at the most. */
const MOST = 200;

const FIGURES = (by: FiguresBy) => `
  SELECT ${BY[by]} AS name, toFloat64(sum(t.submitted)) AS submitted, toFloat64(sum(t.returned)) AS returned,
    toFloat64(sum(t.throttled)) AS throttled, toFloat64(sum(t.segments)) AS segments,
    ${ENDS.map((end) => `toFloat64(sum(t.${end})) AS ${end}`).join(", ")},
    mapApply((currency, amount) -> (currency, toString(amount)), sumMap(t.amounts)) AS costs,
    quantilesTDigestMerge(0.5, 0.95, 0.99)(t.submit_ms) AS submit, quantilesTDigestMerge(0.5, 0.95, 0.99)(t.receipt_ms) AS receipt
  FROM minutes_with_charges AS t
  WHERE t.minute >= now() - toIntervalMinute({minutes:UInt32}) AND ${BY[by]} != ''
  GROUP BY name
  ORDER BY sum(t.submitted) DESC
  LIMIT ${MOST}`;

const STEPS = (step: number) => `
  SELECT toUnixTimestamp(toStartOfInterval(minute, toIntervalMinute(${step}))) AS at, toFloat64(sum(m.submitted)) AS submitted,
    toFloat64(sum(m.delivered)) AS delivered, toFloat64(sum(${ENDS.map((end) => `m.${end}`).join(" + ")})) AS ended
  FROM minutes AS m
  WHERE minute >= now() - toIntervalMinute({minutes:UInt32}) AND ({provider:String} = '' OR provider = {provider:String})
  GROUP BY at
  ORDER BY at WITH FILL STEP ${60 * step}`;

type FiguresRow = {
  readonly name: string;
  readonly submitted: number;
  readonly returned: number;
  readonly throttled: number;
  readonly segments: number;
  readonly costs: Readonly<Record<string, string>>;
  readonly submit: readonly (number | null)[];
  readonly receipt: readonly (number | null)[];
} & { readonly [End in (typeof ENDS)[number]]: number };

/** The roll-ups of a stretch that ends now. @throws SluiceError of class transient or throttled */
export function figuresBy(reader: ClickhouseReader, by: FiguresBy, span: Span): Promise<Figures[]> {
  return reader.lookUp(async (rows) => {
    const found = await rows<FiguresRow>(FIGURES(by), { minutes: String(SPANS[span].minutes) });
    return found.map((row) => ({
      name: row.name,
      submitted: row.submitted,
      returned: row.returned,
      throttled: row.throttled,
      segments: row.segments,
      ended: Object.fromEntries(ENDS.map((end) => [end, row[end]])),
      costs: row.costs,
      submitMs: spreadOf(row.submit),
      receiptMs: spreadOf(row.receipt),
    }));
  });
}

/** The curves of a stretch; `provider`: only this one's, empty: of all. @throws SluiceError of class transient or throttled */
export function steps(reader: ClickhouseReader, span: Span, provider: string): Promise<Step[]> {
  const { minutes, step } = SPANS[span];
  return reader.lookUp((rows) => rows<Step>(STEPS(step), { minutes: String(minutes), provider }));
}
