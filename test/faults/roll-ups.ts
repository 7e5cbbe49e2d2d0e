/**
 * Every figure of every roll-up, worked out a second time from the rows of `events`. The expressions here say what a column
 * means; the views' own (infra/clickhouse) say how it is kept.
 */
import type { ClickHouseClient } from "@clickhouse/client";

/** Name of a column to the expression over the rows (of one group) that it must equal. */
type Columns = Readonly<Record<string, string>>;

interface RollUp {
  /** The table or view, grouped by its keys and folded. */
  readonly kept: string;
  readonly keys: Columns;
  readonly columns: Columns;
}

const ended = (state: string) => `countIf(type = 'final' AND state = '${state}')`;

/** Of the submissions, each currency for itself. */
const COSTS = "sumMapIf(map(toString(currency), toDecimal128(cost, 6)), type = 'submitted' AND currency != '')";
/** In a view: the amounts, and the one that there is, if it is one. */
const AMOUNTS: Columns = {
  costs: COSTS,
  cost: `multiIf(empty(${COSTS}), toDecimal128(0, 6), length(${COSTS}) = 1, mapValues(${COSTS})[1], NULL)`,
  currency: `if(length(${COSTS}) = 1, mapKeys(${COSTS})[1], '')`,
};

const COUNTS: Columns = {
  routed: "countIf(type = 'routed')",
  submitted: "countIf(type = 'submitted')",
  resubmitted: "countIf(type = 'submitted' AND resubmitted != '')",
  returned: "countIf(type = 'returned')",
  throttled: "countIf(type = 'returned' AND error_class = 'throttled')",
  in_doubt: "countIf(type = 'in_doubt')",
  receipts: "countIf(type = 'receipt')",
  delivered: ended("delivered"),
  undelivered: ended("undelivered"),
  failed: ended("failed"),
  expired: ended("expired"),
  rejected: ended("rejected"),
  unknown: ended("unknown"),
  segments: "sumIf(segments, type = 'submitted')",
};
const FINALS = "countIf(type = 'final' AND state != '')";

const MINUTE = { minute: "toStartOfMinute(at)" };
const DIMENSIONS = {
  provider: "provider",
  account: "account",
  lane: "lane",
  country: "country",
  network: "network",
};

const STEP =
  "transform(type, ['routed', 'returned', 'in_doubt', 'submitted', 'receipt', 'closed'], [1, 2, 3, 4, 5, 6], 0)";
const RANK =
  "transform(state, ['unknown', 'rejected', 'expired', 'failed', 'undelivered', 'delivered'], [1, 2, 3, 4, 5, 6], 0)";
const PROGRESS = `toUInt32(if(type = 'final', 1000000000 + ${RANK}, attempt * 8 + ${STEP}))`;
const LATEST = `max((${PROGRESS}, if(type = 'final', state, type), error_class, error_code, reason))`;
const CHOSEN = `max((if(provider = '', 0, ${PROGRESS}), provider, route))`;
const same = (column: string): Columns => ({ [column]: `any(${column})` });

const MESSAGES: Columns = {
  ...same("account"),
  ...same("lane"),
  ...same("country"),
  ...same("network"),
  ...same("sender"),
  ...same("encoding"),
  ...same("segments"),
  ...same("reference"),
  ...same("metadata"),
  expires_at: "max(expires_at)",
  updated_at: "max(at)",
  state: `${LATEST}.2`,
  final: "toUInt8(countIf(type = 'final') > 0)",
  finals: "countIf(type = 'final')",
  provider: `${CHOSEN}.2`,
  route: `${CHOSEN}.3`,
  attempts: "max(attempt)",
  submissions: "countIf(type = 'submitted')",
  resubmitted: "max(resubmitted)",
  ...AMOUNTS,
  first_submitted_at: "min(submitted_at)",
  submitted_at: "max(submitted_at)",
  finished_at: "maxIf(toNullable(at), type = 'final')",
  done_at: "maxIf(done_at, type = 'final')",
  receipt_at: "maxIf(receipt_at, type = 'final')",
  error_class: `${LATEST}.3`,
  error_code: `${LATEST}.4`,
  reason: `${LATEST}.5`,
};

/** Samples of a t-digest: its state is the number of its centroids, then the mean and the weight of each (Float32). */
const weights = (state: string) =>
  `arraySum(arrayMap(c -> reinterpretAsFloat32(substring(${state}, length(${state}) - 8 * c + 5, 4)), range(1, intDiv(length(${state}) - 1, 8) + 1)))`;
const digest = (column: string) =>
  `toUInt64(${weights(`CAST(quantilesTDigestMergeState(0.5, 0.95, 0.99)(${column}), 'String')`)})`;

const folded = (table: string, keys: Columns, columns: Columns): string => {
  const sums = Object.keys(columns).map((name) => {
    if (name === "costs") return "sumMap(t.costs) AS costs";
    if (name.endsWith("_ms")) return `${digest(`t.${name}`)} AS ${name}`;
    return `sum(t.${name}) AS ${name}`;
  });
  return `(SELECT ${[...Object.keys(keys), ...sums].join(", ")} FROM ${table} AS t GROUP BY ${Object.keys(keys).join(", ")})`;
};

const SAMPLES: Columns = {
  submit_ms: "countIf(type = 'submitted')",
  receipt_ms: "countIf(type = 'final' AND isNotNull(submitted_at) AND isNotNull(receipt_at))",
};
const KEPT_COSTS: Columns = { costs: COSTS, cost: "sumIf(cost, type = 'submitted')" };
const MINUTES = { keys: { ...MINUTE, ...DIMENSIONS }, columns: { ...COUNTS, ...KEPT_COSTS, ...SAMPLES } };

const ROLL_UPS: Readonly<Record<string, RollUp>> = {
  minutes: { ...MINUTES, kept: folded("minutes", MINUTES.keys, MINUTES.columns) },
  messages_latest: {
    kept: "messages_latest",
    keys: { message_id: "message_id", destination: "destination", accepted_at: "accepted_at" },
    columns: MESSAGES,
  },
  provider_minutes: {
    kept: "provider_minutes",
    keys: { ...MINUTE, provider: "provider" },
    columns: {
      ...COUNTS,
      ...AMOUNTS,
      finals: FINALS,
      delivery_rate: `if(${FINALS} = 0, NULL, ${ended("delivered")} / ${FINALS})`,
      cost_per_delivered: `if(${ended("delivered")} = 0, NULL, toFloat64(${AMOUNTS.cost}) / ${ended("delivered")})`,
    },
  },
  traffic_minutes: {
    kept: "traffic_minutes",
    keys: { ...MINUTE, ...DIMENSIONS },
    columns: { ...COUNTS, ...AMOUNTS, finals: FINALS },
  },
};

/** What the comparison came to. */
export interface RollUpComparison {
  /** Figures looked at: groups times columns. */
  readonly figures: number;
  /** `<roll-up>.<column>: <groups>` of each column that is not in all groups what the rows say. */
  readonly differing: readonly string[];
}

/** Compares all roll-ups with the rows, group by group. */
export async function compareRollUps(clickhouse: ClickHouseClient): Promise<RollUpComparison> {
  const differing: string[] = [];
  let figures = 0;
  for (const [name, rollUp] of Object.entries(ROLL_UPS)) {
    const result = await clickhouse.query({ query: comparison(rollUp), format: "JSONEachRow" });
    const [row = {}] = await result.json<Record<string, string>>();
    const { groups, ...columns } = row;
    figures += Number(groups) * Object.keys(columns).length;
    for (const [column, count] of Object.entries(columns))
      if (Number(count) !== 0) differing.push(`${name}.${column}: ${count}`);
  }
  return { figures, differing };
}

/** One row: groups, and by column in how many of them the two sides differ. A group that one side lacks differs in all. */
function comparison({ kept, keys, columns }: RollUp): string {
  const names = Object.keys(columns);
  const text = (value: string) => `ifNull(toString(${value}), 'NULL')`;
  // Prefixed: an alias named like a column would be put into the expressions of the others.
  const key = Object.entries(keys).map(([name, of], i) => [`toString(${of}) AS k${i}`, `toString(v.${name}) AS k${i}`]);
  const on = key.map((_, i) => `k${i}`).join(", ");
  const ofRows = names.map((name, i) => `${text(columns[name]!)} AS c${i}`);
  const ofKept = names.map((name, i) => `${text(`v.${name}`)} AS c${i}`);
  return `
    SELECT toString(count()) AS groups, ${names.map((name, i) => `toString(countIf(r.c${i} != v.c${i})) AS ${name}`).join(", ")}
    FROM (SELECT ${[...key.map(([rows]) => rows), ...ofRows].join(", ")} FROM events GROUP BY ${on}) AS r
    FULL OUTER JOIN (SELECT ${[...key.map(([, k]) => k), ...ofKept].join(", ")} FROM ${kept} AS v) AS v USING (${on})`;
}
