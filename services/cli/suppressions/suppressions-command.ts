import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { ALL_ACCOUNTS } from "../../../domain/consent/consent-word.ts";
import { type ListedWord, readSuppressionList } from "../../../domain/consent/suppression-list.ts";
import { destinationForms } from "../../../domain/numbers/destination.ts";
import { decodeText } from "../../../domain/prices/decode-text.ts";
import { consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import { type ConsentLog, lastWords, standingOf } from "../../../pipeline/follow/last-words.ts";
import { connectCodecs, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import { readConfig } from "../../../platform/config/load-config.ts";
import type { KafkaConnection } from "../../../platform/kafka/connection.ts";
import { kafkaConnection } from "../../../platform/kafka/connection-settings.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { kafkaSettings } from "../../../platform/kafka/settings.ts";
import { TopicReader } from "../../../platform/kafka/topic-reader.ts";
import { CONSENT_TOPIC } from "../../../schemas/topics.ts";
import { type Command, type CommandHost, UsageError } from "../command.ts";
import { StopSignals } from "../dead-letters/stop-signals.ts";
import { kafkaAnswers } from "../kafka-answers.ts";
import { readSuppressionArguments, type SuppressionArguments } from "./arguments.ts";
import { besideRecipients, lastWordsOf } from "./beside-recipients.ts";

const HELP = `usage: sluice suppressions import <file.csv> [--account <id> | --all-accounts] [options]
       sluice suppressions export [--account <id>] [--everything]
       sluice suppressions show <number> [--json]
Who has said stop: nothing goes to them (docs/consent.md).
  sluice suppressions import optouts.csv --account acme --dry-run    what would be written, and what is wrong
  sluice suppressions show +491713920012
import  a CSV in UTF-8 (or UTF-16 with its byte order mark) of any delimiter, 256 MiB at the most. Its columns are found by their names: number
        (or phone, msisdn, mobile, …), numbers with their country code; and, if there, account, state or status (opted_out, opted_in), and at or
        unsubscribed_at (2026-01-31, or a time; UTC without a zone). Instead of a state there may be a yes or no: under unsubscribed, opted_out or
        suppressed yes stops messages, under consent or subscribed (active as well) it lets them through. Two columns that say the same are
        refused, and so is an empty cell under any of these. Only an empty state or status beside a date under unsubscribed_at is an opt-out.
        created_at is no date of an opt-out. A file of numbers alone needs no header. Where a line is wrong it is
        told with its number, and nothing is written. It can be run again: the latest word holds, and the same word changes nothing.
  --account <id>     whose suppressions they are, where the file does not say
  --all-accounts     nobody writes to them any more
  --opted-in         a file without a state lifts suppressions
  --lift-recipients  opt-ins lift also what recipients have said themselves; without it they are left out, and counted
  --at <time>        when lines without a time were said; default: when the file was changed last
  --valid-only       write what can be read, and leave out the rest
  --dry-run          read the file, say what it says, and write nothing
export  as CSV, to standard output, in the form that import reads: who is suppressed
  --account <id>     of this account alone, without what holds for all
  --everything       each last word, also of those who have said start again
show    what stands of one number, for each account: who said it, when, and what holds
  --json             the same for programs
Kafka and the registry are those of SLUICE_KAFKA_BROKERS and SLUICE_REGISTRY_URL.
Exit code 1 when import refuses the file, 2 when Kafka or the registry cannot be asked, 64 for arguments that it does not understand,
130 after Ctrl-C.`;

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const settings = z.object({ ...kafkaSettings });
const MOST_UNREAD = 20;
const MOST_OCTETS = 256 * 1024 * 1024;
/** Records handed to the producer at a time. */
const AT_ONCE = 2_000;
const TOLD_EVERY_MS = 2_000;
const EXIT_STOPPED = 130;
type Asked<A extends SuppressionArguments["action"]> = Extract<SuppressionArguments, { action: A }>;

/** `sluice suppressions`. */
export const suppressionsCommand: Command = {
  summary: "who has said stop: import, export, show",
  help: HELP,
  async run(args, host) {
    const asked = readSuppressionArguments(args);
    const list = asked.action === "import" ? readFile(asked, host) : undefined;
    if (list === "refused") return 1;
    if (asked.action === "import" && asked.dryRun) {
      host.tell(summaryOf(list ?? []));
      return 0;
    }
    const config = readConfig("sluice", settings, host.env, ["SLUICE_*"]);
    const connection = kafkaConnection(config, `sluice-suppressions-${process.pid}`, quiet);
    const codecs = await connectCodecs(config);
    const reader = new TopicReader({ connection, topics: [CONSENT_TOPIC] });
    await kafkaAnswers(reader.start(), config.kafkaBrokers);
    try {
      const log = { reader, codecs, partitions: config.partitions };
      if (asked.action === "import") {
        const words = list ?? [];
        const beside = besideRecipients(words, await lastWordsOf(log, words), asked.liftRecipients);
        const { kept, optOuts, optIns, starts } = beside;
        if (optOuts > 0)
          host.tell(`${optOuts} opt-outs are left out: the recipients have said stop themselves, which stands`);
        if (optIns > 0)
          host.tell(
            `${optIns} opt-ins are left out: the recipients have said stop themselves; --lift-recipients lifts that`,
          );
        if (starts > 0)
          host.tell(`${starts} opt-ins are left out: the recipients have said start themselves, which stands`);
        return await write(kept, asked, { codecs, connection, partitions: config.partitions }, host);
      }
      return asked.action === "export" ? await printAll(asked, log, host) : await show(asked, log, host);
    } finally {
      await reader.stop();
    }
  },
};

/** The words of the file; its faults are told. @throws UsageError where it cannot be read at all */
function readFile(
  { file, account, state, at, validOnly }: Asked<"import">,
  { tell }: CommandHost,
): ListedWord[] | "refused" {
  const { octets, changedAt } = read(file);
  const decoded = decodeText(octets);
  if (!decoded.ok) {
    tell(`${file}: ${decoded.message}`);
    return "refused";
  }
  const list = readSuppressionList(decoded.value, { at: at ?? changedAt, now: Date.now(), state });
  const problems = [...list.problems];
  const whose = account ?? list.words.find((word) => word.account === undefined);
  if (typeof whose === "object")
    problems.push({
      line: whose.line,
      message: "account: the line does not say whose it is; --account <id> or --all-accounts",
    });
  for (const { line, message } of problems)
    tell(line === 0 ? `${file}: ${message}` : `${file}, line ${line}: ${message}`);
  if (list.moreProblems > 0) tell(`and ${list.moreProblems} lines more`);
  const wrong = problems.length + list.moreProblems;
  tell(`${list.words.length} lines can be read, ${wrong} cannot`);
  if (list.unread.length > 0) tell(`not read: ${unreadText(list.unread)}`);
  if (typeof whose === "object" || (wrong > 0 && !validOnly) || list.words.length === 0) {
    tell("nothing was written");
    return "refused";
  }
  return list.words.map((word) => ({ ...word, account: word.account ?? account }));
}

function unreadText(unread: readonly string[]): string {
  const [named, more] = [unread.slice(0, MOST_UNREAD), unread.length - MOST_UNREAD];
  return `${named.map((name) => JSON.stringify(name)).join(", ")}${more > 0 ? ` and ${more} columns more` : ""}`;
}

/** How many of each there are, and of when. At least one word. */
function summaryOf(words: readonly ListedWord[]): string {
  let [out, oldest, newest] = [0, Number.POSITIVE_INFINITY, 0];
  for (const { state, at } of words) {
    if (state === "opted_out") out++;
    oldest = Math.min(oldest, at);
    newest = Math.max(newest, at);
  }
  const [first, last] = [new Date(oldest).toISOString(), new Date(newest).toISOString()];
  return `${out} opted out, ${words.length - out} opted in, oldest ${first}, newest ${last}`;
}

function read(file: string): { octets: Buffer; changedAt: number } {
  try {
    const { size, mtimeMs } = statSync(file);
    if (size > MOST_OCTETS)
      throw new UsageError(`${file} has ${size} octets; at most ${MOST_OCTETS} are read at a time: split it`);
    return { octets: readFileSync(file), changedAt: Math.floor(mtimeMs) };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

interface Kafka {
  readonly codecs: SluiceCodecs;
  readonly connection: KafkaConnection;
  readonly partitions: number;
}

async function write(
  words: readonly ListedWord[],
  { file }: Asked<"import">,
  { codecs, connection, partitions }: Kafka,
  { tell, print }: CommandHost,
): Promise<number> {
  const producer = new RecordProducer({ connection });
  const signals = new StopSignals(() => tell("stopping behind the lines at hand; once more stops at once"));
  let written = 0;
  let toldAt = performance.now();
  try {
    await kafkaAnswers(producer.connect(), connection.brokers);
    for (; written < words.length && !signals.stopped; ) {
      const some = words.slice(written, written + AT_ONCE);
      const records = recordsOf(some, basename(file).slice(0, 100), codecs.consent, partitions);
      await producer.send(records);
      written += some.length;
      if (performance.now() - toldAt > TOLD_EVERY_MS) {
        tell(`${written} of ${words.length}`);
        toldAt = performance.now();
      }
    }
    if (written > 0) tell(summaryOf(words.slice(0, written)));
    print(
      `${written} of ${words.length} lines are written${written < words.length ? "; run it again for the rest" : ""}`,
    );
    return written < words.length ? EXIT_STOPPED : 0;
  } finally {
    signals.close();
    await producer.close();
  }
}

/** A record for each spelling of a number; `detail`: the file's name. */
export function recordsOf(
  words: readonly ListedWord[],
  detail: string,
  codec: SluiceCodecs["consent"],
  partitions: number,
) {
  return words.flatMap(({ account = ALL_ACCOUNTS, destination, state, at, source }) =>
    destinationForms(destination).map((form) =>
      consentRecord(codec, partitions, { accountId: account, destination: form, state, at, source, detail }),
    ),
  );
}

async function printAll(
  { account, everything }: Asked<"export">,
  log: ConsentLog,
  { print }: CommandHost,
): Promise<number> {
  print("account,number,state,source,at");
  for (let partition = 0; partition < log.partitions; partition++)
    for (const { accountId, destination, word } of await lastWords(log, partition))
      if ((account === undefined || account === accountId) && (everything || word.state === "opted_out"))
        print([accountId, `+${destination}`, word.state, word.source, new Date(word.at).toISOString()].join(","));
  return 0;
}

async function show({ number, json }: Asked<"show">, log: ConsentLog, { print }: CommandHost): Promise<number> {
  const lines = (await standingOf(log, number)).map(({ accountId, word, detail, suppressed }) => ({
    account: accountId,
    state: word.state,
    source: word.source,
    at: new Date(word.at).toISOString(),
    detail,
    suppressed,
  }));
  if (json) print(JSON.stringify({ number: `+${number}`, words: lines }));
  else if (lines.length === 0) print(`+${number}: nobody has said anything`);
  else
    for (const { account, state, source, at, detail, suppressed } of lines)
      print(
        `${account === ALL_ACCOUNTS ? "all accounts" : account}: ${state} on ${at} (${source}${detail === null ? "" : `, ${detail}`}); ${suppressed ? "nothing goes to them" : "messages go"}`,
      );
  return 0;
}
