import type { Request } from "express";
import { catalogDiff } from "../../pipeline/control/catalog-diff.ts";
import { explainQuestion } from "../../pipeline/explain/explain-question.ts";
import type { RoutingView } from "../../pipeline/explain/routing-view.ts";
import type { LiveCatalog } from "../../pipeline/follow/live-catalog.ts";
import type { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { ClickhouseStatus } from "../../pipeline/read-model/clickhouse-status.ts";
import { findMessages, MAX_ID_LENGTH } from "../../pipeline/read-model/find-messages.ts";
import { ProblemError } from "../../platform/http/problem.ts";
import { type Person, shownNumber } from "./access/roles.ts";
import type { AlertsOnPage } from "./alerts/open-alerts.ts";
import type { Question } from "./http/console-app.ts";
import type { CapUsageBoard } from "./live/cap-usage.ts";
import type { CatalogHistory } from "./live/catalog-history.ts";
import type { LiveOverview } from "./live/live-overview.ts";
import { accountTerms } from "./read/account-terms.ts";
import type { CachedAnswers } from "./read/cached-answers.ts";
import { campaigns } from "./read/campaigns.ts";
import { deadLetters } from "./read/dead-letters.ts";
import { type FiguresBy, figuresBy, SPANS, type Span, steps } from "./read/figures.ts";
import { type InboundBox, inboundFor } from "./read/inbound.ts";
import { labels } from "./read/labels.ts";

export interface QuestionParts {
  readonly overview: LiveOverview;
  readonly clickhouse: ClickhouseReader;
  readonly answers: CachedAnswers;
  readonly catalog: LiveCatalog;
  readonly history: CatalogHistory;
  readonly routing: RoutingView;
  readonly alerts: AlertsOnPage;
  readonly usage: Pick<CapUsageBoard, "fullest">;
  readonly inbound: Pick<InboundBox, "newest">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Roll-ups are by the minute, and their sums over hours change slowly, ms. */
const FIGURES_MAX_AGE_MS = 10_000;
/** What reads events is asked less often, ms. */
const EVENTS_MAX_AGE_MS = 30_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LABEL = /^[\w.:-]{1,64}$/;

/** Everything that the page can ask, and who may. */
export function questions(parts: QuestionParts): Question[] {
  const { overview, clickhouse, answers } = parts;
  const figures =
    (by: FiguresBy) =>
    (_: Person, { query }: Request) => {
      const span = spanOf(query);
      return answers.of(`${by} ${span}`, FIGURES_MAX_AGE_MS, () => figuresBy(clickhouse, by, span));
    };
  const get = (path: string, answer: Question["answer"]): Question => ({ method: "get", path, role: "viewer", answer });
  return [
    get("/api/overview", () => overview.show()),
    get("/api/alerts", () => parts.alerts.show()),
    get("/api/providers", figures("provider")),
    get("/api/accounts", figures("account")),
    get("/api/countries", figures("country")),
    get("/api/steps", (_, { query }) => {
      const [span, provider] = [spanOf(query), textOf(query.provider, 64)];
      return answers.of(`steps ${span} ${provider}`, FIGURES_MAX_AGE_MS, () => steps(clickhouse, span, provider));
    }),
    get("/api/campaigns", (_, { query }) => {
      const [span, key] = [spanOf(query), textOf(query.label, 64) || "campaign"];
      if (!LABEL.test(key)) throw invalidQuery("label: letters, digits and _ . : - are allowed, at most 64 of them");
      const ask = () => campaigns(clickhouse, key, SPANS[span].minutes);
      return answers.of(`campaigns ${span} ${key}`, EVENTS_MAX_AGE_MS, ask);
    }),
    get("/api/labels", (_, { query }) => {
      const span = spanOf(query);
      return answers.of(`labels ${span}`, EVENTS_MAX_AGE_MS, () => labels(clickhouse, SPANS[span].minutes));
    }),
    get("/api/account-terms", ({ role }) => accountTerms(parts.catalog.current, parts.usage, parts.now(), role)),
    get("/api/dead-letters", (_, { query }) => {
      const [span, reason] = [spanOf(query), textOf(query.reason, 64)];
      const ask = () => deadLetters(clickhouse, SPANS[span].minutes, reason);
      return answers.of(`dead letters ${span} ${reason}`, FIGURES_MAX_AGE_MS, ask);
    }),
    inboundQuestion(parts),
    ...messageQuestions(parts),
    ...catalogQuestions(parts),
  ];
}

/** What is kept is whole; each role is shown what it may see. */
function inboundQuestion({ inbound, answers, now }: QuestionParts): Question {
  return {
    method: "get",
    path: "/api/inbound",
    role: "viewer",
    answer: async ({ role }, { query }) => {
      const [span, provider, number] = [spanOf(query), textOf(query.provider, 64), textOf(query.number, 64)];
      const filter = () => ({ since: now() - SPANS[span].minutes * 60_000, provider, number });
      const key = `inbound ${JSON.stringify([span, provider, number])}`;
      const found = await answers.of(key, FIGURES_MAX_AGE_MS, () => inbound.newest(filter()));
      return { ...found, value: inboundFor(role, found.value) };
    },
  };
}

function messageQuestions({ clickhouse }: QuestionParts): Question[] {
  const status = new ClickhouseStatus(clickhouse);
  return [
    {
      method: "get",
      path: "/api/messages",
      role: "viewer",
      answer: async ({ role }, { query }) => {
        const found = await findMessages(clickhouse, textOf(query.id, MAX_ID_LENGTH));
        return { messages: found.map((one) => ({ ...one, to: shownNumber(one.to, role) })) };
      },
    },
    {
      method: "get",
      path: "/api/messages/:id",
      role: "viewer",
      answer: async ({ role }, { params, query }) => {
        const id = textOf(params.id, 36);
        if (!UUID.test(id)) throw invalidQuery("id: a message id is a UUID");
        const found = await status.find(textOf(query.account, 64), id, []);
        return { messages: found.map((one) => ({ ...one, to: shownNumber(one.to, role) })) };
      },
    },
  ];
}

function catalogQuestions({ catalog, history, routing }: QuestionParts): Question[] {
  return [
    {
      method: "post",
      path: "/api/explain",
      role: "operator",
      answer: (_, { body }) => {
        const { account, ...question } = (body ?? {}) as Record<string, unknown>;
        const answer = explainQuestion(
          routing,
          typeof account === "string" && account !== "" ? account : undefined,
          question,
        );
        if (answer.ok) return answer.explanation;
        if (answer.kind === "routes-unknown")
          throw new ProblemError({ status: 503, code: "ROUTES_UNKNOWN", title: "The routes are not known here" });
        const detail = answer.problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
        throw new ProblemError({ status: 400, code: "INVALID_MESSAGE", title: "The message is not valid", detail });
      },
    },
    {
      method: "get",
      path: "/api/routes",
      role: "viewer",
      answer: () => {
        const { catalog: content, version } = catalog.current;
        const routes = content.routes.map(({ id, when, strategy, providers }) => ({ id, when, strategy, providers }));
        return { version, routes, accounts: content.accounts.map(({ id, name }) => ({ id, name })) };
      },
    },
    {
      method: "get",
      path: "/api/history",
      role: "viewer",
      answer: () => ({
        working: catalog.current.version,
        versions: history.versions
          .map(({ version, at, by, note, restored, source }, index, all) => {
            const before = all[index - 1];
            return {
              version,
              at,
              by,
              note,
              restored,
              diff: before === undefined ? null : catalogDiff(before.source, source),
            };
          })
          .reverse(),
      }),
    },
  ];
}

function spanOf({ span = "1h" }: Request["query"]): Span {
  if (typeof span === "string" && Object.hasOwn(SPANS, span)) return span as Span;
  throw invalidQuery(`span: one of ${Object.keys(SPANS).join(", ")} is needed`);
}

function textOf(value: unknown, most: number): string {
  return typeof value === "string" ? value.trim().slice(0, most) : "";
}

/** `detail`: the parameter and what is wrong with it. */
function invalidQuery(detail: string): ProblemError {
  return new ProblemError({
    status: 400,
    code: "INVALID_QUERY",
    title: "A query parameter is not valid",
    detail,
  });
}
