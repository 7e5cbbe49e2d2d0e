/**
 * Every figure of every roll-up, worked out a second time from the rows of `events`. The expressions here say what a column
 * means; the views' own (infra/clickhouse) say how it is kept. compare-roll-ups.ts compares the two.
 */

/** Name of a column to the expression over the rows (of one group) that it must equal. */
type Columns = Readonly<Record<string, string>>;

export interface RollUp {
  /** The table beneath, whose rows say how much there is to compare. */
  readonly table: string;
  /** The table or view, grouped by its keys and folded. `where`: a condition on its keys. */
  kept(where: string): string;
  /** What it is made of, with the columns that the expressions name. `where`: a condition on the rows of `events`. */
  rows(where: string): string;
  readonly keys: Columns;
  readonly columns: Columns;
  /** The time by which a stretch of it is compared, and what its groups are divided by. */
  readonly time: OnBothSides;
  readonly divided: OnBothSides;
}

/** An expression over the rows of `events`, and the roll-up's column that it makes. */
export interface OnBothSides {
  readonly row: string;
  readonly kept: string;
}

const ended = (state: string) => `countIf(type = 'final' AND state = '${state}')`;

/** Of the submissions, each currency for itself. */
const COSTS = "sumMapIf(map(toString(currency), toDecimal128(cost, 6)), type = 'submitted' AND currency != '')";
/** In a view: the amounts, and the one that there is, if it is one. */
const amounts = (costs: string): Columns => ({
  costs,
  cost: `multiIf(empty(${costs}), toDecimal128(0, 6), length(${costs}) = 1, mapValues(${costs})[1], NULL)`,
  currency: `if(length(${costs}) = 1, mapKeys(${costs})[1], '')`,
});

/** What receipts make a submission owe: only the greatest amount counts. */
const CHARGED = "charged = 'delivery' AND type IN ('receipt', 'final') AND cost > 0 AND currency != ''";
/** Of one message: the greatest amount of each submission, by what tells it from the others, the currency last. */
const GREATEST = `maxMapIf([concatWithSeparator('/', toString(attempt), toString(resubmitted != ''), provider, currency)],
  [toDecimal128(cost, 6)], ${CHARGED})`;
const MESSAGE_COSTS = `arrayReduce('sumMap', arrayConcat([${COSTS}],
  arrayMap((way, owed) -> map(splitByChar('/', way)[4], owed), ${GREATEST}.1, ${GREATEST}.2)))`;
/** Among the rows of {@link withCharges}. */
const ALL_COSTS = COSTS.replace("type = 'submitted'", "type IN ('submitted', 'charged')");

/** Columns of minutes that are counts, and what each counts of the rows. */
export const COUNTS: Columns = {
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
export const DIMENSIONS = {
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
  ...amounts(MESSAGE_COSTS),
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

/** What is kept of each submission that is charged on delivery, by currency. */
const OWED = `arrayReduce('sumMap', arrayMap((way, amount) -> map(splitByChar(' ', way)[1], toDecimal128(amount, 6)),
  mapKeys(maxMap(t.owed)), mapValues(maxMap(t.owed))))`;

const folded = (table: string, keys: Columns, columns: Columns, where: string): string => {
  const sums = Object.keys(columns).map((name) => {
    if (name === "costs") return "sumMap(t.costs) AS costs";
    if (name === "owed") return `${OWED} AS owed`;
    if (name.endsWith("_ms")) return `${digest(`t.${name}`)} AS ${name}`;
    return `sum(t.${name}) AS ${name}`;
  });
  return `(SELECT ${[...Object.keys(keys), ...sums].join(", ")} FROM ${table} AS t WHERE ${where} GROUP BY ${Object.keys(keys).join(", ")})`;
};

const SAMPLES: Columns = {
  submit_ms: "countIf(type = 'submitted')",
  receipt_ms: "countIf(type = 'final' AND isNotNull(submitted_at) AND isNotNull(receipt_at))",
};
const KEPT_COSTS: Columns = { costs: COSTS, cost: "sumIf(cost, type = 'submitted')" };
/** Among the rows of {@link withCharges}. */
const KEPT_OWED: Columns = {
  owed: "sumMapIf(map(toString(currency), toDecimal128(cost, 6)), type = 'charged')",
};
const MINUTES = {
  keys: { ...MINUTE, ...DIMENSIONS },
  columns: { ...COUNTS, ...KEPT_COSTS, ...KEPT_OWED, ...SAMPLES },
};
const BY_MINUTE = {
  table: "minutes",
  time: { row: "at", kept: "minute" },
  divided: { row: "toStartOfMinute(at)", kept: "minute" },
} as const;

/** A submission's own minute. */
const SUBMITTED_MINUTE = "toStartOfMinute(ifNull(submitted_at, at))";
const SUBMISSION = [
  "message_id",
  "destination",
  "accepted_at",
  "attempt",
  "resubmitted != ''",
  ...Object.keys(DIMENSIONS),
];
const from = (source: string, where: string): string => `(SELECT * FROM ${source} WHERE ${where})`;
const view = (name: string) => (where: string) => from(name, where);

/** The rows, and one of type `charged` for each submission that is charged on delivery, in the minute of the submission. */
const withCharges = (where: string): string => `(
    SELECT at, ${Object.keys(DIMENSIONS).join(", ")}, type, state, resubmitted, error_class, segments, cost, currency, accepted_at,
      submitted_at, receipt_at
    FROM events WHERE ${where}
    UNION ALL
    SELECT at, ${Object.keys(DIMENSIONS).join(", ")}, 'charged', '', '', '', 0, max(cost), currency, at, NULL, NULL
    FROM (SELECT * REPLACE (toDateTime64(${SUBMITTED_MINUTE}, 3, 'UTC') AS at) FROM events WHERE ${CHARGED})
    WHERE ${where} GROUP BY ${SUBMISSION.join(", ")}, at, currency)`;

/** Sums by hour or day: of those alone that end within the stretch, so that none is compared before all of it is settled. */
function period(span: "hour" | "day", start: string, seconds: number): RollUp {
  const last = (of: string) => `${of} + INTERVAL ${seconds - 1} SECOND`;
  return {
    table: "periods",
    time: { row: last(start), kept: last("start") },
    divided: { row: start, kept: "start" },
    kept: (where) => `(SELECT * FROM traffic_periods WHERE span = '${span}' AND ${where})`,
    rows: withCharges,
    keys: { start, ...DIMENSIONS },
    columns: {
      submitted: COUNTS.submitted!,
      segments: COUNTS.segments!,
      delivered: COUNTS.delivered!,
      costs: ALL_COSTS,
    },
  };
}

/** What each message is found by: what its events say of it, and each submission's ids. */
const keysOf = (where: string): string => `(
    SELECT message_id, accepted_at, arrayJoin(arrayFilter(one -> one.1 NOT IN ('reference', 'waiting') OR one.2 != '', arrayConcat(
        if(type = 'submitted', [], [('message id', toString(message_id)), ('destination', destination), ('account', account), ('reference', reference),
            ('waiting', if(type = 'postponed' AND error_class = '', account, ''))]),
        if(type = 'submitted', arrayMap(id -> ('provider id', id), provider_id_keys), [])))) AS kind, sipHash64(kind.1, kind.2) AS key
    FROM events WHERE (type IN ('routed', 'postponed', 'closed', 'submitted') OR type = 'final' AND attempt = 0) AND ${where})`;

/** Every roll-up, by name. */
export const ROLL_UPS: Readonly<Record<string, RollUp>> = {
  minutes: {
    ...BY_MINUTE,
    ...MINUTES,
    kept: (where) => folded("minutes", MINUTES.keys, MINUTES.columns, where),
    rows: withCharges,
  },
  hours: period("hour", "toStartOfHour(at)", 3_600),
  days: period("day", "toStartOfDay(at)", 86_400),
  messages_latest: {
    table: "recipients",
    time: { row: "accepted_at", kept: "accepted_at" },
    divided: { row: "message_id", kept: "message_id" },
    kept: view("messages_latest"),
    rows: view("events"),
    keys: { message_id: "message_id", destination: "destination", accepted_at: "accepted_at" },
    columns: MESSAGES,
  },
  message_keys: {
    table: "message_keys",
    time: { row: "accepted_at", kept: "accepted_at" },
    divided: { row: "message_id", kept: "message_id" },
    kept: (where) => `(SELECT key, message_id, accepted_at, 1 AS found FROM message_keys WHERE ${where} GROUP BY ALL)`,
    rows: keysOf,
    keys: { key: "key", message_id: "message_id", accepted_at: "accepted_at" },
    columns: { found: "1" },
  },
  delivery_charges: {
    table: "recipients",
    time: { row: "accepted_at", kept: "accepted_at" },
    divided: { row: "message_id", kept: "message_id" },
    kept: (where) =>
      `(SELECT minute, message_id, destination, accepted_at, attempt, repeated, ${Object.keys(DIMENSIONS).join(", ")}, currency,
        max(t.cost) AS cost FROM delivery_charges AS t WHERE ${where} GROUP BY ALL)`,
    rows: (where) => from("events", `${CHARGED} AND ${where}`),
    keys: {
      minute: SUBMITTED_MINUTE,
      message_id: "message_id",
      destination: "destination",
      accepted_at: "accepted_at",
      attempt: "attempt",
      repeated: "toBool(resubmitted != '')",
      ...DIMENSIONS,
      currency: "currency",
    },
    columns: { cost: "max(cost)" },
  },
  provider_minutes: {
    ...BY_MINUTE,
    kept: view("provider_minutes"),
    rows: withCharges,
    keys: { ...MINUTE, provider: "provider" },
    columns: {
      ...COUNTS,
      ...amounts(ALL_COSTS),
      finals: FINALS,
      delivery_rate: `if(${FINALS} = 0, NULL, ${ended("delivered")} / ${FINALS})`,
      cost_per_delivered: `if(${ended("delivered")} = 0, NULL, toFloat64(${amounts(ALL_COSTS).cost}) / ${ended("delivered")})`,
    },
  },
  traffic_minutes: {
    ...BY_MINUTE,
    kept: view("traffic_minutes"),
    rows: withCharges,
    keys: { ...MINUTE, ...DIMENSIONS },
    columns: { ...COUNTS, ...amounts(ALL_COSTS), finals: FINALS },
  },
};
