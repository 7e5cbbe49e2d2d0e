import { ALERT_RULES } from "../../../pipeline/alerts/alert-rules.ts";
import { type AlertRule, type Condition, type Expression, reachOf } from "../../../pipeline/alerts/expression.ts";
import { divided, HOUR, less, MINUTE, reading, times, when } from "../../../pipeline/alerts/rules/terms.ts";

/** A rule looks at so little of the past that its windows need no shortening, seconds. */
const SHORT = HOUR;

/** Full within 100,000 times the window instead of 12. */
const FULL_SOON = 100_000;
const freeClickhouse = (ago?: number) => reading("min", "clickhouse_disk_free_bytes", ["disk"], {}, ago);
const freeKafka = (ago?: number) => reading("min", "kafka_disk_free_bytes", ["broker", "dir"], {}, ago);

/** Thresholds that no test can reach, or not within minutes: the same figures, with a bound that holds sooner. */
export const MOVED_BOUNDS: Readonly<Record<string, { readonly when: readonly [Condition]; readonly said: string }>> = {
  ClickHouseDiskFilling: {
    when: [when(divided(freeClickhouse(), reading("max", "clickhouse_disk_size_bytes", ["disk"])), "<", 1)],
    said: "free below all of it instead of a tenth",
  },
  ClickHouseDiskFullSoon: {
    when: [when(times(less(freeClickhouse(HOUR), freeClickhouse()), FULL_SOON), ">", freeClickhouse())],
    said: "full within 100,000 times the window instead of 12",
  },
  KafkaDiskFilling: {
    when: [when(divided(freeKafka(), reading("max", "kafka_disk_size_bytes", ["broker", "dir"])), "<", 1)],
    said: "free below all of it instead of a tenth",
  },
  KafkaDiskFullSoon: {
    when: [when(times(less(freeKafka(HOUR), freeKafka()), FULL_SOON), ">", freeKafka())],
    said: "full within 100,000 times the window instead of 12",
  },
  DiskFilling: {
    when: [
      when(
        divided(
          reading("min", "filesystem_free_bytes", ["service", "instance", "purpose"]),
          reading("max", "filesystem_size_bytes", ["service", "instance", "purpose"]),
        ),
        "<",
        1,
      ),
    ],
    said: "free below all of it instead of a tenth",
  },
  AbnormalTrafficUnwatched: {
    when: [when(reading("max", "abnormal_behind_seconds", []), ">", 4 * MINUTE)],
    said: "more than 4 minutes behind instead of 15",
  },
};

/** Every rule with its `for` shortened by a factor; those that look back for an hour or more with all their windows, too. */
export function shortenedRules(factor: number): AlertRule[] {
  return ALERT_RULES.map((given) => {
    const rule = { ...given, when: MOVED_BOUNDS[given.name]?.when ?? given.when };
    const forSeconds = Math.ceil(rule.forSeconds / factor);
    if (reachOf(rule) < SHORT) return { ...rule, forSeconds };
    const short = (condition: Condition): Condition => ({
      ...condition,
      left: shortened(condition.left, factor),
      right: typeof condition.right === "number" ? condition.right : shortened(condition.right, factor),
    });
    const [first, ...others] = rule.when;
    return { ...rule, forSeconds, when: [short(first), ...others.map(short)] };
  });
}

function shortened(expression: Expression, factor: number): Expression {
  const ago = (seconds: number | undefined) =>
    seconds === undefined ? {} : { agoSeconds: Math.ceil(seconds / factor) };
  switch (expression.kind) {
    case "reading":
      return { ...expression, ...ago(expression.agoSeconds) };
    case "increase":
      return { ...expression, ...ago(expression.agoSeconds), overSeconds: Math.ceil(expression.overSeconds / factor) };
    case "absolute":
      return { ...expression, of: shortened(expression.of, factor) };
    case "arithmetic": {
      const { left, right } = expression;
      return {
        ...expression,
        left: shortened(left, factor),
        right: typeof right === "number" ? right : shortened(right, factor),
      };
    }
  }
}
