import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareLists } from "../../domain/prices/compare-lists.ts";
import { isCurrency } from "../../domain/prices/currencies.ts";
import { decodeText } from "../../domain/prices/decode-text.ts";
import { type Field, fields } from "../../domain/prices/header-words.ts";
import { beginsAsNormalForm } from "../../domain/prices/normal-form.ts";
import { type ListSettings, type ReadList, readList } from "../../domain/prices/read-list.ts";
import { divisors } from "../../domain/prices/units.ts";
import { isZone } from "../../domain/prices/zone.ts";
import { understood } from "./arguments.ts";
import { type Command, UsageError } from "./command.ts";
import { differenceTable, listFacts, listTable, problemLines } from "./prices-report.ts";

const HELP = `usage: sluice prices <file> [options]
Checks a provider's price list (CSV) and tells what was understood of it: columns, lines, networks, countries, currency, dates, and what
is probably not meant. With --against, what changed. Exit code 1 when a list has errors or the two cannot be compared, 64 for arguments
that it does not understand. docs/price-lists.md says what can be read.
  --against <file>       the list before: what rose, fell, is new, is missing, or holds from another day. The options below are of both
                         lists, but not of one that sluice catalog export wrote
  --zone <zone>          IANA zone, such as Europe/Berlin: tells at which moment each date begins
  --currency <code>      ISO 4217, where the list does not name it
  --provider <name>      whose rows to read, where a list has those of several providers
  --column <field=text>  the header of a column whose words are not understood; may be given several times. Fields: ${fields.join(", ")}
  --decimal <sign>       comma or point, where the numbers do not say it
  --dates <order>        day-first or month-first, where the dates do not say it
  --divisor <number>     1, 100 (prices in cents) or 1000 (of 1,000 messages), where the list says something of a unit
  --all                  every price that changed, not only the first ones
  --json                 the report as JSON`;

/** `sluice prices`. */
export const pricesCommand: Command = {
  summary: "checks a provider's price list, and tells what changed from another one",
  help: HELP,
  async run(args, { print, tell }) {
    const options = readPricesArguments(args);
    const list = readPriceFile(options.file, options.settings);
    const before = options.against === undefined ? undefined : readPriceFile(options.against, options.settings);
    const difference = list.ok && before?.ok ? compareLists(before.value, list.value) : undefined;
    const faults = [
      ...(list.ok ? [] : problemLines(options.file, list.problems)),
      ...(before === undefined || before.ok ? [] : problemLines(options.against ?? "", before.problems)),
      ...(difference?.ok === false ? [difference.message] : []),
    ];
    const facts = list.ok ? listFacts(list.value, options.zone) : undefined;
    const compared = difference?.ok ? difference.value : undefined;
    if (options.json) print(JSON.stringify({ file: options.file, errors: faults, ...facts, difference: compared }));
    else {
      for (const fault of faults) tell(fault);
      if (facts !== undefined) print(listTable(options.file, facts));
      if (compared !== undefined) print(differenceTable(options.against ?? "", compared, options.all));
    }
    return faults.length === 0 ? 0 : 1;
  },
};

/** A file that cannot be read has the problem of a list that cannot. */
function readPriceFile(path: string, settings: ListSettings): ReadList {
  const refused = (message: string): ReadList => ({
    ok: false,
    problems: [{ line: undefined, column: undefined, message }],
  });
  let octets: Uint8Array;
  try {
    octets = readFileSync(path);
  } catch (error) {
    return refused(`cannot be read: ${(error as Error).message}`);
  }
  const text = decodeText(octets);
  if (!text.ok) return refused(text.message);
  // What is stated is of the provider's file; a published one says all of it itself.
  const stated = beginsAsNormalForm(text.value) ? { currency: settings.currency } : settings;
  return readList(text.value, stated);
}

/** Reads the arguments of `prices`. @throws UsageError naming the argument. */
export function readPricesArguments(args: readonly string[]) {
  const { values, positionals } = parse(args);
  const [file, more] = positionals;
  if (file === undefined || more !== undefined) throw new UsageError("one price list is needed");
  const { zone, currency, provider, against } = values;
  if (zone !== undefined && !isZone(zone))
    throw new UsageError(`--zone ${zone}: a zone such as Europe/Berlin is needed`);
  if (currency !== undefined && !isCurrency(currency))
    throw new UsageError(`--currency ${currency}: an ISO 4217 code such as EUR is needed`);
  const columns = Object.fromEntries((values.column ?? []).map(readColumn));
  const decimal = oneOf("--decimal", values.decimal, ["comma", "point"]);
  const dates = oneOf("--dates", values.dates, ["day-first", "month-first"]);
  const stated = oneOf("--divisor", values.divisor, divisors.map(String));
  const divisor = divisors.find((one) => String(one) === stated);
  const settings: ListSettings = { currency, provider, columns, decimal, dates, divisor };
  return { file, against, zone, settings, all: values.all ?? false, json: values.json ?? false };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  return understood(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        against: text,
        zone: text,
        currency: text,
        provider: text,
        column: { type: "string", multiple: true },
        decimal: text,
        dates: text,
        divisor: text,
        all: { type: "boolean" },
        json: { type: "boolean" },
      },
    }),
  );
}

function readColumn(text: string): [Field, string] {
  const cut = text.indexOf("=");
  const field = fields.find((name) => name === text.slice(0, cut));
  if (field === undefined || cut + 1 === text.length)
    throw new UsageError(`--column ${text}: field=header is needed, with a field of ${fields.join(", ")}`);
  return [field, text.slice(cut + 1)];
}

function oneOf<Value extends string>(name: string, text: string | undefined, values: readonly Value[]) {
  if (text === undefined) return undefined;
  const value = values.find((one) => one === text);
  if (value === undefined) throw new UsageError(`${name} ${text}: ${values.join(" or ")} is needed`);
  return value;
}
