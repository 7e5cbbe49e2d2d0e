import { setTimeout as sleep } from "node:timers/promises";
import { readDelimiter } from "../../../domain/upload/csv-begin.ts";
import { errorMessage, SluiceError } from "../../../platform/errors/sluice-error.ts";
import { filePart, readPart } from "./file-part.ts";
import { post } from "./http-exchange.ts";
import type { ResultsFile } from "./results-file.ts";
import type { SendArguments } from "./send-arguments.ts";

export type UploadArguments = Extract<SendArguments, { readonly what: "file" }>;

export interface UploadTerms {
  readonly url: string;
  readonly key: string;
  /** Told of each try that did not come to the end. */
  readonly tell: (line: string) => void;
  /** Told of octets that were read from the file to be sent, and of each answer. */
  readonly progress: (sent: number, octets: number) => void;
  /** Default: pauses that grow to half a minute, ms. */
  readonly pauseMs?: (tries: number) => number;
}

/** What a problem says, as far as it is read. */
interface Problem {
  readonly status?: number;
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** How a try ended: with the file, with what may be tried again, or with what may not. */
type Tried =
  | { readonly end: "complete" }
  | { readonly end: "again"; readonly why: string; readonly afterMs: number | undefined }
  | { readonly end: "refused"; readonly why: string };

const LONGEST_PAUSE_MS = 30_000;
const MEDIA_TYPES = { csv: "text/csv", ndjson: "application/x-ndjson" } as const;

/**
 * Uploads a file from where its results end, again and again until all is answered.
 * @returns `broken`: there was no progress in as many tries as are allowed @throws SluiceError where the server refuses the file as a whole
 */
export async function uploadFile(
  given: UploadArguments,
  results: ResultsFile,
  terms: UploadTerms,
): Promise<"complete" | "broken"> {
  const pauseMs = terms.pauseMs ?? ((tries) => Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tries));
  for (let tries = 1; ; tries++) {
    const before = results.lastLine;
    const tried = await tryOnce(given, results, terms);
    if (tried.end === "complete") return "complete";
    if (tried.end === "refused") throw new SluiceError(tried.why, { code: "UPLOAD_REFUSED" });
    if (results.lastLine > before) tries = 1;
    if (tries >= given.tries) {
      terms.tell(tried.why);
      return "broken";
    }
    const pause = tried.afterMs ?? pauseMs(tries);
    terms.tell(`${tried.why}; going on in ${Math.ceil(pause / 1_000)} s`);
    await sleep(pause);
  }
}

async function tryOnce(given: UploadArguments, results: ResultsFile, terms: UploadTerms): Promise<Tried> {
  // From the last line that was answered: it may reach over several lines of the file, and is not sent twice.
  const { lastLine } = results;
  const delimiter = readDelimiter(given.query.get("delimiter") ?? "");
  const part = await filePart(given.file, given.format, lastLine === 0 ? undefined : lastLine, delimiter);
  const query = new URLSearchParams(given.query);
  if (part.from !== undefined) query.set("from", String(part.from));
  const { octets } = results.upload;
  let sent = octets - part.octets;
  const body = async function* () {
    for await (const chunk of readPart(given.file, part)) {
      yield chunk;
      sent += chunk.length;
      terms.progress(sent, octets);
    }
  };
  let last: { readonly summary?: { readonly complete: boolean }; readonly problem?: Problem } = {};
  try {
    const answer = await post({
      url: `${terms.url}/v1/messages/upload?${query}`,
      headers: {
        authorization: `Bearer ${terms.key}`,
        "content-type": MEDIA_TYPES[given.format],
        "content-length": part.octets,
        "idempotency-key": results.upload.id,
      },
      body: body(),
      onLines: (lines) => {
        last = JSON.parse(lines.at(-1)!) as typeof last;
        results.add(lines);
        terms.progress(sent, octets);
      },
    });
    if (answer.status !== 200) return ofProblem(problemOf(answer.text, answer.status), answer.retryAfter);
  } catch (error) {
    return { end: "again", why: `no connection to ${terms.url}: ${errorMessage(error)}`, afterMs: undefined };
  }
  if (last.summary?.complete === true) return { end: "complete" };
  if (last.problem !== undefined) return ofProblem(last.problem, undefined);
  return { end: "again", why: "the answer was cut off", afterMs: undefined };
}

/** What only the connection or the moment is at fault for is tried again. */
function ofProblem(problem: Problem, retryAfter: number | undefined): Tried {
  const { status = 0, code = "", title = "", detail, errors = [] } = problem;
  const why = [
    `${status} ${code}`,
    detail ?? title,
    ...errors.map(({ field, message }) => `${field}: ${message}`),
  ].join("; ");
  if (status < 500 && ![408, 409, 429].includes(status) && code !== "BODY_INCOMPLETE") return { end: "refused", why };
  return { end: "again", why, afterMs: retryAfter === undefined ? undefined : retryAfter * 1_000 };
}

/** @param status of an answer whose body may be no problem, such as a proxy's */
export function problemOf(text: string, status: number): Problem {
  try {
    return { status, ...(JSON.parse(text) as Problem) };
  } catch {
    return { status, title: "the answer is none of Sluice" };
  }
}
