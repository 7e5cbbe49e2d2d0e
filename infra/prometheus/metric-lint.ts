/**
 * The rules of `promtool check metrics`, and two more (no series twice, no kind that is not said), on the text of a metrics page: so that
 * they hold where promtool is not installed. https://prometheus.io/docs/practices/naming/
 */

/** Units that have a base unit, in names. */
const OTHER_UNITS =
  /(^|_)(ms|millis|milliseconds?|microseconds?|nanoseconds?|secs?|minutes?|hours?|days?|kb|mb|gb|kilobytes?|megabytes?|bits?|percent|grams|celsius_degrees)(_total)?$/;
const KINDS = /(^|_)(gauge|counter|histogram|summary)(_|$)/;

interface Declared {
  readonly help: boolean;
  readonly kind: string | undefined;
}

/** What is wrong with a metrics page, one line each; nothing when it is as it should be. */
export function metricProblems(text: string): string[] {
  const problems: string[] = [];
  const declared = new Map<string, Declared>();
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) (\S+)(?: (.*))?$/.exec(line);
    if (comment !== null) declare(declared, comment[1] === "TYPE", comment[2]!, comment[3] ?? "", problems);
    else if (!line.startsWith("#")) sample(line, declared, seen, problems);
  }
  for (const [name, { help, kind }] of declared) problems.push(...named(name, help, kind));
  return problems;
}

function declare(
  declared: Map<string, Declared>,
  isType: boolean,
  name: string,
  text: string,
  problems: string[],
): void {
  const known = declared.get(name);
  if (isType && known?.kind !== undefined) problems.push(`${name}: declared twice`);
  if (isType) declared.set(name, { help: known?.help ?? false, kind: text });
  else declared.set(name, { help: text.trim() !== "", kind: known?.kind });
}

function sample(line: string, declared: Map<string, Declared>, seen: Set<string>, problems: string[]): void {
  const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)( \d+)?$/.exec(line);
  if (parts === null) {
    problems.push(`not a sample: ${line}`);
    return;
  }
  const [, name = "", labels = ""] = parts;
  const series = `${name}${labels}`;
  if (seen.has(series)) problems.push(`${series}: twice`);
  seen.add(series);
  const base = name.replace(/_(bucket|count|sum)$/, "");
  const family = declared.get(name) ?? declared.get(base);
  if (family === undefined) problems.push(`${name}: no TYPE`);
  const isHistogram = declared.get(base)?.kind === "histogram";
  if (/[{,]le="/.test(labels) && !(isHistogram && name.endsWith("_bucket")))
    problems.push(`${name}: the label le is for histograms`);
  if (/[{,]quantile="/.test(labels)) problems.push(`${name}: the label quantile is for summaries`);
}

function named(name: string, help: boolean, kind: string | undefined): string[] {
  const problems: string[] = [];
  if (!help) problems.push(`${name}: no help text`);
  if (kind === undefined) problems.push(`${name}: no TYPE`);
  if ((kind === "counter") !== name.endsWith("_total"))
    problems.push(`${name}: counters, and only they, end in _total`);
  if (/_(count|sum|bucket)$/.test(name)) problems.push(`${name}: its ending belongs to histograms`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) problems.push(`${name}: not snake_case`);
  if (OTHER_UNITS.test(name)) problems.push(`${name}: not in base units`);
  if (KINDS.test(name)) problems.push(`${name}: names its kind`);
  return problems;
}

/** The names of the series on a metrics page, as queries use them; of families without a series as well. */
export function metricNames(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, name = "", kind] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (kind === "histogram") for (const end of ["bucket", "count", "sum"]) names.add(`${name}_${end}`);
    else names.add(name);
  }
  return names;
}
