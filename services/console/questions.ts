import type { Request } from "express";
import { explainQuestion } from "../../pipeline/explain/explain-question.ts";
import type { RoutingView } from "../../pipeline/explain/routing-view.ts";
import type { LiveCatalog } from "../../pipeline/follow/live-catalog.ts";
import type { SuspicionBoard } from "../../pipeline/follow/suspicion-board.ts";
import type { ClickhouseReader } from "../../pipeline/read-model/clickhouse-reader.ts";
import { ClickhouseStatus } from "../../pipeline/read-model/clickhouse-status.ts";
import { type FoundMessage, findMessages, MAX_ID_LENGTH } from "../../pipeline/read-model/find-messages.ts";
import type { HistoryEntry, MessageStatusAnswer } from "../../pipeline/read-model/message-status.ts";
import { ProblemError } from "../../platform/http/problem.ts";
import { isSubscriber, mayAs, type Person, type Role, shownAddress, shownNumber } from "./access/roles.ts";
import type { AlertsOnPage } from "./alerts/open-alerts.ts";
import { campaignQuestions } from "./campaign-questions.ts";
import { catalogQuestions } from "./catalog-questions.ts";
import type { Question } from "./http/console-app.ts";
import { letterQuestions } from "./letter-questions.ts";
import type { CatalogHistory } from "./live/catalog-history.ts";
import type { LiveOverview } from "./live/live-overview.ts";
import { accountTerms, type Used } from "./read/account-terms.ts";
import type { CachedAnswers } from "./read/cached-answers.ts";
import type { ConsentDesk } from "./read/consent.ts";
import { type FiguresBy, figuresBy, SPANS, steps } from "./read/figures.ts";
import { type InboundBox, inboundFor } from "./read/inbound.ts";
import type { LettersInLog } from "./read/letters-in-log.ts";
import { invalidQuery, spanOf, textOf } from "./read/query-fields.ts";
import { scheduled } from "./read/scheduled.ts";
import { shownSuspicions } from "./read/suspicions.ts";

export interface QuestionParts {
  readonly overview: LiveOverview;
  readonly clickhouse: ClickhouseReader;
  /** For what reads all messages of a stretch: slower, and few at once. */
  readonly campaignReader: Pick<ClickhouseReader, "lookUp">;
  readonly answers: CachedAnswers;
  readonly catalog: LiveCatalog;
  readonly history: CatalogHistory;
  readonly routing: RoutingView;
  readonly alerts: AlertsOnPage;
  readonly used: Used;
  readonly inbound: Pick<InboundBox, "newest">;
  readonly consent: Pick<ConsentDesk, "of">;
  readonly letters: Pick<LettersInLog, "find" | "show">;
  readonly suspicions: Pick<SuspicionBoard, "all">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** Roll-ups are by the minute, and their sums over hours change slowly, ms. */
const FIGURES_MAX_AGE_MS = 10_000;
const SCHEDULED_MAX_AGE_MS = 60_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

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
    get("/api/account-terms", ({ role }) => accountTerms(parts.catalog.current, parts.used, parts.now(), role)),
    get("/api/abnormal", ({ role }) => shownSuspicions(parts.suspicions.all, role, parts.now())),
    ...campaignQuestions(parts),
    ...letterQuestions(parts),
    scheduledQuestion(parts),
    inboundQuestion(parts),
    consentQuestion(parts),
    ...messageQuestions(parts),
    explainQuestionOf(parts),
    ...catalogQuestions(parts),
  ];
}

/** What reads events, and not roll-ups, is asked less often. */
function scheduledQuestion({ campaignReader, answers }: QuestionParts): Question {
  return {
    method: "get",
    path: "/api/scheduled",
    role: "viewer",
    answer: () => answers.of("scheduled", SCHEDULED_MAX_AGE_MS, () => scheduled(campaignReader)),
  };
}

/** What is kept is whole; each role is shown what it may see. */
function inboundQuestion({ inbound, answers, now }: QuestionParts): Question {
  return {
    method: "get",
    path: "/api/inbound",
    role: "viewer",
    answer: async ({ role }, { query }) => {
      const [span, provider, number] = [spanOf(query), textOf(query.provider, 64), textOf(query.number, 64)];
      // Whoever may not see a number may not try one either.
      if (isSubscriber(number) && !mayAs(role, "operator")) throw numberRefused();
      const filter = () => ({ since: now() - SPANS[span].minutes * 60_000, provider, number });
      const key = `inbound ${JSON.stringify([span, provider, number])}`;
      const found = await answers.of(key, FIGURES_MAX_AGE_MS, () => inbound.newest(filter()));
      return { ...found, value: inboundFor(role, found.value) };
    },
  };
}

/** Posted, so that numbers stand in no address. */
function consentQuestion({ consent }: QuestionParts): Question {
  return { method: "post", path: "/api/consent", role: "operator", answer: (_, { body }) => consent.of(body?.number) };
}

function numberRefused(): ProblemError {
  const detail =
    "number: looking for a person's number is for operators and admins; short codes and names may be looked for";
  return new ProblemError({ status: 403, code: "ROLE_NEEDED", title: "Your role may not do this", detail });
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
        const sender = (one: FoundMessage) => shownAddress(one.sender, role);
        return { messages: found.map((one) => ({ ...one, to: shownNumber(one.to, role), sender: sender(one) })) };
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
        const history = (one: MessageStatusAnswer) => one.history.map((entry) => shownEntry(entry, role));
        return { messages: found.map((one) => ({ ...one, to: shownNumber(one.to, role), history: history(one) })) };
      },
    },
  ];
}

/** The sender that goes out may be somebody's number, and what rules had to do with it names it once more. */
function shownEntry(entry: HistoryEntry, role: Role): HistoryEntry {
  const { sentAs, rules } = entry;
  if (sentAs === undefined) return entry;
  const shown = shownAddress(sentAs, role);
  return { ...entry, sentAs: shown, ...(rules === undefined ? {} : { rules: rules.replaceAll(sentAs, () => shown) }) };
}

function explainQuestionOf({ routing }: QuestionParts): Question {
  return {
    method: "post",
    path: "/api/explain",
    role: "operator",
    answer: (_, { body }) => {
      const { account, ...question } = (body ?? {}) as Record<string, unknown>;
      const named = typeof account === "string" && account !== "" ? account : undefined;
      const answer = explainQuestion(routing, named, question);
      if (answer.ok) return answer.explanation;
      if (answer.kind === "routes-unknown")
        throw new ProblemError({ status: 503, code: "ROUTES_UNKNOWN", title: "The routes are not known here" });
      const detail = answer.problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
      throw new ProblemError({ status: 400, code: "INVALID_MESSAGE", title: "The message is not valid", detail });
    },
  };
}
