import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Question, questions } from "../clickhouse/questions.ts";
import { alignTables } from "./markdown-table.ts";
import { type SqlPicture, sqlPictures } from "./sql-pictures.ts";

/** Who asks what, in the order of the page. */
const GROUPS: readonly { readonly title: string; readonly about: string; readonly names: readonly string[] }[] = [
  {
    title: "Is it well?",
    about: "What an operator asks while messages flow. Most need no parameters: they look back from now.",
    names: [
      ...["delivery-rate", "provider-latency", "latency-by-lane", "provider-troubles", "failures-by-code"],
      ...["funnel-by-hour", "receipts-missing", "unfinished-messages", "abnormal-prefixes", "dead-letters"],
    ],
  },
  {
    title: "What became of it?",
    about: "One message, or one recipient.",
    names: ["find-message", "message-history", "number-history"],
  },
  {
    title: "What does it cost?",
    about:
      "What finance asks. `from` is in, `to` is out, both in UTC. An amount always stands beside its currency, and amounts in two currencies are two rows. Columns that begin with `stated_` have them in one currency, `stated_currency`, and may be added and compared.",
    names: [
      ...["cost-per-delivered", "cost-per-delivered-by-account", "route-comparison", "invoice-by-provider"],
      ...[
        "invoice-by-account",
        "reconcile-invoice",
        "waste-undelivered",
        "waste-repeats",
        "waste-ucs2",
        "saved-segments",
      ],
    ],
  },
  {
    title: "Did it do any good?",
    about: "What marketing asks, of messages with labels and of those whose outcome the application told.",
    names: ["campaign-results", "conversion-rate", "delivered-not-converted"],
  },
];

/** Every table and view that a question may read, with what it holds. */
const SOURCES: Readonly<Record<string, string>> = {
  events: "one row per event: three or more a message; kept for 90 days",
  messages_latest: "one row per message and destination, as of now; kept for 400 days",
  minutes: "sums by minute and provider, account, lane, country, network; kept for 25 months",
  provider_minutes: "sums by minute and provider; kept for 25 months",
  traffic_minutes: "sums by minute and provider, account, lane, country, network; kept for 25 months",
  traffic_between: "sums from one time to another by provider, account, lane, country, network; kept for 25 months",
  message_keys: "where the messages of an id, a reference, a number or an account stand; kept for 400 days",
  delivery_charges: "what is owed for each submission that is charged on delivery; kept for 400 days",
  conversions_latest: "what applications told of their messages; kept for 400 days",
  conversions_of_one: "of messages accepted in a stretch of time: what applications told of ids with one destination",
  stated_rates: "one row: what amounts in each currency come to in the stated one, on a day",
  dead_letters: "one row per record that was put aside, and two for each replay of one; kept for 30 days",
};

/** What `make bench-sql` saw, by question. */
interface Figures {
  /** As 2026-01-31. */
  readonly date: string;
  readonly messages: number;
  readonly events: number;
  /** What is to be said of them, such as what has changed since; a new run leaves it out. */
  readonly note?: string;
  readonly questions: Readonly<Record<string, QuestionFigures>>;
}

interface QuestionFigures {
  readonly rows: number;
  /** 95th percentile, from memory and from the disk. */
  readonly ms: number;
  readonly coldMs: number;
  /** The first of them as a share of a full scan of the table under it. */
  readonly ofScan: number;
}

const FIGURES = join(import.meta.dirname, "sql-figures.json");

/**
 * docs/sql.md: every question with its query, what it reads and how to read its answer.
 * @throws Error when a query stands in no group, or reads what SOURCES does not explain
 */
export function sqlPage(
  all: readonly Question[] = questions(),
  pictures: Readonly<Record<string, SqlPicture>> = sqlPictures(),
): string {
  const known = new Map(all.map((question) => [question.name, question]));
  const listed = GROUPS.flatMap(({ names }) => names);
  const unlisted = all.filter(({ name }) => !listed.includes(name)).map(({ name }) => name);
  if (unlisted.length > 0) throw new Error(`infra/docs/sql-page.ts: in no group: ${unlisted.join(", ")}`);
  const figures = existsSync(FIGURES) ? (JSON.parse(readFileSync(FIGURES, "utf8")) as Figures) : undefined;
  const sections = GROUPS.map(({ title, about, names }) => {
    const of = names.map((name) => {
      const question = known.get(name);
      if (question === undefined) throw new Error(`infra/docs/sql-page.ts: there is no queries/${name}.sql`);
      return section(question, figures, pictures[name]);
    });
    return `## ${title}\n\n${about}\n\n${of.join("\n")}`;
  });
  return `${intro(all.length, figures)}\n${sections.join("\n")}`;
}

function section(question: Question, figures: Figures | undefined, picture: SqlPicture | undefined): string {
  const { name, sql, parameters } = question;
  const seen = figures?.questions[name];
  const rows =
    seen &&
    `; ${seen.rows.toLocaleString("en")} rows, ${seen.ms} ms (${seen.coldMs} from the disk), ${Number((100 * seen.ofScan).toPrecision(2))} % of a full scan`;
  const given = parameters.map((parameter) => `\`${parameter.name}\` (${parameter.type})`).join(", ");
  return [
    `### ${name}`,
    `**${question.question}** ${question.reading}`,
    `Reads ${sourcesOf(question)
      .map((source) => `\`${source}\``)
      .join(", ")}${rows ?? ""}.${given && ` Parameters: ${given}.`}`,
    ...(name === "reconcile-invoice" ? [RECONCILE] : []),
    ...(picture === undefined ? [] : [`![${picture.title}](${picture.file})`]),
    `\`\`\`sql\n${sql}\n\`\`\`\n`,
  ].join("\n\n");
}

const RECONCILE = `\`\`\`sh
curl --netrc-file "$NETRC" "$URL/?database=sluice&param_provider=smsc-a&param_from=2026-11-01+00:00:00&param_to=2026-12-01+00:00:00&invoice_format=CSV&invoice_structure=id+String,amount+Decimal(18,6),currency+String" \\
  -F 'query=<infra/clickhouse/queries/reconcile-invoice.sql' -F 'invoice=@invoice.csv'
\`\`\``;

/** Tables and views that it names, but for what it defines itself. */
function sourcesOf({ name, sql }: Question): string[] {
  const own = [...sql.matchAll(/^\s+(\w+) AS\n\s+\(/gm)].map(([, table]) => table);
  const named = [...sql.matchAll(/\b(?:FROM|(?<!ARRAY )JOIN) (\w+)/g)].map(([, table = ""]) => table);
  const sources = [...new Set(named)].filter((table) => !own.includes(table) && table !== "invoice");
  const unknown = sources.filter((table) => SOURCES[table] === undefined);
  if (unknown.length > 0) throw new Error(`infra/docs/sql-page.ts: queries/${name}.sql reads ${unknown.join(", ")}`);
  return sources;
}

function intro(count: number, figures: Figures | undefined): string {
  const sources = Object.entries(SOURCES).map(([name, what]) => `| \`${name}\` | ${what} |`);
  const measured =
    figures === undefined
      ? ""
      : `\nThe rows and milliseconds at each question were read and taken (95th percentile) on ${figures.date} by \`make bench-sql\`, on two cores with
${figures.messages.toLocaleString("en")} messages = ${figures.events.toLocaleString("en")} events of 30 days, beside a full scan of the table under it; ranges were a day, the invoices' and
a number's a month, cost by account a week, campaigns' and waste's five days, repeats' two.${figures.note === undefined ? "" : `\n${figures.note}`}\n`;
  return alignTables(`<!-- Generated by infra/docs/generate.ts from infra/clickhouse/queries: change those, and run it again. -->

# Questions in SQL

${count} questions, each a file in [infra/clickhouse/queries](../infra/clickhouse/queries), run by a test against data with known answers. They
may be asked while messages flow. \`make status\` prints the address, and where the password of the user \`reader\` stands:

\`\`\`sh
URL=http://127.0.0.1:18123 NETRC=.sluice/secrets/clickhouse-reader.netrc
curl --netrc-file "$NETRC" "$URL/?database=sluice&default_format=PrettyCompact" --data-binary @infra/clickhouse/queries/delivery-rate.sql
curl --netrc-file "$NETRC" "$URL/?database=sluice&default_format=CSVWithNames&param_from=2026-11-01+00:00:00&param_to=2026-12-01+00:00:00" \\
  --data-binary @infra/clickhouse/queries/invoice-by-provider.sql
\`\`\`

\`reader\` may read these tables and change nothing. A query of its own ends after 60 s or at 1 GiB of memory, and 20 run at a time; it can set these lower, not
higher. On a ClickHouse server it may also ask 36,000 times an hour and for an hour of time altogether, so that people and dashboards leave inserts their share
(the engine that runs without Docker has this quota and does not count it).

On ClickHouse's own page, \`/play\`, parameters get fields of their own. With another server: \`clickhouse-client --param_from=…\`.

What a question costs is the rows that it reads, and that depends on where it looks and how far back:

| table or view | what it holds |
| --- | --- |
${sources.join("\n")}
${measured}
What is charged on delivery ([decision 17](decisions/0017-charged-on-delivery.md)) is in every amount, with what receipts have said so far.

The stated currency is the base of the catalog's exchange rates ([rates.yaml](catalog.md#ratesyaml)), which \`analytics-sink\` keeps by their day in
\`exchange_rates\`: of each version that is applied, and before the first one of the files. \`stated_rates(day = …)\` takes the rates of that day or the last before it; the questions ask
for the day of the last second before \`to\`, so that a month that is closed is stated by its own rates. Such amounts are reckoned in floating point, and are
NULL where a currency has no rate.
`);
}
