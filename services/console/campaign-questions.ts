import type { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { SluiceError } from "../../platform/errors/sluice-error.ts";
import { ProblemError } from "../../platform/http/problem.ts";
import type { Question } from "./http/console-app.ts";
import type { CachedAnswers } from "./read/cached-answers.ts";
import { campaigns } from "./read/campaigns.ts";
import { SPANS, type Span } from "./read/figures.ts";
import { labels } from "./read/labels.ts";
import { invalidQuery, spanOf, textOf } from "./read/query-fields.ts";

export interface CampaignQuestionParts {
  readonly clickhouse: Pick<ClickhouseReader, "lookUp">;
  /** For what reads all messages of a stretch: slower, and few at once. */
  readonly campaignReader: Pick<ClickhouseReader, "lookUp">;
  readonly answers: CachedAnswers;
}

/** What reads messages, and not roll-ups, is asked less often, ms. */
const MAX_AGE_MS = 30_000;
const LABEL = /^[\w.:-]{1,64}$/;

/** Messages by their labels. */
export function campaignQuestions({ clickhouse, campaignReader, answers }: CampaignQuestionParts): Question[] {
  return [
    {
      method: "get",
      path: "/api/campaigns",
      role: "viewer",
      answer: (_, { query }) => {
        const [span, key] = [spanOf(query), textOf(query.label, 64) || "campaign"];
        if (!LABEL.test(key)) throw invalidQuery("label: letters, digits and _ . : - are allowed, at most 64 of them");
        const ask = () => campaigns(campaignReader, key, SPANS[span].minutes);
        return answers.of(`campaigns ${span} ${key}`, MAX_AGE_MS, ask).catch((error: unknown) => {
          throw isTooLarge(error) ? tooLarge(span, error) : error;
        });
      },
    },
    {
      method: "get",
      path: "/api/labels",
      role: "viewer",
      answer: (_, { query }) => {
        const span = spanOf(query);
        return answers.of(`labels ${span}`, MAX_AGE_MS, () => labels(clickhouse, SPANS[span].minutes));
      },
    },
  ];
}

function isTooLarge(error: unknown): boolean {
  return error instanceof SluiceError && error.code === "LOOKUP_TOO_LARGE";
}

function tooLarge(span: Span, cause: unknown): ProblemError {
  const shorter = Object.keys(SPANS).slice(0, Object.keys(SPANS).indexOf(span)).at(-1);
  const detail =
    shorter === undefined
      ? "the last hour alone has more messages than one question may read: sluice's SQL questions (campaign-results) have no such bound"
      : `the last ${span} have more messages than one question may read: choose a shorter time, such as ${shorter}`;
  return new ProblemError(
    { status: 422, code: "TOO_MUCH_FOR_ONE_QUESTION", title: "That is too much for one question", detail },
    { cause },
  );
}
