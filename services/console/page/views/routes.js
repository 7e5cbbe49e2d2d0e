import { asked } from "../asked.js";
import { el, table } from "../elements.js";
import { millis, percent } from "../format.js";
import { ask } from "../server.js";
import { simulatePanel } from "../simulate-panel.js";

/** The catalog's routes as they are, and what would become of a message. */
export function show(container, { person }) {
  const account = el("select", { id: "account" }, el("option", { value: "" }, "no account"));
  const routes = asked(
    () => "/api/routes",
    (body, answer) => renderRoutes(body, answer, account),
  );
  const answer = el("div");
  const mayAsk = person.role !== "viewer";
  container.append(
    el("h1", {}, "Routes"),
    mayAsk
      ? form(account, answer)
      : el("p", { class: "card muted" }, "Explaining a number, and simulating a change, is for operators and admins."),
    answer,
    el("section", { class: "card" }, el("h2", {}, "Routes, in the order in which they are asked"), routes.element),
  );
  const simulate = mayAsk ? simulatePanel() : undefined;
  if (simulate !== undefined) container.append(simulate.element);
  return () => {
    routes.close();
    simulate?.close();
  };
}

function form(account, answer) {
  const to = el("input", {
    id: "to",
    required: true,
    placeholder: "+491713920012",
    maxlength: 40,
    autocomplete: "off",
  });
  const from = el("input", { id: "from", maxlength: 21, autocomplete: "off" });
  const lane = el(
    "select",
    { id: "lane" },
    ["transactional", "otp", "marketing"].map((one) => el("option", {}, one)),
  );
  const submit = async (event) => {
    event.preventDefault();
    const question = {
      to: to.value,
      lane: lane.value,
      account: account.value,
      ...(from.value === "" ? {} : { from: from.value }),
    };
    try {
      renderExplanation(answer, await ask("/api/explain", { body: question }));
    } catch (error) {
      answer.replaceChildren(el("p", { class: "trouble", role: "alert" }, error.message));
    }
  };
  const field = (id, text, input) => el("span", { class: "field" }, el("label", { for: id }, text), input);
  return el(
    "form",
    { class: "card", submit },
    el("h2", {}, "Which provider would a message have, and why?"),
    el(
      "div",
      { class: "fields" },
      field("to", "To", to),
      field("account", "Account", account),
      field("lane", "Lane", lane),
      field("from", "Sender", from),
      el("button", { type: "submit" }, "Explain"),
    ),
  );
}

function renderExplanation(
  place,
  { to, country, network, route, provider, reason, candidates, notes, catalogVersion },
) {
  place.replaceChildren(
    el(
      "section",
      { class: "card" },
      // The line is read out; what stands below is for who wants to know.
      el(
        "div",
        { role: "status" },
        el("h2", {}, provider === null ? `No provider: ${reason}` : `${provider}: ${reason}`),
      ),
      el(
        "p",
        { class: "muted" },
        `${to} · ${country}${network === null ? "" : ` · ${network.name || network.mccMnc} (${network.source})`} · ${route === null ? "no route holds" : `route ${route.id}, ${route.strategy}`} · catalog ${catalogVersion === 0 ? "of the files" : `version ${catalogVersion}`}`,
      ),
      table(
        "Candidates",
        [
          { title: "Provider", of: (row) => row.provider },
          { title: "Verdict", of: ({ verdict }) => verdict },
          {
            title: "Price",
            number: true,
            of: ({ price, currency }) => (price === null ? "–" : `${price} ${currency}`),
          },
          { title: "Score", number: true, of: ({ score }) => (score === null ? "–" : score.toPrecision(4)) },
          {
            title: "Circuit",
            of: ({ health }) =>
              health === null
                ? "not heard of"
                : `${health.circuit}${health.reason === null ? "" : `: ${health.reason}`}`,
          },
          {
            title: "Delivers",
            number: true,
            of: ({ delivery }) => (delivery === null ? "–" : percent(delivery.probability)),
          },
          { title: "95 of 100 within", number: true, of: ({ delivery }) => millis(delivery?.p95Ms) },
        ],
        candidates,
      ),
      notes.length === 0
        ? null
        : el(
            "ul",
            {},
            notes.map((note) => el("li", {}, note)),
          ),
    ),
  );
}

function renderRoutes(body, { routes, accounts }, account) {
  account.replaceChildren(
    el("option", { value: "" }, "no account"),
    ...accounts.map(({ id, name }) => el("option", { value: id }, `${id} (${name})`)),
  );
  const conditions = (when) =>
    Object.entries(when)
      .map(
        ([name, value]) =>
          `${name}: ${Array.isArray(value) ? value.map((one) => (typeof one === "object" ? JSON.stringify(one) : one)).join(", ") : JSON.stringify(value)}`,
      )
      .join("; ");
  const weight = (one) => (one.weight === undefined || one.weight === 1 ? "" : ` ×${one.weight}`);
  body.replaceChildren(
    table(
      "Routes",
      [
        { title: "Route", of: ({ id }) => id },
        { title: "Holds when", of: ({ when }) => conditions(when) || "always" },
        { title: "Strategy", of: ({ strategy }) => strategy },
        { title: "Providers", of: ({ providers }) => providers.map((one) => `${one.id}${weight(one)}`).join(", ") },
      ],
      routes,
    ),
  );
}
