import type { Request, Response } from "express";
import { newMessageId } from "../../../../../domain/message/message-id.ts";
import { allowLongBody } from "../../../../../platform/http/http-server.ts";
import { ProblemError, problem } from "../../../../../platform/http/problem.ts";
import type { Account } from "../../../access/api-keys.ts";
import {
  type LineResult,
  UploadBrokenError,
  type UploadLine,
  type UploadSession,
} from "../../../uploads/upload-session.ts";
import type { BeginOutcome } from "../../../uploads/uploads.ts";
import { requireAdmitted } from "../acceptance-problems.ts";
import { busy } from "../json-body.ts";
import { invalidQuery } from "../query-parameters.ts";
import { idempotencyKeyOf } from "../request-headers.ts";
import type { RestContext } from "../rest-context.ts";
import { AnswerStream, AnswersUnreadError } from "./answer-stream.ts";
import { CsvLines } from "./csv-lines.ts";
import type { LineReader } from "./line-reader.ts";
import { NdjsonLines } from "./ndjson-lines.ts";
import { UploadBody } from "./upload-body.ts";
import { readUploadQuery, type UploadQuery } from "./upload-query.ts";

/** Blocks whose answers are waited for; with so many at work nothing more is read. */
const MOST_BLOCKS = 4;
/** A connection whose body was not read to its end is closed so long after its last answer, ms: the client gets to read that. */
const LINGER_MS = 2_000;

/**
 * `POST /v1/messages/upload`: a file of messages, line by line, answered line by line while it comes. What is wrong with the file or the request as a whole is a
 * problem as elsewhere; what goes wrong after the answer has begun is its last line.
 * @throws ProblemError 400, 409, 413, 415, 429 or 503
 */
export async function postUpload(
  context: RestContext,
  account: Account,
  request: Request,
  response: Response,
): Promise<void> {
  requireAdmitted(context.acceptor.admit(account, 0));
  const query = readUploadQuery(request.query);
  const uploadId = idempotencyKeyOf(request) ?? newMessageId();
  const { idleMs } = context.uploads;
  let session: UploadSession | undefined;
  const body = new UploadBody(request, readerOf(request.headers["content-type"], query), {
    idleMs,
    blockLines: () => session?.blockLines ?? 1,
    stopping: () => session?.stopping,
  });
  const endBound = allowLongBody(request);
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
    session?.stop();
  });
  try {
    const blocks = body.blocks();
    // What the file is, before anything is begun.
    const { value: first = [] } = await blocks.next();
    const begun = await context.uploads.begin(account, uploadId, query.country, gone.signal);
    if (begun.outcome !== "begun") throw notBegun(begun);
    ({ session } = begun.upload);
    const run = new UploadRun(context, session, new AnswerStream(response, idleMs), query.answers);
    run.answers.begin({ "upload-id": uploadId });
    const fault = await run.take({ id: uploadId, ...body.about }, first, blocks);
    // Whoever takes the upload up again after the last answer need not wait.
    await begun.upload.end();
    await run.finish(fault ?? (body.end === "stopped" ? new UploadBrokenError("stopped") : undefined));
  } finally {
    if (request.complete) endBound();
    else
      setTimeout(() => {
        endBound();
        // What has become whole meanwhile may be in use by the next request.
        if (!request.complete) request.socket.destroy();
      }, LINGER_MS).unref();
  }
}

/** An upload whose answer has begun. */
class UploadRun {
  readonly answers: AnswerStream;
  readonly #context: Pick<RestContext, "uploads" | "log">;
  readonly #session: UploadSession;
  readonly #wanted: UploadQuery["answers"];
  readonly #counts = { lines: 0, accepted: 0, repeated: 0, rejected: 0 };
  #lastLine = 0;

  constructor(
    context: Pick<RestContext, "uploads" | "log">,
    session: UploadSession,
    answers: AnswerStream,
    wanted: UploadQuery["answers"],
  ) {
    this.#context = context;
    this.#session = session;
    this.answers = answers;
    this.#wanted = wanted;
  }

  /** Has all blocks accepted, and answers them in their order. When it resolves nothing is under way any more. @returns what went wrong */
  async take(
    upload: object,
    first: readonly UploadLine[],
    blocks: AsyncIterable<readonly UploadLine[]>,
  ): Promise<unknown> {
    const accepting = new Set<Promise<unknown>>();
    const answering: Promise<void>[] = [];
    let last = this.answers.write([{ upload }]);
    const add = async (block: readonly UploadLine[]) => {
      if (block.length === 0) return;
      const results = this.#session.accept(block);
      accepting.add(results);
      const before = last;
      last = (async () => {
        await before;
        await this.#answer(await results);
        accepting.delete(results);
      })();
      // Met where it is waited for.
      last.catch(() => {});
      results.catch(() => {});
      answering.push(last);
      if (answering.length >= MOST_BLOCKS) await answering.shift();
    };
    try {
      await add(first);
      for await (const block of blocks) await add(block);
      await last;
      return undefined;
    } catch (error) {
      this.#session.stop();
      // What was accepted meanwhile is told where it can be.
      await Promise.allSettled(accepting);
      await last.catch(() => {});
      return error;
    }
  }

  async #answer(results: readonly LineResult[]): Promise<void> {
    const { lines } = this.#context.uploads.metrics;
    for (const result of results) {
      const what = result.status === "rejected" ? "rejected" : result.repeated === true ? "repeated" : "accepted";
      this.#counts.lines++;
      this.#counts[what]++;
      lines[what].add();
    }
    this.#lastLine = results.at(-1)!.line;
    await this.answers.write(this.#wanted === "all" ? results : results.filter(({ status }) => status === "rejected"));
  }

  /** The last line of the answer. */
  async finish(fault: unknown): Promise<void> {
    if (fault instanceof AnswersUnreadError) return;
    const isComplete = fault === undefined;
    const resume = isComplete || this.#lastLine === 0 ? {} : { resumeFrom: this.#lastLine };
    const summary = { ...this.#counts, complete: isComplete, ...resume };
    await this.answers.end([isComplete ? { summary } : { problem: this.#problemOf(fault), summary }]);
  }

  #problemOf(fault: unknown): object {
    if (fault instanceof ProblemError) return fault.problem;
    if (fault instanceof UploadBrokenError) return problem(BROKEN[fault.why]);
    this.#context.log.every("upload-failed", 1_000).error({ err: fault }, "an upload failed");
    return problem({
      status: 500,
      code: "INTERNAL",
      title: "The service failed",
      detail: "the cause is in the service's log",
    });
  }
}

const TAKE_UP = "take the upload up again under the same Idempotency-Key; no line is sent twice";

/** The last lines of answers that have no further ones. */
const BROKEN = {
  unavailable: {
    status: 503,
    code: "UNAVAILABLE",
    title: "Messages cannot be accepted at the moment",
    detail: TAKE_UP,
  },
  unknown: {
    status: 503,
    code: "ACCEPTANCE_UNKNOWN",
    title: "It is not known whether this was accepted",
    detail: `lines without an answer may have been accepted; ${TAKE_UP}`,
  },
  stopped: {
    status: 503,
    code: "UPLOAD_STOPPED",
    title: "The upload was stopped",
    detail: `this instance stops, or another request has taken the upload up; ${TAKE_UP}`,
  },
} as const;

function notBegun(begun: Exclude<BeginOutcome, { readonly outcome: "begun" }>): ProblemError {
  switch (begun.outcome) {
    case "no-room":
      return busy();
    case "too-many":
      return new ProblemError(
        {
          status: 429,
          code: "TOO_MANY_REQUESTS",
          title: "Too many requests",
          detail: "the account has too many uploads under way here; wait for one of them",
        },
        { headers: { "retry-after": "10" } },
      );
    case "running":
      return new ProblemError(
        {
          status: 409,
          code: "UPLOAD_RUNNING",
          title: "The upload is under way",
          detail:
            "another request is at work on it, or has died at it a moment ago; repeat this one after the time in Retry-After",
        },
        { headers: { "retry-after": String(begun.waitSeconds) } },
      );
  }
}

const TYPE = /^\s*(application\/(?:x-)?ndjson|application\/jsonl|text\/csv)\s*(?:;\s*(.*))?$/i;
const CHARSET = /charset\s*=\s*"?([^";\s]+)/i;
const UTF8 = /^utf-?8$/i;

/** @throws ProblemError 415; 400 for parameters that the type does not have */
function readerOf(header: string | undefined, query: UploadQuery): LineReader {
  const [, type = "", parameters = ""] = TYPE.exec(header ?? "") ?? [];
  const charset = CHARSET.exec(parameters)?.[1];
  if (type === "" || (charset !== undefined && !UTF8.test(charset)))
    throw new ProblemError({
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
      title: "The body's type is not supported",
      detail: "send Content-Type: text/csv or application/x-ndjson, in UTF-8",
    });
  if (type.toLowerCase() === "text/csv") return new CsvLines(query);
  if (query.map.size > 0 || query.set.size > 0 || query.delimiter !== undefined)
    throw invalidQuery({ field: "map", code: "field-unknown", message: "map, set and delimiter are for text/csv" });
  return new NdjsonLines(query.from);
}
