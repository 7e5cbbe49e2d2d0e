/**
 * Events as the pipeline would write them, made inside ClickHouse from the numbers of the messages: the same numbers make the same events.
 * Twelve accounts, each with its countries, lanes and routes; seven providers, of which one charges on delivery.
 */

/** Which messages, and the time over which they were accepted. */
export interface MadeTraffic {
  /** Number of the first message, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** Acceptance of message 0, Unix milliseconds. */
  readonly from: number;
  /** Milliseconds from one message to the next, on the mean. */
  readonly everyMs: number;
  /** By how much of the mean there are more by day and fewer by night; 0: always as many. Below 1. */
  readonly wave: number;
}

const DAY_MS = 86_400_000;
/** Partitions of sms.events. */
export const LOG_PARTITIONS = 6;

/** A pseudo-random number below `below`, one for each message and purpose. */
const draw = (purpose: string, below: number): string => `(cityHash64(n, '${purpose}') % ${below})`;

/** `['a', 'b', …][index + 1]` as a constant of ClickHouse. */
const pick = (values: readonly string[], index: string): string =>
  `transform(${index}, range(${values.length}), [${values.map((value) => `'${value}'`).join(", ")}], '')`;

const ACCOUNTS = [
  "acme",
  "shop",
  "bank",
  "taxi",
  "post",
  "game",
  "clinic",
  "airline",
  "school",
  "grocer",
  "dating",
  "gym",
];
/** Country, network and prefix of numbers; an account sends to four of them, most to the first. */
const NETWORKS = [
  ...["DE 26201 49171", "DE 26202 49172", "DE 26203 49176", "FR 20801 33607", "FR 20810 33610", "ES 21401 34661"],
  ...["ES 21407 34609", "IT 22201 39335", "IT 22210 39347", "GB 23410 44780", "GB 23415 44777", "PL 26001 48601"],
  ...["PL 26006 48790", "AT 23201 43664", "NL 20404 31653", "PT 26801 35191", "TR 28601 90532", "IN 40410 91981"],
];
const PROVIDERS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "later"];
const LANES = ["otp", "otp", "otp", "transactional", "transactional", "marketing"];
const field = (place: number) => NETWORKS.map((network) => network.split(" ")[place]!);

/**
 * What happens to a message: steps of (type, ms after its acceptance, attempt, whether at the second provider, ms of its submission or -1).
 * Of 1,000 messages 3 are rejected at once, 10 throttled and sent elsewhere, 5 in doubt and sent again, 10 sent on after a failed receipt,
 * 3 never end and 40 have a receipt before the last.
 */
const STEP_TYPE = "'Array(Tuple(String, Int64, UInt16, UInt8, Int64))'";
const STEPS = `multiIf(
    chance < 3, CAST([('closed', 4, 0, 0, -1), ('final', 6, 0, 0, -1)], ${STEP_TYPE}),
    chance < 13, CAST([('routed', 5, 1, 0, -1), ('returned', went, 1, 0, -1), ('routed', went + 8, 2, 1, -1),
      ('submitted', went + 90, 2, 1, went + 90), ('final', went + 90 + came, 2, 1, went + 90)], ${STEP_TYPE}),
    chance < 18, CAST([('routed', 5, 1, 0, -1), ('in_doubt', went + 5000, 1, 0, -1), ('submitted', went + 10000, 1, 0, went + 10000),
      ('final', went + 10000 + came, 1, 0, went + 10000)], ${STEP_TYPE}),
    chance < 28, CAST([('routed', 5, 1, 0, -1), ('submitted', went, 1, 0, went), ('rerouted', went + came, 1, 0, went),
      ('routed', went + came + 8, 2, 1, -1), ('submitted', went + came + 90, 2, 1, went + came + 90),
      ('final', went + came + 90 + came, 2, 1, went + came + 90)], ${STEP_TYPE}),
    chance < 31, CAST([('routed', 5, 1, 0, -1), ('submitted', went, 1, 0, went)], ${STEP_TYPE}),
    chance < 71, CAST([('routed', 5, 1, 0, -1), ('submitted', went, 1, 0, went), ('receipt', went + intDiv(came, 2), 1, 0, went),
      ('final', went + came, 1, 0, went)], ${STEP_TYPE}),
    CAST([('routed', 5, 1, 0, -1), ('submitted', went, 1, 0, went), ('final', went + came, 1, 0, went)], ${STEP_TYPE}))`;

/** Columns of `events` to what a row has in each. */
const COLUMNS: Readonly<Record<string, string>> = {
  at: "fromUnixTimestamp64Milli(accepted + step.2, 'UTC')",
  type: "step.1",
  message_id: "id",
  attempt: "step.3",
  account: "account_of",
  lane: "lane_of",
  country: pick(field(0), "net"),
  network: pick(field(1), "net"),
  destination: `concat(${pick(field(2), "net")}, leftPad(toString(${draw("to", 10_000_000)} % if(lane_of = 'otp', 10000000, 2000000)), 7, '0'))`,
  sender: "upper(account_of)",
  encoding: "if(ucs2, 'ucs2', 'gsm7')",
  segments: "segs",
  reference: `if(${draw("ref", 10)} < 7, concat(substring(account_of, 1, 2), '-', lower(hex(cityHash64(n, 'reference')))), '')`,
  metadata: `multiIf(lane_of = 'marketing', map('campaign', concat('c', toString(intDiv(n, 50000) % 40))),
    ${draw("meta", 10)} < 2, map('team', 'checkout', 'order', toString(n)), map())`,
  accepted_at: "fromUnixTimestamp64Milli(accepted, 'UTC')",
  expires_at: "fromUnixTimestamp64Milli(accepted + if(lane_of = 'otp', 300000, 86400000), 'UTC')",
  provider: "provider_of",
  route: "if(provider_of = '', '', concat(lower(country), '-', lane_of))",
  reason:
    "transform(step.1, ['routed', 'closed', 'rerouted'], ['least cost per delivered', 'no route', 'receipt failed'], '')",
  price: "toDecimal64((5000 + cityHash64(provider_of, net) % 60000) / 1000000, 6)",
  cost: `multiIf(provider_of = '', toDecimal64(0, 6), provider_of = 'later',
    if(step.1 IN ('receipt', 'final') AND ended = 'delivered', price * segs, toDecimal64(0, 6)),
    step.1 = 'submitted', price * segs, toDecimal64(0, 6))`,
  currency: "multiIf(provider_of = '', '', provider_of IN ('beta', 'zeta'), 'USD', 'EUR')",
  submitted_at: "if(step.5 < 0, NULL, fromUnixTimestamp64Milli(accepted + step.5, 'UTC'))",
  provider_message_ids: `if(step.1 = 'submitted', arrayMap(part -> lower(hex(cityHash64(n, step.3, part))), range(segs)), [])`,
  resubmitted: "if(chance BETWEEN 13 AND 17 AND step.1 = 'submitted', 'no answer', '')",
  error_class:
    "multiIf(step.1 = 'returned', 'throttled', step.1 = 'rerouted', 'route', step.1 != 'final' OR ended = 'delivered', '', 'handset')",
  error_code: `multiIf(step.1 = 'returned', 'ESME_RTHROTTLED', step.1 = 'rerouted', '5', step.1 != 'final' OR ended = 'delivered', '',
    leftPad(toString(${draw("code", 30)}), 3, '0'))`,
  part: "if(step.1 = 'receipt', 1, 0)",
  state: "multiIf(step.1 = 'receipt', 'enroute', step.1 = 'final', ended, '')",
  done_at:
    "if(step.1 IN ('receipt', 'final') AND step.5 >= 0, fromUnixTimestamp64Milli(accepted + step.2 - 300, 'UTC'), NULL)",
  receipt_at:
    "if(step.1 = 'final' AND step.5 >= 0 AND ended != 'unknown', fromUnixTimestamp64Milli(accepted + step.2 - 4, 'UTC'), NULL)",
  sent_as: `if(net = 17, 'INFO', '')`,
  rules: "if(step.1 = 'routed' AND net = 17, 'sender replaced', '')",
  charged: "if(provider_of = 'later', 'delivery', '')",
  segments_saved: `if(${draw("plain", 100)} < 5, 1, 0)`,
  due: "if(0, at, NULL)",
  verdicts:
    "if(step.1 = 'routed', transform(net % 4, [0, 1, 2], ['beta: dearer', 'zeta: circuit-open, beta: dearer', 'beta: not-drawn'], ''), '')",
  log_partition: `cityHash64(destination) % ${LOG_PARTITIONS}`,
  log_offset: "n * 8 + place",
};

/** The query that makes events, with these columns of `events` in this order. */
export function madeEvents({ first, count, from, everyMs, wave }: MadeTraffic, columns: readonly string[]): string {
  const unknown = columns.filter((column) => COLUMNS[column] === undefined);
  if (unknown.length > 0) throw new Error(`events has columns that nobody makes: ${unknown.join(", ")}`);
  const day = DAY_MS / everyMs;
  // Each needs what stands before it, so all are named, and those that were asked for are taken.
  const all = Object.entries(COLUMNS).map(([name, expression]) => `${expression} AS ${name}`);
  return `SELECT ${columns.join(", ")} FROM (
  SELECT ${all.join(",\n    ")}
  FROM (
    SELECT *, tupleElement(placed, 1) AS step, tupleElement(placed, 2) AS place,
      multiIf(step.3 = 0, '', step.4 = 1, ${pick(PROVIDERS, `(net + 2) % ${PROVIDERS.length - 1}`)},
        ${draw("way", 100)} < 3, 'later', ${pick(PROVIDERS, `(net + (${draw("way", 100)} < 20)) % ${PROVIDERS.length - 1}`)}) AS provider_of,
      multiIf(step.3 = 0, 'rejected', fate < 925, 'delivered', fate < 960, 'undelivered', fate < 985, 'failed', 'unknown') AS ended
    FROM (
      SELECT number + ${first} AS n,
        toInt64(${from} + n * ${everyMs} - ${wave * DAY_MS} * sin(n * ${(2 * Math.PI) / day}) / ${2 * Math.PI}) AS accepted,
        toUUID(concat(substring(hexTime, 1, 8), '-', substring(hexTime, 9, 4), '-7', substring(random, 1, 3), '-b',
          substring(random, 4, 3), '-', substring(random, 7, 10), substring(lower(hex(cityHash64(n, 'id2'))), 1, 2))) AS id,
        leftPad(lower(hex(toUInt64(accepted))), 12, '0') AS hexFull, right(hexFull, 12) AS hexTime,
        leftPad(lower(hex(cityHash64(n, 'id'))), 16, '0') AS random,
        toUInt8(sqrt(${draw("account", 144)})) AS account_no,
        ${pick(ACCOUNTS, "11 - account_no")} AS account_of,
        ${pick(LANES, `(account_no * 2 + (${draw("lane", 100)} < 25)) % ${LANES.length}`)} AS lane_of,
        toUInt8((account_no * 3 + transform(intDiv(${draw("net", 100)}, 10), [6, 7, 8, 9], [1, 1, 2, 3], 0)) % ${NETWORKS.length}) AS net,
        ${draw("ucs2", 100)} < if(net > 15, 60, 6) AS ucs2,
        toUInt16(multiIf(${draw("segs", 100)} < 82, 1, ${draw("segs", 100)} < 95, 2, 3)) AS segs,
        ${draw("chance", 1_000)} AS chance, ${draw("fate", 1_000)} AS fate,
        80 + ${draw("went", 320)} AS went,
        toInt64(1000 + exp(${draw("came", 900)} / 100)) AS came,
        ${STEPS} AS steps
      FROM numbers(${count})
    )
    ARRAY JOIN arrayZip(steps, range(length(steps))) AS placed
  )
)`;
}

/** Query of one text, `value`: what an expression of columns of `events` comes to for a submission of message `n`; empty where it has none. */
export function madeMessage(traffic: MadeTraffic, n: number, expression: string): string {
  const events = madeEvents({ ...traffic, first: n, count: 1 }, Object.keys(COLUMNS));
  return `SELECT any(toString(${expression})) AS value FROM (${events}) WHERE type = 'submitted'`;
}
