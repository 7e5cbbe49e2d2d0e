import type { Request } from "express";
import type { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import type { Person } from "./access/roles.ts";
import type { Question } from "./http/console-app.ts";
import type { CachedAnswers } from "./read/cached-answers.ts";
import { deadLetters } from "./read/dead-letters.ts";
import { SPANS } from "./read/figures.ts";
import { filterFields, readLetterFilter, readPlace } from "./read/letter-filter.ts";
import { type LettersInLog, needsRecords } from "./read/letters-in-log.ts";
import { spanOf } from "./read/query-fields.ts";

export interface LetterQuestionParts {
  readonly clickhouse: Pick<ClickhouseReader, "lookUp">;
  readonly answers: CachedAnswers;
  readonly letters: Pick<LettersInLog, "find" | "show">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** What ClickHouse has is kept for so long, ms; a look through the topic, longer. */
const ROWS_MAX_AGE_MS = 10_000;
const LOG_MAX_AGE_MS = 30_000;

/** Dead letters as the page lists and shows them. */
export function letterQuestions({ clickhouse, answers, letters, now }: LetterQuestionParts): Question[] {
  const list = (_: Person, { query }: Request) => {
    const { span: written, ...fields } = query;
    const span = spanOf({ span: written });
    const filter = () => readLetterFilter({ from: now() - SPANS[span].minutes * 60_000, ...filterFields(fields) });
    const { from: _from, ...same } = filter();
    const key = `dead letters ${span} ${JSON.stringify([same, fields.from ?? ""])}`;
    if (needsRecords(same)) return answers.of(key, LOG_MAX_AGE_MS, () => letters.find(filter()));
    return answers.of(key, ROWS_MAX_AGE_MS, () => deadLetters(clickhouse, filter()));
  };
  return [
    { method: "get", path: "/api/dead-letters", role: "viewer", answer: list },
    {
      method: "get",
      path: "/api/dead-letters/letter",
      role: "viewer",
      answer: ({ role }, { query }) => letters.show(readPlace(query.letter), role),
    },
  ];
}
