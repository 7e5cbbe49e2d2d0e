import { randomUUID } from "node:crypto";
import { accessSync, constants, statSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readConfig } from "../../../platform/config/load-config.ts";
import { errorMessage, SluiceError } from "../../../platform/errors/sluice-error.ts";
import { type Command, type CommandHost, UsageError } from "../command.ts";
import { post } from "./http-exchange.ts";
import { progressOf } from "./progress.ts";
import { ResultsFile } from "./results-file.ts";
import { readSendArguments, type SendArguments } from "./send-arguments.ts";
import { sendSettings } from "./send-settings.ts";
import { problemOf, type UploadArguments, uploadFile } from "./upload-file.ts";

/** Some lines, or the message, were refused. */
const EXIT_REFUSED = 1;
/** The server cannot be reached, or has broken off: part of it may be accepted, and to go on doubles nothing. */
const EXIT_BROKEN = 3;
const LONGEST_PAUSE_MS = 30_000;

const HELP = `usage: sluice send --to <number> --text <text> [options]
       sluice send <file> [--map <field>=<column>]... [--set <field>=<value>]... [options]
Sends one message, or a file of them: CSV with a header, or JSON of one message a line (docs/api.md, Uploads).
  sluice send --to +491713920012 --text "Your parcel is here" --lane transactional
  sluice send contacts.csv --map to="Mobile Phone Number" --set text="Hi {{First Name|there}}" --set lane=marketing
  sluice send contacts.csv --map to="Mobile Phone Number" --set text="Hi {{First Name|there}}" --set lane=marketing --resume
A message
  --from, --lane, --validity <seconds>, --reference, --send-at <time>, --transliterate, --metadata <name>=<value>...   its other fields
A file
  --map <field>=<column>  the column of a field of the message; one that is named as the field needs none
  --set <field>=<value>   what the field is in each line; {{column}} stands for the line's cell, {{column|text}} has a text for empty ones
  --country <letters>     numbers without a plus are read as dialled there, e.g. US
  --delimiter <name>      comma, semicolon or tab; default: found by the header
  --format csv|ndjson     default: by the file's ending (.csv, .tsv, .txt; .ndjson, .jsonl)
  --results <file>        what came of each line (NDJSON); default: <file>.results.ndjson. It must not be there yet
  --resume                go on behind what the results have, with the other arguments as they were; nothing is sent twice
  --json                  the end as JSON
Both
  --key <key>             Idempotency-Key; default: one is made, and kept in the results
  --tries <n>             give up after so many tries without progress; default 10
The account's API key is read from SLUICE_API_KEY, or from the file that SLUICE_API_KEY_FILE names; the address of ingest from SLUICE_API_URL.
Exit code 0 when all is accepted; 1 when lines, or the message, were refused: the results say which and why; 2 when it cannot be done as it is: no
such file, a wrong key, columns that are not clear; 3 when the server cannot be reached or has broken off: part of it may be accepted, and --resume (or the
same --key) goes on; 64 for arguments that it does not understand.`;

/** `sluice send`. */
export const sendCommand: Command = {
  summary: "one message, or a file of them: CSV or NDJSON, with progress, results and resume",
  help: HELP,
  async run(args, host) {
    const asked = readSendArguments(args);
    const { apiUrl: url, apiKey } = readConfig("sluice", sendSettings, host.env, ["SLUICE_*"]);
    if (apiKey === undefined)
      throw new UsageError("the API key is missing: SLUICE_API_KEY, or SLUICE_API_KEY_FILE with the name of a file");
    const server = { url, key: apiKey.reveal() };
    return asked.what === "message" ? sendOne(asked, server, host) : sendFile(asked, server, host);
  },
};

interface Server {
  readonly url: string;
  readonly key: string;
}

async function sendOne(
  { message, key = randomUUID(), tries }: Extract<SendArguments, { readonly what: "message" }>,
  server: Server,
  { print, tell }: CommandHost,
): Promise<number> {
  const headers = { authorization: `Bearer ${server.key}`, "content-type": "application/json", "idempotency-key": key };
  const body = Buffer.from(JSON.stringify(message));
  for (let tried = 1; ; tried++) {
    let why: string;
    let pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tried);
    try {
      const { status, text, retryAfter } = await post({ url: `${server.url}/v1/messages`, headers, body });
      if (status === 202) {
        print(text);
        return 0;
      }
      const { code = "", title = "", detail, errors = [] } = problemOf(text, status);
      why = [`${status} ${code}`, detail ?? title, ...errors.map((one) => `${one.field}: ${one.message}`)].join("; ");
      // 409: an earlier try under this key may be at work still.
      if (status < 500 && ![408, 409, 429].includes(status)) {
        tell(why);
        return status === 400 || status === 422 ? EXIT_REFUSED : 2;
      }
      if (retryAfter !== undefined) pause = retryAfter * 1_000;
    } catch (error) {
      why = `no connection to ${server.url}: ${errorMessage(error)}`;
    }
    if (tried >= tries) {
      tell(`${why}. It may have been accepted: the same with --key ${key} does not send it twice`);
      return EXIT_BROKEN;
    }
    await sleep(pause);
  }
}

async function sendFile(asked: UploadArguments, server: Server, host: CommandHost): Promise<number> {
  const results = await resultsOf(asked);
  try {
    if (!results.isComplete) {
      const progress = progressOf(host, results);
      const ended = await uploadFile(asked, results, { ...server, tell: progress.tell, progress: progress.show });
      progress.end();
      if (ended === "broken") {
        host.tell(
          `not all of it was sent: ${counted(results)}. The same command with --resume goes on; nothing is sent twice`,
        );
        return EXIT_BROKEN;
      }
    }
    for (const { line, errors } of results.refused)
      host.tell(
        `line ${line}: ${errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ")}`,
      );
    if (results.rejected > results.refused.length)
      host.tell(`and ${results.rejected - results.refused.length} lines more`);
    const { accepted, rejected, upload } = results;
    host.print(
      asked.json
        ? JSON.stringify({ id: upload.id, accepted, rejected, results: asked.results })
        : `${counted(results)}; ${asked.results}`,
    );
    return rejected > 0 ? EXIT_REFUSED : 0;
  } finally {
    results.close();
  }
}

/** @throws SluiceError where the file, or its results, are not as they must be */
async function resultsOf({ file, results: path, resume, key }: UploadArguments): Promise<ResultsFile> {
  let octets: number;
  try {
    accessSync(file, constants.R_OK);
    octets = statSync(file).size;
  } catch (cause) {
    throw new SluiceError(`${file} cannot be read`, { code: "FILE_UNREADABLE", cause });
  }
  if (!resume) return ResultsFile.create(path, { id: key ?? randomUUID(), file: basename(file), octets });
  const results = await ResultsFile.open(path);
  const { upload } = results;
  const isOther =
    upload.octets !== octets
      ? "another file, or it has been changed"
      : key !== undefined && key !== upload.id
        ? "of another --key"
        : undefined;
  if (isOther === undefined) return results;
  results.close();
  throw new SluiceError(`${path} is of ${isOther}`, { code: "RESULTS_OF_OTHER" });
}

function counted({ accepted, rejected }: ResultsFile): string {
  return `${accepted.toLocaleString("en")} accepted, ${rejected.toLocaleString("en")} refused`;
}
