import type { Person, Role } from "../access/roles.ts";
import type { Question } from "../http/console-app.ts";
import { readLetterFilter } from "../read/letter-filter.ts";
import { type CatalogChange, isUse } from "./catalog-change.ts";
import type { CatalogDesk } from "./catalog-desk.ts";
import { type Body, bodyOf, invalid, noteOf, textField, wholeNumber } from "./fields.ts";
import { MAX_LETTERS, MAX_RATE, type ReplayAsked, type ReplayDesk } from "./replay-desk.ts";

/** As ids of the catalog are. */
const ID = /^[a-z0-9-]{1,64}$/;
const VERSIONS = { min: 0, max: 1_000_000_000 };

/** What people may do from the page. Each is planned first, and carried out against what the plan showed. */
export function actionQuestions(desk: CatalogDesk, replays: ReplayDesk): Question[] {
  return [
    ...catalogAction("/api/providers/use", "operator", desk, (body) => {
      const provider = textField(body, "provider", ID);
      if (!isUse(body.use)) throw invalid("use", "normal, drain or none is needed");
      return { kind: "use", provider, use: body.use };
    }),
    ...catalogAction("/api/catalog/rollback", "admin", desk, (body) => ({
      kind: "rollback",
      restores: wholeNumber(body, "restores", { ...VERSIONS, min: 1 }),
    })),
    ...replayActions(replays),
  ];
}

/** `path/plan` says what would change; `path` does it, and names the version that the plan was for. */
function catalogAction(path: string, role: Role, desk: CatalogDesk, read: (body: Body) => CatalogChange): Question[] {
  return [
    post(`${path}/plan`, role, (person, body) => desk.plan(read(body), person)),
    post(path, role, (person, body) =>
      desk.carryOut(read(body), wholeNumber(body, "version", VERSIONS), noteOf(body), person),
    ),
  ];
}

function replayActions(replays: ReplayDesk): Question[] {
  const path = "/api/dead-letters/replay";
  const role = "operator";
  return [
    { method: "get", path: `${path}/run`, role, answer: () => ({ run: replays.current ?? null }) },
    post(`${path}/plan`, role, (person, body) => ({ run: replays.look(readAsked(body), person) })),
    post(path, role, (person, body) => {
      const rate = wholeNumber(body, "rate", { min: 1, max: MAX_RATE });
      return { run: replays.carryOut(textField(body, "run", /^[\w-]{1,128}$/), rate, person) };
    }),
    post(`${path}/stop`, role, (person) => ({ run: replays.stop(person) ?? null })),
  ];
}

function readAsked(body: Body): ReplayAsked {
  if (body.asNew !== undefined && typeof body.asNew !== "boolean") throw invalid("asNew", "true or false is needed");
  return {
    filter: readLetterFilter(body),
    most: wholeNumber(body, "most", { min: 1, max: MAX_LETTERS }),
    asNew: body.asNew === true,
  };
}

function post(path: string, role: Role, answer: (person: Person, body: Body) => object | Promise<object>): Question {
  return { method: "post", path, role, answer: (person, request) => answer(person, bodyOf(request.body)) };
}
