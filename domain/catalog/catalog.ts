import type { z } from "zod";
import { type Account, accountSchema } from "./account.ts";
import { type CatalogProblem, problemAt } from "./catalog-problem.ts";
import { type Catalog, catalogSchema } from "./catalog-schema.ts";
import { warningsOf } from "./catalog-warnings.ts";
import { crossCheck, crossCheckInSteps } from "./cross-check.ts";
import { explainIssue } from "./explain-issue.ts";
import { type Provider, providerSchema } from "./provider.ts";
import { type Route, routeSchema } from "./route.ts";

export type { CatalogProblem } from "./catalog-problem.ts";
export type { Catalog } from "./catalog-schema.ts";

export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: CatalogProblem[] };

export const parseAccount = (input: unknown): Parsed<Account> => parse(accountSchema, input);
export const parseProvider = (input: unknown): Parsed<Provider> => parse(providerSchema, input);
export const parseRoute = (input: unknown): Parsed<Route> => parse(routeSchema, input);

export type ParsedCatalog =
  /** `warnings`: what may be meant, and looks as if it were not. Found when they are asked for: most who read a catalog do not. */
  { ok: true; value: Catalog; readonly warnings: CatalogProblem[] } | { ok: false; problems: CatalogProblem[] };

/**
 * Reads a catalog from plain data and checks its parts against each other. `partitions` is the
 * installation's partition count; `now`, epoch ms, is for warnings. Gives every problem that can be found; relations are checked once the parts are sound.
 */
export function parseCatalog(input: unknown, partitions: number, now?: number): ParsedCatalog {
  const parsed = parse(catalogSchema, input);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  const problems = crossCheck(value, partitions);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value,
    get warnings() {
      return warningsOf(value, now);
    },
  };
}

/** Routes between two places at which the work can be put off: about a millisecond. */
const ROUTES_A_STEP = 100;

/**
 * As {@link parseCatalog}, for a catalog as plain data that may have thousands of routes. It yields every now and then, so that who has other
 * things to do can do them in between.
 */
export function* catalogInSteps(
  input: Readonly<Record<string, unknown>>,
  partitions: number,
): Generator<void, ParsedCatalog> {
  const routes = yield* routesInSteps(input.routes);
  const rest = routes && parse(catalogSchema, { ...input, routes: [] });
  // What is wrong is told of the whole.
  if (!rest?.ok) return parseCatalog(input, partitions);
  yield;
  const value: Catalog = { ...rest.value, routes: routes! };
  const problems = yield* crossCheckInSteps(value, partitions);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value,
    get warnings() {
      return warningsOf(value);
    },
  };
}

/** Undefined when something is wrong with them. */
function* routesInSteps(input: unknown): Generator<void, Route[] | undefined> {
  if (input === undefined) return [];
  if (!Array.isArray(input)) return undefined;
  const routes: Route[] = [];
  for (const one of input) {
    const parsed = routeSchema.safeParse(one);
    if (!parsed.success) return undefined;
    routes.push(parsed.data);
    if (routes.length % ROUTES_A_STEP === 0) yield;
  }
  return routes;
}

function parse<T>(schema: z.ZodType<T>, input: unknown): Parsed<T> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, value: result.data };
  const problems = result.error.issues.map((issue) => {
    const keys = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
    return problemAt(keys, explainIssue(issue, input));
  });
  return { ok: false, problems };
}
