import type { Request } from "express";
import { formatMoney } from "../../domain/catalog/money.ts";
import { catalogDiff } from "../../pipeline/control/catalog-diff.ts";
import type { LiveCatalog } from "../../pipeline/follow/live-catalog.ts";
import { ProblemError } from "../../platform/http/problem.ts";
import type { Person } from "./access/roles.ts";
import type { Question } from "./http/console-app.ts";
import type { CatalogHistory } from "./live/catalog-history.ts";
import { invalidQuery } from "./read/query-fields.ts";

export interface CatalogQuestionParts {
  readonly catalog: Pick<LiveCatalog, "current">;
  readonly history: Pick<CatalogHistory, "versions">;
}

/** The catalog at work, its last versions, and what differs between two of them. */
export function catalogQuestions({ catalog, history }: CatalogQuestionParts): Question[] {
  const get = (path: string, answer: Question["answer"]): Question => ({ method: "get", path, role: "viewer", answer });
  return [
    get("/api/routes", () => {
      const { catalog: content, version } = catalog.current;
      const routes = content.routes.map(({ id, when, strategy, providers }) => ({ id, when, strategy, providers }));
      return { version, routes, accounts: content.accounts.map(({ id, name }) => ({ id, name })) };
    }),
    get("/api/lookups", () => ({ lookups: lookups(catalog.current) })),
    get("/api/history", () => ({ working: catalog.current.version, versions: versions(history) })),
    get("/api/history/diff", (_: Person, { query }: Request) => {
      const [from, to] = [versionOf(history, "from", query.from), versionOf(history, "to", query.to)];
      return { from: from.version, to: to.version, diff: catalogDiff(from.source, to.source) };
    }),
  ];
}

/** Newest first, each with what it changed. */
function versions({ versions: all }: Pick<CatalogHistory, "versions">): object[] {
  return all
    .map(({ version, at, by, note, restored, source }, index) => {
      const before = all[index - 1];
      const diff = before === undefined ? null : catalogDiff(before.source, source);
      return { version, at, by, note, restored, diff };
    })
    .reverse();
}

/** What look-ups of networks may cost. What has been spent routers know alone: `router_lookup_spent_micros_total` has it. */
function lookups({ catalog: { portability } }: LiveCatalog["current"]): object[] {
  return (portability?.lookups ?? []).map(({ id, price, currency, budget }) => ({
    id,
    price: formatMoney(price),
    currency: currency ?? null,
    daily: budget.daily === undefined ? null : formatMoney(budget.daily),
    monthly: budget.monthly === undefined ? null : formatMoney(budget.monthly),
    zone: budget.zone,
  }));
}

function versionOf({ versions: all }: Pick<CatalogHistory, "versions">, name: string, written: unknown) {
  if (typeof written !== "string" || !/^\d{1,9}$/.test(written))
    throw invalidQuery(`${name}: a version's number is needed`);
  const found = all.find(({ version }) => version === Number(written));
  if (found !== undefined) return found;
  const detail = `${name}: version ${written} is not among the ${all.length} that are kept: sluice catalog diff may know it`;
  throw new ProblemError({ status: 404, code: "NO_SUCH_VERSION", title: "There is no such version here", detail });
}
