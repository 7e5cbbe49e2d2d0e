import type { Role } from "../access/roles.ts";
import type { Question } from "../http/console-app.ts";
import { isUse } from "./catalog-change.ts";
import { type Body, bodyOf, invalid, textField, wholeNumber } from "./fields.ts";
import type { SimulatedChange } from "./simulated-catalogs.ts";
import type { SimulationDesk } from "./simulation-desk.ts";

const PATH = "/api/simulation";
/** It reads much and names no recipient; who may look into routing may ask it. */
const ROLE: Role = "operator";
const ID = /^[a-z0-9-]{1,64}$/;
/** Characters of routes; a body may have 64 KiB. */
const LONGEST_ROUTES = 50_000;
/** Minutes back from now. */
const SPAN = { min: 1, max: 1_440 };

/** What may be asked of simulations: what to start from, to begin one, how far it is, and to stop it. */
export function simulationQuestions(desk: SimulationDesk): Question[] {
  const post = (path: string, answer: Question["answer"]): Question => ({ method: "post", path, role: ROLE, answer });
  return [
    { method: "get", path: `${PATH}/base`, role: ROLE, answer: () => desk.base() },
    { method: "get", path: `${PATH}/run`, role: ROLE, answer: () => ({ run: desk.current ?? null }) },
    post(PATH, async (person, request) => {
      const body = bodyOf(request.body);
      const minutes = wholeNumber(body, "minutes", SPAN);
      return { run: await desk.begin(readChange(body), minutes * 60_000, person) };
    }),
    post(`${PATH}/stop`, (person) => ({ run: desk.stop(person) ?? null })),
  ];
}

function readChange(body: Body): SimulatedChange {
  const { change, routes, use } = body;
  if (change === "routes") {
    if (typeof routes !== "string" || routes.trim() === "") throw invalid("routes", "the routes are needed, as YAML");
    if (routes.length > LONGEST_ROUTES)
      throw invalid("routes", `more than ${LONGEST_ROUTES} characters: use sluice simulate`);
    return { kind: "routes", text: routes };
  }
  if (change === "use") {
    if (!isUse(use)) throw invalid("use", "normal, drain or none is needed");
    return { kind: "use", provider: textField(body, "provider", ID), use };
  }
  if (change === "version")
    return { kind: "rollback", restores: wholeNumber(body, "restores", { min: 1, max: 1_000_000_000 }) };
  throw invalid("change", "routes, use or version is needed");
}
